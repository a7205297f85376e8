/* SPDX-License-Identifier: Apache-2.0 */
/* Expands the rows of spec/schema to tables. To add a property, add a row there. */

#include "spec/fields.h"

#include <string.h>

#include "base/cleanup.h"

enum { OPT = 0, REQ = SPEC_REQ, ABS = SPEC_ABS, NONEMPTY = SPEC_NONEMPTY, WILD = SPEC_WILD, CLOSED = SPEC_CLOSED };

#define BY(module) .by = SPEC_BY, .who = module
#define IGNORED(why) .by = SPEC_IGNORED, .who = why
#define REFUSED(why) .by = SPEC_REFUSED, .who = why

/* clang-format off */
#define ONE(o, m, k, kind_, f, ...) \
	{ .key = k, .kind = kind_, .flags = f, .off = offsetof(struct spec_##o, m), __VA_ARGS__ },
#define MANY(o, m, k, kind_, f, ...)                                                                       \
	{ .key = k, .kind = kind_, .flags = f, .off = offsetof(struct spec_##o, m),                        \
	  .off_len = offsetof(struct spec_##o, m##_len), .off_set = offsetof(struct spec_##o, m##_set), __VA_ARGS__ },

#define OBJECT(o) static const struct spec_field fields_##o[] = {
#define END(o) \
	};     \
	const struct spec_object spec_object_##o = { #o, sizeof(struct spec_##o), fields_##o, ARRAY_SIZE(fields_##o) };
#define KEY(o) { .kind = SPEC_KEY, .off = offsetof(struct spec_##o, key) },
#define STR(o, m, k, f, by) ONE(o, m, k, SPEC_STR, f, by)
#define BOOL(o, m, k, f, by) ONE(o, m, k, SPEC_BOOL, f, by)
#define I64(o, m, k, min_, max_, f, by) ONE(o, m, k, SPEC_I64, f, .min = min_, .max = max_, by)
#define U64(o, m, k, max_, f, by) ONE(o, m, k, SPEC_U64, f, .max = max_, by)
#define ENUM(o, m, k, v, f, by) ONE(o, m, k, SPEC_ENUM, f, .vocab = &vocab_##v, by)
#define STRS(o, m, k, f, by) MANY(o, m, k, SPEC_STRS, f, by)
#define ENUMS(o, m, k, v, f, by) MANY(o, m, k, SPEC_ENUMS, f, .vocab = &vocab_##v, by)
#define U64S(o, m, k, max_, f, by) MANY(o, m, k, SPEC_U64S, f, .max = max_, by)
#define OBJ(o, m, k, e, f, by) ONE(o, m, k, SPEC_OBJ, f, .elem = &spec_object_##e, by)
#define LIST(o, m, k, e, f, by) MANY(o, m, k, SPEC_LIST, f, .elem = &spec_object_##e, by)
#define MAP(o, m, k, f, by) MANY(o, m, k, SPEC_MAP, f, by)
#define OMAP(o, m, k, e, f, by) MANY(o, m, k, SPEC_OMAP, f, .elem = &spec_object_##e, by)
#include "spec/schema/all.def"
#include "spec/schema/rows_undef.h"
/* clang-format on */

const void *spec_element(const struct spec_field *f, const void *object, size_t size, size_t i)
{
	return *(const char *const *)spec_member(f, object) + i * size;
}

size_t spec_elements(const struct spec_field *f, const void *object)
{
	return *(const size_t *)(const void *)((const char *)object + f->off_len);
}

bool spec_present(const struct spec_field *f, const void *object)
{
	const void *m = spec_member(f, object);

	switch (f->kind) {
	case SPEC_KEY:
		return false;
	case SPEC_STR:
	case SPEC_OBJ:
		return *(const void *const *)m != NULL;
	case SPEC_BOOL:
		return ((const struct opt_bool *)m)->set;
	case SPEC_I64:
	case SPEC_ENUM:
		return ((const struct opt_i64 *)m)->set;
	case SPEC_U64:
		return ((const struct opt_u64 *)m)->set;
	case SPEC_STRS:
	case SPEC_ENUMS:
	case SPEC_U64S:
	case SPEC_LIST:
	case SPEC_MAP:
	case SPEC_OMAP:
		return *(const bool *)(const void *)((const char *)object + f->off_set);
	}
	return false;
}

const struct spec_field *spec_field_find(const struct spec_object *o, const char *key)
{
	for (size_t i = 0; i < o->len; i++)
		if (o->fields[i].key && !strcmp(o->fields[i].key, key))
			return &o->fields[i];
	return NULL;
}

const struct spec_field *spec_field_key(const struct spec_object *o)
{
	for (size_t i = 0; i < o->len; i++)
		if (o->fields[i].kind == SPEC_KEY)
			return &o->fields[i];
	return NULL;
}
