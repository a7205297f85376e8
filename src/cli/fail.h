/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a struct masu_error on behalf of the program: the library fills its own. Prints nothing. */
#pragma once

#include "masu/masu.h"

/* Replaces *err; returns -code. */
int fail_set(struct masu_error *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As fail_set with strerror(code) behind the text. */
int fail_sys(struct masu_error *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A mistake on the command line: -EINVAL and a hint where to read more. */
int fail_usage(struct masu_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The command whose help the hint of fail_usage names from now on; NULL for that of the program. */
void fail_topic(const char *command);
