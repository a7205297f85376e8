/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a listing of ps(1) that belong to given processes. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "masu/masu.h"

/* Adds the heading of text and the lines whose word in the column PID is one of the sorted pids. Text is changed.
 * -EINVAL with err filled when there is no such column, or no number in it. */
int ps_table_filter(char *text, const pid_t *pids, size_t n, struct buf *out, struct masu_error *err);
