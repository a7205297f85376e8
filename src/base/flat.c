/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the flat format: every reference is checked against the buffer before a pointer is given out.
 * The builder lives in flat_build.c, since it needs a heap. */
#include "base/flat.h"

#include <string.h>

#define FLAT_ALIGN 8

/* [off, off + len) lies inside and off is not the header. */
static bool flat_inside(const struct flat *f, uint32_t off, size_t len)
{
	return f->base && off && off <= f->len && len <= f->len - off;
}

static const void *flat_aligned(const struct flat *f, uint32_t off)
{
	const char *p = f->base + off;

	return (uintptr_t)p % FLAT_ALIGN || off % FLAT_ALIGN ? NULL : p;
}

const char *flat_str(const struct flat *f, struct flat_str s)
{
	const char *p;

	if (!flat_inside(f, s.off, (size_t)s.len + 1))
		return NULL;
	p = f->base + s.off;
	/* a NUL inside would mean one thing to the checker and another to the kernel */
	return p[s.len] == '\0' && !memchr(p, '\0', s.len) ? p : NULL;
}

const void *flat_arr(const struct flat *f, struct flat_arr a, size_t elem_size)
{
	size_t len;

	if (!a.count || !elem_size || __builtin_mul_overflow((size_t)a.count, elem_size, &len))
		return NULL;
	return flat_inside(f, a.off, len) ? flat_aligned(f, a.off) : NULL;
}

const void *flat_bytes(const struct flat *f, struct flat_bytes b)
{
	return flat_inside(f, b.off, b.len) ? flat_aligned(f, b.off) : NULL;
}
