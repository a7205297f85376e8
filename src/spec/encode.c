/* SPDX-License-Identifier: Apache-2.0 */
/* The encoder: walks the tables of spec/fields. Properties that are ignored on Linux were not decoded and do not come
 * back. */

#include "spec/encode.h"

#include "spec/fields.h"

static void encode_list(const struct spec_field *f, const void *object, struct jw *w)
{
	size_t n = spec_elements(f, object);

	jw_array(w);
	for (size_t i = 0; i < n; i++) {
		if (f->kind == SPEC_STRS)
			jw_str(w, *(char *const *)spec_element(f, object, sizeof(char *), i));
		else if (f->kind == SPEC_ENUMS)
			jw_str(w, vocab_name(f->vocab, *(const int64_t *)spec_element(f, object, sizeof(int64_t), i)));
		else if (f->kind == SPEC_U64S)
			jw_u64(w, *(const uint64_t *)spec_element(f, object, sizeof(uint64_t), i));
		else
			spec_encode_object(f->elem, spec_element(f, object, f->elem->size, i), w);
	}
	jw_end(w);
}

static void encode_map(const struct spec_field *f, const void *object, struct jw *w)
{
	size_t n = spec_elements(f, object);

	jw_object(w);
	for (size_t i = 0; i < n; i++) {
		if (f->kind == SPEC_MAP) {
			const struct spec_kv *kv = spec_element(f, object, sizeof(*kv), i);

			jw_key(w, kv->key);
			jw_str(w, kv->value);
		} else {
			const void *e = spec_element(f, object, f->elem->size, i);

			jw_key(w, *(const char *const *)spec_member(spec_field_key(f->elem), e));
			spec_encode_object(f->elem, e, w);
		}
	}
	jw_end(w);
}

static void encode_value(const struct spec_field *f, const void *object, struct jw *w)
{
	const void *m = spec_member(f, object);

	switch (f->kind) {
	case SPEC_KEY:
		return;
	case SPEC_STR:
		return jw_str(w, *(const char *const *)m);
	case SPEC_BOOL:
		return jw_bool(w, ((const struct opt_bool *)m)->value);
	case SPEC_I64:
		return jw_i64(w, ((const struct opt_i64 *)m)->value);
	case SPEC_U64:
		return jw_u64(w, ((const struct opt_u64 *)m)->value);
	case SPEC_ENUM:
		return jw_str(w, vocab_name(f->vocab, ((const struct opt_i64 *)m)->value));
	case SPEC_OBJ:
		return spec_encode_object(f->elem, *(const void *const *)m, w);
	case SPEC_STRS:
	case SPEC_ENUMS:
	case SPEC_U64S:
	case SPEC_LIST:
		return encode_list(f, object, w);
	case SPEC_MAP:
	case SPEC_OMAP:
		return encode_map(f, object, w);
	}
}

void spec_encode_object(const struct spec_object *o, const void *object, struct jw *w)
{
	jw_object(w);
	for (size_t i = 0; i < o->len; i++) {
		const struct spec_field *f = &o->fields[i];

		if (!spec_present(f, object))
			continue;
		jw_key(w, f->key);
		encode_value(f, object, w);
	}
	jw_end(w);
}

void spec_encode_config(const struct spec_config *c, struct jw *w)
{
	spec_encode_object(&spec_object_config, c, w);
}
