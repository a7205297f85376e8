/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of spec/schema as tables: what the decoder, the encoder and the tests walk. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/model.h"

enum spec_kind {
	SPEC_KEY, /* not a property: where the key of a map entry goes */
	SPEC_STR,
	SPEC_BOOL,
	SPEC_I64,
	SPEC_U64,
	SPEC_ENUM,
	SPEC_STRS,
	SPEC_ENUMS,
	SPEC_U64S,
	SPEC_OBJ,
	SPEC_LIST,
	SPEC_MAP,
	SPEC_OMAP,
};

enum spec_by { SPEC_BY, SPEC_IGNORED, SPEC_REFUSED };

enum {
	SPEC_REQ = 1 << 0,
	SPEC_ABS = 1 << 1,
	SPEC_NONEMPTY = 1 << 2,
	SPEC_WILD = 1 << 3,
	SPEC_CLOSED = 1 << 4,
};

struct spec_object;
struct spec_field {
	const char *key; /* as in the document */
	enum spec_kind kind;
	unsigned flags;
	size_t off, off_len, off_set; /* off_len and off_set: arrays and maps only */
	const struct spec_object *elem;
	const struct vocab *vocab;
	int64_t min;
	uint64_t max;
	enum spec_by by;
	const char *who; /* the module that applies it, or why not */
};

struct spec_object {
	const char *name;
	size_t size;
	const struct spec_field *fields;
	size_t len;
};

/* spec_object_<name> for every OBJECT row. */
#define OBJECT(o) extern const struct spec_object spec_object_##o;
#define END(o)
#define KEY(o)
#define STR(o, m, k, f, by)
#define BOOL(o, m, k, f, by)
#define I64(o, m, k, min, max, f, by)
#define U64(o, m, k, max, f, by)
#define ENUM(o, m, k, vocab, f, by)
#define STRS(o, m, k, f, by)
#define ENUMS(o, m, k, vocab, f, by)
#define U64S(o, m, k, max, f, by)
#define OBJ(o, m, k, elem, f, by)
#define LIST(o, m, k, elem, f, by)
#define MAP(o, m, k, f, by)
#define OMAP(o, m, k, elem, f, by)
#include "spec/schema/all.def"
#include "spec/schema/rows_undef.h"

/* The member of f inside the struct at object. */
static inline const void *spec_member(const struct spec_field *f, const void *object)
{
	return (const char *)object + f->off;
}
/* Element i (of size `size`) of an array or map member. */
const void *spec_element(const struct spec_field *f, const void *object, size_t size, size_t i);
size_t spec_elements(const struct spec_field *f, const void *object);
/* The document had it (and it was not null). */
bool spec_present(const struct spec_field *f, const void *object);
const struct spec_field *spec_field_find(const struct spec_object *o, const char *key);
/* The field that holds the key of a map entry, or NULL. */
const struct spec_field *spec_field_key(const struct spec_object *o);
