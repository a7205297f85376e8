/* SPDX-License-Identifier: Apache-2.0 */
/* Growable bytes, overflow-checked, always NUL-terminated (the NUL is not counted). Host side only: uses the heap.
 * Errors are sticky: after -ENOMEM every call returns it and buf_finish reports it. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len, cap;
	int error; /* 0 or -ENOMEM */
};

int buf_add(struct buf *b, const void *p, size_t n);
int buf_adds(struct buf *b, const char *s);
/* For people: control characters and backslashes as \ooo, so that a value stays on its line and cannot talk to a terminal. */
int buf_add_visible(struct buf *b, const char *s);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_pad(struct buf *b, size_t align); /* zero bytes up to the alignment */
void buf_done(struct buf *b);
