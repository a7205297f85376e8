/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation out of anonymous mmap chunks: zeroed by the kernel, freed all at once.
 * No heap, no realloc, no free of single objects. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_ALIGN 16
#define ARENA_CHUNK_MIN ((size_t)64 * 1024)
#define ARENA_CHUNK_MAX ((size_t)1024 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used; /* both count this header */
};

#define ARENA_HEADER ((sizeof(struct arena_chunk) + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1))

static struct arena_chunk *arena_map(struct arena *a, size_t need)
{
	/* chunks grow with the arena, so that their number stays small; untouched pages cost nothing */
	size_t size = a->total < ARENA_CHUNK_MIN ? ARENA_CHUNK_MIN : a->total;
	struct arena_chunk *c;

	if (size > ARENA_CHUNK_MAX)
		size = ARENA_CHUNK_MAX;
	if (need > size)
		size = (need + 4095) & ~(size_t)4095;
	c = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		return NULL;
	c->size = size;
	c->used = ARENA_HEADER;
	a->total += size;
	return c;
}

/* A chunk with room for bytes. The one with more room left stays at the head. */
static struct arena_chunk *arena_grow(struct arena *a, size_t bytes)
{
	struct arena_chunk *c = arena_map(a, ARENA_HEADER + bytes);

	if (!c)
		return NULL;
	if (a->head && c->size - c->used - bytes < a->head->size - a->head->used) {
		c->next = a->head->next;
		a->head->next = c;
	} else {
		c->next = a->head;
		a->head = c;
	}
	return c;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	struct arena_chunk *c = a->head;
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > PTRDIFF_MAX / 2)
		return NULL;
	if (!bytes)
		bytes = 1; /* distinct, never NULL */
	bytes = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!c || bytes > c->size - c->used)
		c = arena_grow(a, bytes);
	if (!c)
		return NULL;
	p = (char *)c + c->used;
	c->used += bytes;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p;

	len = strnlen(s, len);
	p = arena_alloc(a, len + 1, 1);
	if (p)
		memcpy(p, s, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	p = arena_alloc(a, (size_t)n + 1, 1);
	if (!p)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void arena_done(struct arena *a)
{
	struct arena_chunk *next;

	for (struct arena_chunk *c = a->head; c; c = next) {
		next = c->next;
		munmap(c, c->size);
	}
	a->head = NULL;
	a->total = 0;
}
