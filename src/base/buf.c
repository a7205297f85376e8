/* SPDX-License-Identifier: Apache-2.0 */
/* Growable bytes on the heap, host side only. */
#include "base/buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_MIN 256

/* Room for n more bytes and the NUL. */
static int buf_reserve(struct buf *b, size_t n)
{
	size_t need, cap;
	char *p;

	if (b->error)
		return b->error;
	if (__builtin_add_overflow(b->len, n, &need) || need >= PTRDIFF_MAX / 2)
		return b->error = -ENOMEM;
	need++;
	if (need <= b->cap)
		return 0;
	cap = b->cap < BUF_MIN ? BUF_MIN : b->cap;
	while (cap < need)
		cap *= 2;
	p = realloc(b->data, cap);
	if (!p)
		return b->error = -ENOMEM;
	b->data = p;
	b->cap = cap;
	return 0;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
	int r = buf_reserve(b, n);

	if (r < 0)
		return r;
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_add_visible(struct buf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < ' ' || c == '\\' || c == 0x7f)
			buf_addf(b, "\\%03o", c);
		else
			buf_add(b, s, 1);
	}
	return b->error;
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n, r;

	if (b->error)
		return b->error;
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return b->error = -ENOMEM;
	r = buf_reserve(b, (size_t)n);
	if (r < 0)
		return r;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}

int buf_pad(struct buf *b, size_t align)
{
	size_t rest = align ? b->len % align : 0;
	int r = buf_reserve(b, rest ? align - rest : 0);

	if (r < 0)
		return r;
	if (rest)
		memset(b->data + b->len, 0, align - rest);
	b->len += rest ? align - rest : 0;
	b->data[b->len] = '\0';
	return 0;
}

void buf_done(struct buf *b)
{
	int saved = errno;

	free(b->data);
	memset(b, 0, sizeof(*b));
	errno = saved;
}
