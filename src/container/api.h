/* SPDX-License-Identifier: Apache-2.0 */
/* The border to include/masu: how an inner error becomes a public one. */
#pragma once

#include "base/err.h"
#include "masu/masu.h"

/* Copies *err to *error (may be NULL) and returns r. */
int api_return(int r, const struct err *err, struct masu_error *error);
