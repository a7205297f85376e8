/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the JSON tree and the tables of spec/fields side by side. Rules between properties are in spec/check. */

#include "spec/decode.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mutation.h"
#include "spec/check.h"
#include "spec/fields.h"
#include "json/read.h"

struct decoder {
	const struct jr_doc *doc;
	struct arena *arena;
	struct err *err;
};

typedef int decode_fn(struct decoder *d, const struct spec_field *f, const struct jr_value *v, const struct jp *at,
		      char *out);

static int decode_object(struct decoder *d, const struct spec_object *o, const struct jr_value *v, const struct jp *at,
			 char *out);

static int no_memory(struct decoder *d)
{
	return err_set(d->err, ENOMEM, "read `%s`: out of memory", jr_name(d->doc));
}

static int text(struct decoder *d, unsigned flags, const struct jr_value *v, const struct jp *at, const char **ret)
{
	const char *s;
	size_t len;
	int r = jr_str(d->doc, v, at, &s, &len, d->err);

	if (r)
		return r;
	if ((flags & (SPEC_NONEMPTY | SPEC_ABS)) && !len)
		return jr_fail(d->doc, at, d->err, "must not be empty");
	if ((flags & SPEC_ABS) && *s != '/')
		return jr_fail(d->doc, at, d->err, "must be an absolute path");
	*ret = arena_strndup(d->arena, s, len);
	return *ret ? 0 : no_memory(d);
}

static int word(struct decoder *d, const struct vocab *vocab, const struct jr_value *v, const struct jp *at,
		int64_t *ret)
{
	const struct word *w;
	const char *s;
	int r = jr_str(d->doc, v, at, &s, NULL, d->err);

	if (r)
		return r;
	w = vocab_find(vocab, s);
	if (!w)
		return jr_fail(d->doc, at, d->err, "unknown %s `%.64s`", vocab->what, s);
	*ret = w->value;
	return 0;
}

static int decode_str(struct decoder *d, const struct spec_field *f, const struct jr_value *v, const struct jp *at,
		      char *out)
{
	return text(d, f->flags, v, at, (const char **)(void *)out);
}

static int decode_bool(struct decoder *d, const struct spec_field *f, const struct jr_value *v, const struct jp *at,
		       char *out)
{
	struct opt_bool *o = (void *)out;

	(void)f;
	o->set = true;
	return jr_bool(d->doc, v, at, &o->value, d->err);
}

static int decode_i64(struct decoder *d, const struct spec_field *f, const struct jr_value *v, const struct jp *at,
		      char *out)
{
	struct opt_i64 *o = (void *)out;
	int64_t min = f->flags & SPEC_WILD ? -1 : f->min;
	int r = jr_i64(d->doc, v, at, min, (int64_t)f->max, &o->value, d->err);

	o->set = !r && o->value >= f->min;
	return r;
}

static int decode_u64(struct decoder *d, const struct spec_field *f, const struct jr_value *v, const struct jp *at,
		      char *out)
{
	struct opt_u64 *o = (void *)out;

	o->set = true;
	return jr_u64(d->doc, v, at, MUTATION(A27) ? UINT64_MAX : f->max, &o->value, d->err);
}

static int decode_enum(struct decoder *d, const struct spec_field *f, const struct jr_value *v, const struct jp *at,
		       char *out)
{
	struct opt_i64 *o = (void *)out;

	o->set = true;
	return word(d, f->vocab, v, at, &o->value);
}

static int decode_obj(struct decoder *d, const struct spec_field *f, const struct jr_value *v, const struct jp *at,
		      char *out)
{
	char *o = arena_alloc(d->arena, 1, f->elem->size);

	if (!o)
		return no_memory(d);
	*(char **)(void *)out = o;
	return decode_object(d, f->elem, v, at, o);
}

static size_t element_size(const struct spec_field *f)
{
	switch (f->kind) {
	case SPEC_STRS:
		return sizeof(char *);
	case SPEC_ENUMS:
		return sizeof(int64_t);
	case SPEC_U64S:
		return sizeof(uint64_t);
	case SPEC_MAP:
		return sizeof(struct spec_kv);
	default:
		return f->elem->size;
	}
}

