/* SPDX-License-Identifier: Apache-2.0 */
/* One error: a code, a text, and where it happened. Caller-owned, fixed size, no allocation, so that it works
 * in a cloned child and after ENOMEM. A NULL struct err * means best effort: only the code is returned.
 * Text grammar: verb `object`: reason; lower case, no "failed to", no full stop. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct err {
	int code;          /* positive errno, 0 = none */
	char step[64];     /* name of the story step, set by the story runner */
	char pointer[192]; /* JSON pointer into config.json, e.g. /linux/resources/pids/limit */
	char hint[256];    /* one line of advice without the leading "hint: " */
	char text[1024];
};

/* Fills *e (text is replaced) and returns -code. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As err_set with errno; appends ": <strerror(errno)>"; returns -errno. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* As err_sys for a code that is at hand as a negative errno r; returns r. */
int err_code(struct err *e, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Prefixes the present text with "<fmt>: "; returns r unchanged. Does nothing if *e is empty except set code and text. */
int err_wrap(struct err *e, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* First one wins: the innermost cause knows best. */
void err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_pointer(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_clear(struct err *e);
/* The one line for people: "<step>: <pointer>: <text>" with the parts that are set. Always NUL-terminated. */
void err_format(const struct err *e, char *out, size_t len);
