/* SPDX-License-Identifier: Apache-2.0 */
/* A bump allocator: one document (or one process life), one free. Memory is zeroed and 16-byte aligned.
 * Backed by anonymous mmap chunks, so that masu-init can use it without a heap. */
#pragma once

#include <stddef.h>

struct arena_chunk;
struct arena {
	struct arena_chunk *head;
	size_t total; /* bytes mapped so far */
};

/* NULL on ENOMEM or overflow. */
void *arena_alloc(struct arena *a, size_t n, size_t size);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_done(struct arena *a); /* idempotent */

#define arena_new(a, type, n) ((type *)arena_alloc((a), (n), sizeof(type)))
