/* SPDX-License-Identifier: Apache-2.0 */
/* Building the flat format on the host side. The caller puts its header first; what is added here goes behind it. */
#include <errno.h>
#include <string.h>

#include "base/flat.h"
#include "base/mutation.h"

#define FLAT_ALIGN 8

/* Appends len bytes at the alignment; 0 (no offset of anything but the header) on error, which stays in b. */
static uint32_t flat_append(struct buf *b, const void *p, size_t len, size_t align)
{
	size_t off, end;

	if (!b->error && !b->len)
		b->error = -EINVAL; /* there is no header: offset 0 would read as absent */
	if (buf_pad(b, align) < 0)
		return 0;
	off = b->len;
	if (__builtin_add_overflow(off, len, &end) || end >= UINT32_MAX) {
		b->error = -EFBIG;
		return 0;
	}
	return buf_add(b, p, len) < 0 ? 0 : (uint32_t)off;
}

struct flat_str flat_add_str(struct buf *b, const char *s)
{
	struct flat_str r = { 0, 0 };
	size_t len;

	if (!s)
		return r;
	len = strlen(s);
	if (MUTATION(A14))
		len &= 0xffff;
	r.off = flat_append(b, s, len + 1, 1);
	if (MUTATION(A14) && r.off)
		b->data[r.off + len] = 0;
	r.len = r.off ? (uint32_t)len : 0;
	return r;
}

struct flat_bytes flat_add_bytes(struct buf *b, const void *p, size_t len)
{
	struct flat_bytes r = { 0, 0 };

	if (!p)
		return r;
	r.off = flat_append(b, p, len, FLAT_ALIGN);
	r.len = r.off ? (uint32_t)len : 0;
	return r;
}

struct flat_arr flat_add_arr(struct buf *b, const void *elems, size_t n, size_t elem_size)
{
	struct flat_arr r = { 0, 0 };
	size_t len;

	if (!n)
		return r;
	if (__builtin_mul_overflow(n, elem_size, &len) || n > UINT32_MAX) {
		b->error = b->error ? b->error : -EFBIG;
		return r;
	}
	r.off = flat_append(b, elems, len, FLAT_ALIGN);
	r.count = r.off ? (uint32_t)n : 0;
	return r;
}

struct flat_arr flat_add_strv(struct buf *b, const char *const *v, size_t n)
{
	static const struct flat_str absent;
	struct flat_arr none = { 0, 0 }, r = none;

	/* The array first, as room to be filled: the strings follow it. */
	for (size_t i = 0; i < n; i++) {
		uint32_t off = flat_append(b, &absent, sizeof(absent), i ? 1 : FLAT_ALIGN);

		r.off = i ? r.off : off;
		if (!off)
			return none;
	}
	r.count = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		struct flat_str s = flat_add_str(b, v[i]);

		if (b->error)
			return none;
		memcpy(b->data + r.off + i * sizeof(s), &s, sizeof(s));
	}
	return r;
}
