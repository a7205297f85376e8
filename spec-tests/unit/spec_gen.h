/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of spec/: writes documents from the tables of spec/fields, valid everywhere except at one chosen property.
 * Also reads the test documents of spec-tests/schema. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "spec/fields.h"
#include "json/pointer.h"
#include "json/write.h"

enum { GEN_DEPTH = 12 };

/* The way from the document to one property; way[len - 1] is the property itself. */
struct gen_way {
	const struct spec_field *way[GEN_DEPTH];
	int len;
	char pointer[JP_MAX]; /* of the property */
};

typedef void gen_value_fn(struct jw *w, const struct spec_field *f, const void *arg);

static void gen_object(struct jw *w, const struct spec_object *o, const struct gen_way *way, int depth,
		       gen_value_fn *leaf, const void *arg);

/* A value that the decoder takes; way (may be NULL) goes on below it. */
static inline void gen_valid(struct jw *w, const struct spec_field *f, const struct gen_way *way, int depth,
			     gen_value_fn *leaf, const void *arg)
{
	bool array = f->kind == SPEC_STRS || f->kind == SPEC_ENUMS || f->kind == SPEC_U64S || f->kind == SPEC_LIST;
	bool map = f->kind == SPEC_MAP || f->kind == SPEC_OMAP;

	if (array)
		jw_array(w);
	if (map) {
		jw_object(w);
		jw_key(w, "k");
	}
	if (f->kind == SPEC_STR || f->kind == SPEC_STRS || f->kind == SPEC_MAP)
		jw_str(w, "/x");
	else if (f->kind == SPEC_BOOL)
		jw_bool(w, true);
	else if (f->kind == SPEC_I64)
		jw_i64(w, f->min);
	else if (f->kind == SPEC_U64 || f->kind == SPEC_U64S)
		jw_u64(w, f->max);
	else if (f->vocab)
		jw_str(w, f->vocab->words[f->vocab->len - 1].name);
	else
		gen_object(w, f->elem, way, depth, leaf, arg);
	if (array || map)
		jw_end(w);
}

/* Required members and the way; without leaf the last property of the way is left out. */
static void gen_object(struct jw *w, const struct spec_object *o, const struct gen_way *way, int depth,
		       gen_value_fn *leaf, const void *arg)
{
	const struct spec_field *on = way && depth < way->len ? way->way[depth] : NULL;
	bool last = on && depth == way->len - 1;

	jw_object(w);
	for (size_t i = 0; i < o->len; i++) {
		const struct spec_field *f = &o->fields[i];

		if (f->kind == SPEC_KEY || (f != on && !(f->flags & SPEC_REQ)) || (f == on && last && !leaf))
			continue;
		jw_key(w, f->key);
		if (f == on && last)
			leaf(w, f, arg);
		else
			gen_valid(w, f, f == on ? way : NULL, depth + 1, leaf, arg);
	}
	jw_end(w);
}

static inline void gen_document(struct buf *b, const struct spec_object *o, const struct gen_way *way,
				gen_value_fn *leaf, const void *arg)
{
	struct jw *w = jw_new(JW_COMPACT, jw_to_buf, b);

	b->len = 0;
	gen_object(w, o, way, 0, leaf, arg);
	if (jw_finish(w))
		abort();
	jw_free(&w);
}

typedef void gen_visit_fn(const struct spec_object *top, const struct gen_way *way);

/* Calls fn for every property that is read on Linux. */
static inline void gen_each(const struct spec_object *top, const struct spec_object *o, const struct gen_way *above,
			    gen_visit_fn *fn)
{
	for (size_t i = 0; i < o->len; i++) {
		const struct spec_field *f = &o->fields[i];
		struct gen_way way = { 0 };

		if (f->kind == SPEC_KEY || f->by == SPEC_IGNORED)
			continue;
		if (above)
			way = *above;
		way.way[way.len++] = f;
		jp_add_key(way.pointer, f->key, strlen(f->key));
		fn(top, &way);
		if (f->kind == SPEC_LIST)
			jp_add_index(way.pointer, 0);
		if (f->kind == SPEC_OMAP)
			jp_add_key(way.pointer, "k", 1);
		if (f->elem)
			gen_each(top, f->elem, &way, fn);
	}
}

static inline bool gen_read(const char *file, struct buf *ret)
{
	const char *dir = getenv("srcdir");
	char name[512], chunk[4096];
	size_t n;
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s", dir ? dir : ".", file);
	f = fopen(name, "re");
	if (!f)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(ret, chunk, n);
	fclose(f);
	return true;
}
