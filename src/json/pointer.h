/* SPDX-License-Identifier: Apache-2.0 */
/* JSON pointers (RFC 6901) for error texts: a chain of places on the caller's stack, turned into text only when
 * something is wrong. Control bytes of a key are shown as '?', so that a document cannot forge log lines. */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct jp {
	const struct jp *up; /* NULL: this is the document itself */
	const char *key;     /* NULL: element index of an array */
	size_t index;
};

#define JP_MAX 192

/* Appends "/key" or "/index" to the NUL-terminated out; what does not fit is cut. */
void jp_add_key(char out[static JP_MAX], const char *key, size_t len);
void jp_add_index(char out[static JP_MAX], size_t index);
/* The whole chain; "" for the document. */
void jp_format(const struct jp *at, char out[static JP_MAX]);

/* Fills *err with "<name>: <pointer>: <text>" and the pointer; returns -EINVAL. */
int jp_fail(const char *name, const char *pointer, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