/* The members m, m_len and m_set of an array or map; *ret points to the zeroed elements. */
static int open_many(struct decoder *d, const struct spec_field *f, const struct jp *at, char *out, size_t n,
		     char **ret)
{
	char *object = out - f->off;

	if ((f->flags & SPEC_NONEMPTY) && !n && f->kind != SPEC_MAP && f->kind != SPEC_OMAP)
		return jr_fail(d->doc, at, d->err, "must not be empty");
	/* one more, zeroed, so that lists of strings can be handed to execve and never point nowhere */
	*ret = arena_alloc(d->arena, n + 1, element_size(f));
	if (!*ret)
		return no_memory(d);
	*(char **)(void *)out = *ret;
	*(size_t *)(void *)(object + f->off_len) = n;
	*(bool *)(object + f->off_set) = true;
	return 0;
}

static int decode_element(struct decoder *d, const struct spec_field *f, const struct jr_value *v, const struct jp *at,
			  char *out)
{
	switch (f->kind) {
	case SPEC_STRS:
		/* NONEMPTY speaks of the list */
		return text(d, f->flags & ~(unsigned)SPEC_NONEMPTY, v, at, (const char **)(void *)out);
	case SPEC_ENUMS:
		return word(d, f->vocab, v, at, (int64_t *)(void *)out);
	case SPEC_U64S:
		return jr_u64(d->doc, v, at, f->max, (uint64_t *)(void *)out, d->err);
	default:
		return decode_object(d, f->elem, v, at, out);
	}
}

static int decode_array(struct decoder *d, const struct spec_field *f, const struct jr_value *v, const struct jp *at,
			char *out)
{
	size_t n, size = element_size(f);
	char *p;
	int r = jr_expect(d->doc, v, at, JR_ARRAY, d->err);

	if (r)
		return r;
	n = jr_elements(v);
	r = open_many(d, f, at, out, n, &p);
	for (size_t i = 0; !r && i < n; i++) {
		const struct jp here = { .up = at, .index = i };

		r = decode_element(d, f, jr_element(v, i), &here, p + i * size);
	}
	return r;
}

static int decode_entry(struct decoder *d, const struct spec_field *f, const struct jr_member *m, const struct jp *at,
			char *out)
{
	const char *key;

	if ((f->flags & SPEC_NONEMPTY) && !*m->key)
		return jr_fail(d->doc, at->up, d->err, "key must not be empty");
	key = arena_strdup(d->arena, m->key);
	if (!key)
		return no_memory(d);
	if (f->kind == SPEC_OMAP) {
		*(const char **)(void *)(out + spec_field_key(f->elem)->off) = key;
		return decode_object(d, f->elem, m->value, at, out);
	}
	((struct spec_kv *)(void *)out)->key = key;
	return text(d, 0, m->value, at, &((struct spec_kv *)(void *)out)->value);
}

static int decode_map(struct decoder *d, const struct spec_field *f, const struct jr_value *v, const struct jp *at,
		      char *out)
{
	size_t size = element_size(f);
	char *p;
	int r = jr_expect(d->doc, v, at, JR_OBJECT, d->err);

	if (!r)
		r = open_many(d, f, at, out, jr_members(v), &p);
	if (r)
		return r;
	for (struct jr_member m = jr_first(v); !r && m.key; jr_next(&m), p += size) {
		const struct jp here = { .up = at, .key = m.key };

		r = decode_entry(d, f, &m, &here, p);
	}
	return r;
}

static decode_fn *const decoders[] = {
	[SPEC_STR] = decode_str,   [SPEC_BOOL] = decode_bool,  [SPEC_I64] = decode_i64,     [SPEC_U64] = decode_u64,
	[SPEC_ENUM] = decode_enum, [SPEC_STRS] = decode_array, [SPEC_ENUMS] = decode_array, [SPEC_U64S] = decode_array,
	[SPEC_OBJ] = decode_obj,   [SPEC_LIST] = decode_array, [SPEC_MAP] = decode_map,     [SPEC_OMAP] = decode_map,
};

