/* SPDX-License-Identifier: Apache-2.0 */
/* The border to include/masu: how an inner error becomes a public one, and how options of another version become ours. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "masu/masu.h"

/* The caller's options in the form that is known here: copies what o->size says and zeroes the rest. NULL: all zero. -EINVAL without a
 * size, -E2BIG when members are set that only a later version knows. size is that of copy. */
int api_options(void *copy, size_t size, const void *o, struct err *err);
/* -EINVAL when given has bits that are not in known. */
int api_flags(unsigned given, unsigned known, struct err *err);
/* Copies *err to *error (may be NULL) and returns r. */
int api_return(int r, const struct err *err, struct masu_error *error);
