/* SPDX-License-Identifier: Apache-2.0 */
/* Properties that are understood but not applied yet: asking for one is an error, never a silent loss. */

#include <errno.h>

#include "spec/decode.h"
#include "spec/fields.h"
#include "json/pointer.h"

static int refuse_object(const struct spec_object *o, const void *object, const struct jp *at, struct err *err);

/* An empty string, list or map asks for nothing. */
static bool asks(const struct spec_field *f, const void *object)
{
	if (!spec_present(f, object))
		return false;
	switch (f->kind) {
	case SPEC_STR:
		return **(const char *const *)spec_member(f, object);
	case SPEC_STRS:
	case SPEC_ENUMS:
	case SPEC_U64S:
	case SPEC_LIST:
	case SPEC_MAP:
	case SPEC_OMAP:
		return spec_elements(f, object) > 0;
	default:
		return true;
	}
}

static int refuse_list(const struct spec_field *f, const void *object, const struct jp *at, struct err *err)
{
	const struct spec_field *key = f->kind == SPEC_OMAP ? spec_field_key(f->elem) : NULL;
	int r = 0;

	for (size_t i = 0; !r && i < spec_elements(f, object); i++) {
		const void *e = spec_element(f, object, f->elem->size, i);
		const struct jp here = { .up = at,
					 .key = key ? *(const char *const *)spec_member(key, e) : NULL,
					 .index = i };

		r = refuse_object(f->elem, e, &here, err);
	}
	return r;
}

static int refuse_field(const struct spec_field *f, const void *object, const struct jp *at, struct err *err)
{
	char pointer[JP_MAX];

	if (f->by == SPEC_REFUSED) {
		jp_format(at, pointer);
		err_pointer(err, "%s", pointer);
		return err_set(err, EOPNOTSUPP, "%s: not supported by this version of masu", pointer);
	}
	if (f->kind == SPEC_OBJ)
		return refuse_object(f->elem, *(const void *const *)spec_member(f, object), at, err);
	if (f->kind == SPEC_LIST || f->kind == SPEC_OMAP)
		return refuse_list(f, object, at, err);
	return 0;
}

static int refuse_object(const struct spec_object *o, const void *object, const struct jp *at, struct err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < o->len; i++) {
		const struct spec_field *f = &o->fields[i];
		const struct jp here = { .up = at, .key = f->key };

		if (f->by != SPEC_IGNORED && asks(f, object))
			r = refuse_field(f, object, &here, err);
	}
	return r;
}

int spec_refuse_unapplied(const struct spec_config *c, struct err *err)
{
	const struct jp top = { 0 };

	return refuse_object(&spec_object_config, c, &top, err);
}