static void note_unknown(struct decoder *d, const struct jp *at)
{
	char pointer[JP_MAX];

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	jp_format(at, pointer);
	log_debug("%s: %s: unknown property", jr_name(d->doc), pointer);
}

static int refuse_unknown(struct decoder *d, const struct spec_object *o, const struct jr_value *v, const struct jp *at)
{
	int r = jr_expect(d->doc, v, at, JR_OBJECT, d->err);

	if (r)
		return r;
	for (struct jr_member m = jr_first(v); m.key; jr_next(&m)) {
		const struct jp here = { .up = at, .key = m.key };

		if (!spec_field_find(o, m.key))
			return jr_fail(d->doc, &here, d->err, "unknown key");
	}
	return 0;
}

static int decode_member(struct decoder *d, const struct spec_object *o, const struct jr_member *m, const struct jp *at,
			 char *out)
{
	const struct spec_field *f = spec_field_find(o, m->key);
	int r;

	if (!f)
		note_unknown(d, at);
	if (!f || f->by == SPEC_IGNORED || jr_type_of(m->value) == JR_NULL)
		return 0;
	if (f->flags & SPEC_CLOSED) {
		r = refuse_unknown(d, f->elem, m->value, at);
		if (r)
			return r;
	}
	return decoders[f->kind](d, f, m->value, at, out + f->off);
}

static int decode_object(struct decoder *d, const struct spec_object *o, const struct jr_value *v, const struct jp *at,
			 char *out)
{
	int r = jr_expect(d->doc, v, at, JR_OBJECT, d->err);

	if (r)
		return r;
	for (struct jr_member m = jr_first(v); !r && m.key; jr_next(&m)) {
		const struct jp here = { .up = at, .key = m.key };

		r = decode_member(d, o, &m, &here, out);
	}
	for (size_t i = 0; !r && i < o->len; i++) {
		const struct spec_field *f = &o->fields[i];
		const struct jp here = { .up = at, .key = f->key };

		if (f->flags & SPEC_REQ && f->by != SPEC_IGNORED && !spec_present(f, out))
			r = jr_fail(d->doc, &here, d->err, "required but missing");
	}
	return r;
}

int spec_decode_object(const struct spec_object *o, const char *name, const char *json, size_t len, struct arena *a,
		       const void **ret, struct err *err)
{
	AUTO(jr_free) struct jr_doc *doc = NULL;
	const struct jp top = { 0 };
	struct decoder d = { .arena = a, .err = err };
	char *out;
	int r = jr_parse(name, json, len, &doc, err);

	if (r)
		return r;
	d.doc = doc;
	out = arena_alloc(a, 1, o->size);
	if (!out)
		return no_memory(&d);
	r = decode_object(&d, o, jr_root(doc), &top, out);
	if (!r)
		*ret = out;
	return r;
}

int spec_decode_config(const char *name, const char *json, size_t len, struct arena *a, const struct spec_config **ret,
		       struct err *err)
{
	const void *v;
	int r = spec_decode_object(&spec_object_config, name, json, len, a, &v, err);

	if (!r)
		r = spec_check_config(name, v, err);
	if (!r)
		*ret = v;
	return r;
}

int spec_decode_process(const char *name, const char *json, size_t len, struct arena *a,
			const struct spec_process **ret, struct err *err)
{
	const void *v;
	int r = spec_decode_object(&spec_object_process, name, json, len, a, &v, err);

	if (!r)
		r = spec_check_process(name, v, err);
	if (!r)
		*ret = v;
	return r;
}

int spec_decode_resources(const char *name, const char *json, size_t len, struct arena *a,
			  const struct spec_resources **ret, struct err *err)
{
	const void *v;
	int r = spec_decode_object(&spec_object_resources, name, json, len, a, &v, err);

	if (!r)
		r = spec_check_resources(name, v, err);
	if (!r)
		*ret = v;
	return r;
}
