/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows json-c. It is never given bytes that json/scan has not accepted, so its lenient corners
 * (last duplicate wins, saturated integers, replaced surrogates) cannot be reached. */

#include "json/read.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"

struct jr_doc {
	const char *name;
	struct json_object *root;
};

/* A struct jr_value is a json_object under another name; JSON null is NULL in json-c, so null needs a stand-in. */
static const char null_value;

static const struct jr_value *to_value(struct json_object *o)
{
	return o ? (const struct jr_value *)o : (const struct jr_value *)(const void *)&null_value;
}

static struct json_object *to_object(const struct jr_value *v)
{
	return (const void *)v == &null_value ? NULL : (struct json_object *)(uintptr_t)v;
}

static void free_tokener(struct json_tokener **t)
{
	if (*t)
		json_tokener_free(*t);
}

int jr_parse(const char *name, const char *json, size_t len, struct jr_doc **ret, struct err *err)
{
	AUTO(free_tokener) struct json_tokener *t = NULL;
	AUTO(jr_free) struct jr_doc *doc = NULL;
	int r = scan_document(name, json, len, err);

	if (r)
		return r;
	doc = calloc(1, sizeof(*doc));
	t = json_tokener_new_ex(SCAN_DEPTH_MAX + 1);
	if (!doc || !t)
		return err_set(err, ENOMEM, "read `%s`: out of memory", name);
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	doc->name = name;
	doc->root = json_tokener_parse_ex(t, json, (int)len);
	if (json_tokener_get_error(t) != json_tokener_success || !doc->root)
		return err_set(err, EINVAL, "%s: %s", name, json_tokener_error_desc(json_tokener_get_error(t)));
	*ret = take_ptr(&doc);
	return 0;
}

void jr_free(struct jr_doc **doc)
{
	int saved = errno;

	if (*doc) {
		json_object_put((*doc)->root);
		free(*doc);
	}
	*doc = NULL;
	errno = saved;
}

const struct jr_value *jr_root(const struct jr_doc *doc)
{
	return to_value(doc->root);
}

const char *jr_name(const struct jr_doc *doc)
{
	return doc->name;
}

enum jr_type jr_type_of(const struct jr_value *v)
{
	switch (json_object_get_type(to_object(v))) {
	case json_type_null:
		return JR_NULL;
	case json_type_boolean:
		return JR_BOOL;
	case json_type_int:
		return JR_INT;
	case json_type_double:
		return JR_REAL;
	case json_type_string:
		return JR_STRING;
	case json_type_array:
		return JR_ARRAY;
	case json_type_object:
		return JR_OBJECT;
	}
	return JR_NULL;
}

const char *jr_type_name(enum jr_type t)
{
	static const char *const names[] = {
		[JR_NULL] = "null",       [JR_BOOL] = "a boolean", [JR_INT] = "an integer",   [JR_REAL] = "a number",
		[JR_STRING] = "a string", [JR_ARRAY] = "an array", [JR_OBJECT] = "an object",
	};

	return names[t];
}

static struct jr_member member_of(const struct lh_entry *e)
{
	struct jr_member m = { 0 };

	if (e) {
		m.key = lh_entry_k(e);
		m.value = to_value((struct json_object *)(uintptr_t)lh_entry_v(e));
		m.entry = e;
	}
	return m;
}

struct jr_member jr_first(const struct jr_value *object)
{
	return member_of(lh_table_head(json_object_get_object(to_object(object))));
}

void jr_next(struct jr_member *m)
{
	*m = member_of(lh_entry_next((const struct lh_entry *)m->entry));
}

size_t jr_members(const struct jr_value *object)
{
	return (size_t)json_object_object_length(to_object(object));
}

const struct jr_value *jr_get(const struct jr_value *object, const char *key)
{
	struct json_object *o = NULL;

	if (!json_object_object_get_ex(to_object(object), key, &o) || !o)
		return NULL;
	return to_value(o);
}

size_t jr_elements(const struct jr_value *array)
{
	return json_object_array_length(to_object(array));
}

const struct jr_value *jr_element(const struct jr_value *array, size_t index)
{
	return to_value(json_object_array_get_idx(to_object(array), index));
}

int jr_fail(const struct jr_doc *doc, const struct jp *at, struct err *err, const char *fmt, ...)
{
	char pointer[JP_MAX], text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	jp_format(at, pointer);
	return jp_fail(doc->name, pointer, err, "%s", text);
}

int jr_expect(const struct jr_doc *doc, const struct jr_value *v, const struct jp *at, enum jr_type want,
	      struct err *err)
{
	if (jr_type_of(v) != want)
		return jr_fail(doc, at, err, "expected %s", jr_type_name(want));
	return 0;
}

int jr_str(const struct jr_doc *doc, const struct jr_value *v, const struct jp *at, const char **ret, size_t *ret_len,
	   struct err *err)
{
	int r = jr_expect(doc, v, at, JR_STRING, err);

	if (r)
		return r;
	*ret = json_object_get_string(to_object(v));
	if (ret_len)
		*ret_len = (size_t)json_object_get_string_len(to_object(v));
	return 0;
}

int jr_bool(const struct jr_doc *doc, const struct jr_value *v, const struct jp *at, bool *ret, struct err *err)
{
	int r = jr_expect(doc, v, at, JR_BOOL, err);

	if (r)
		return r;
	*ret = json_object_get_boolean(to_object(v));
	return 0;
}

/* json-c keeps int64 or uint64 and saturates on a read as the other; *above says that the value is above INT64_MAX. */
static int64_t signed_of(const struct jr_value *v, bool *above)
{
	int64_t n = json_object_get_int64(to_object(v));

	*above = n == INT64_MAX && json_object_get_uint64(to_object(v)) > (uint64_t)INT64_MAX;
	return n;
}

int jr_i64(const struct jr_doc *doc, const struct jr_value *v, const struct jp *at, int64_t min, int64_t max,
	   int64_t *ret, struct err *err)
{
	int r = jr_expect(doc, v, at, JR_INT, err);
	bool above;
	int64_t n;

	if (r)
		return r;
	n = signed_of(v, &above);
	if (above || n > max)
		return jr_fail(doc, at, err, "must not be above %lld", (long long)max);
	if (n < min)
		return jr_fail(doc, at, err, "must not be below %lld", (long long)min);
	*ret = n;
	return 0;
}

int jr_u64(const struct jr_doc *doc, const struct jr_value *v, const struct jp *at, uint64_t max, uint64_t *ret,
	   struct err *err)
{
	int r = jr_expect(doc, v, at, JR_INT, err);
	bool above;
	uint64_t n;

	if (r)
		return r;
	if (signed_of(v, &above) < 0)
		return jr_fail(doc, at, err, "must not be negative");
	n = json_object_get_uint64(to_object(v));
	if (n > max)
		return jr_fail(doc, at, err, "must not be above %llu", (unsigned long long)max);
	*ret = n;
	return 0;
}
