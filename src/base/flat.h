/* SPDX-License-Identifier: Apache-2.0 */
/* The flat format: one buffer, offsets instead of pointers, every access checked. The host side builds it, masu-init
 * reads it; both treat it as data only. Records are plain structs of fixed-width members, 8-byte aligned.
 * Offset 0 is the header, so a zero reference means "absent". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct flat_str { /* bytes [off, off+len), followed by a NUL; may hold no other NUL */
	uint32_t off, len;
};
struct flat_arr { /* count records of a size that both sides know */
	uint32_t off, count;
};
struct flat_bytes { /* opaque bytes, 8-byte aligned */
	uint32_t off, len;
};
struct flat { /* a checked view; does not own */
	const char *base;
	size_t len;
};

/* NULL when absent or out of bounds or not terminated. */
const char *flat_str(const struct flat *f, struct flat_str s);
/* NULL when out of bounds or misaligned (or absent with count 0). */
const void *flat_arr(const struct flat *f, struct flat_arr a, size_t elem_size);
const void *flat_bytes(const struct flat *f, struct flat_bytes b);
static inline bool flat_has(struct flat_str s)
{
	return s.off != 0;
}

/* Builder, host side. Errors are sticky in b->error. Each returns a zero reference on error or for a NULL string. */
struct flat_str flat_add_str(struct buf *b, const char *s);
struct flat_bytes flat_add_bytes(struct buf *b, const void *p, size_t len);
struct flat_arr flat_add_arr(struct buf *b, const void *elems, size_t n, size_t elem_size);
/* Array of struct flat_str. */
struct flat_arr flat_add_strv(struct buf *b, const char *const *v, size_t n);
