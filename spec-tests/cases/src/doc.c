/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for the runner: reading, finding, patching. What a case means by its documents is elsewhere. */
#include "doc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json *j_load(const char *path, const char **why)
{
	json *j = json_object_from_file(path);

	if (!j && why)
		*why = json_util_get_last_err();
	return j;
}

json *j_parse(const char *text)
{
	return json_tokener_parse(text);
}

const char *j_text(json *j)
{
	if (j_is(j, json_type_string))
		return json_object_get_string(j);
	return json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

bool j_is(json *j, enum json_type type)
{
	return json_object_is_type(j, type);
}

json *j_get(json *object, const char *key)
{
	json *v = NULL;

	if (j_is(object, json_type_object))
		json_object_object_get_ex(object, key, &v);
	return v;
}

bool j_has(json *object, const char *key)
{
	return j_is(object, json_type_object) && json_object_object_get_ex(object, key, NULL);
}

const char *j_str(json *object, const char *key, const char *otherwise)
{
	json *v = j_get(object, key);

	return j_is(v, json_type_string) ? json_object_get_string(v) : otherwise;
}

long j_int(json *object, const char *key, long otherwise)
{
	json *v = j_get(object, key);

	return j_is(v, json_type_int) ? (long)json_object_get_int64(v) : otherwise;
}

bool j_true(json *object, const char *key)
{
	return json_object_get_boolean(j_get(object, key));
}

bool j_same(json *a, json *b)
{
	if (a && b && j_is(a, json_type_int) && j_is(b, json_type_int))
		return !strcmp(json_object_to_json_string(a), json_object_to_json_string(b));
	return json_object_equal(a, b);
}

/* One token of a pointer, with ~1 and ~0 undone; returns what follows it. */
static const char *token(const char *p, char *out, size_t size)
{
	size_t n = 0;

	for (; *p && *p != '/'; p++) {
		char c = *p;

		if (c == '~' && (p[1] == '0' || p[1] == '1'))
			c = *++p == '0' ? '~' : '/';
		if (n + 1 < size)
			out[n++] = c;
	}
	out[n] = 0;
	return p;
}

static bool step(json **at, const char *name)
{
	char *end;
	unsigned long i;

	if (j_is(*at, json_type_object))
		return json_object_object_get_ex(*at, name, at);
	i = strtoul(name, &end, 10);
	if (!j_is(*at, json_type_array) || !*name || *end || i >= json_object_array_length(*at))
		return false;
	*at = json_object_array_get_idx(*at, i);
	return true;
}

bool j_find(json *doc, const char *where, json **value)
{
	char name[4096];

	*value = doc;
	if (*where != '/')
		return !*where || step(value, where);
	while (*where == '/') {
		where = token(where + 1, name, sizeof(name));
		if (!step(value, name))
			return false;
	}
	return true;
}

static json *merged(json *target, json *patch)
{
	if (!j_is(patch, json_type_object))
		return json_object_get(patch);
	if (!j_is(target, json_type_object))
		target = json_object_new_object();
	json_object_object_foreach(patch, key, value)
	{
		if (value)
			json_object_object_add(target, key, merged(json_object_get(j_get(target, key)), value));
		else
			json_object_object_del(target, key);
	}
	return target;
}

/* add, replace or remove at a pointer; "-" is the end of an array. */
static bool operate(json *doc, const char *op, const char *path, json *value)
{
	char parent[4096], name[4096];
	const char *slash = strrchr(path, '/');
	json *at;
	size_t i;

	if (!slash)
		return false;
	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	token(slash + 1, name, sizeof(name));
	if (!j_find(doc, parent, &at))
		return false;
	if (j_is(at, json_type_object)) {
		if (!strcmp(op, "remove"))
			json_object_object_del(at, name);
		else
			json_object_object_add(at, name, json_object_get(value));
		return true;
	}
	if (!j_is(at, json_type_array))
		return false;
	i = strcmp(name, "-") ? strtoul(name, NULL, 10) : json_object_array_length(at);
	if (!strcmp(op, "remove"))
		return !json_object_array_del_idx(at, i, 1);
	if (!strcmp(op, "replace"))
		return !json_object_array_put_idx(at, i, json_object_get(value));
	/* insert: the tail moves up by one */
	for (size_t n = json_object_array_length(at); n > i; n--)
		json_object_array_put_idx(at, n, json_object_get(json_object_array_get_idx(at, n - 1)));
	return !json_object_array_put_idx(at, i, json_object_get(value));
}

json *j_patched(json *doc, json *patch, const char **why)
{
	json *copy = NULL;

	json_object_deep_copy(doc, &copy, NULL);
	if (!patch)
		return copy;
	if (j_is(patch, json_type_object))
		return merged(copy, patch);
	for (size_t i = 0; j_is(patch, json_type_array) && i < json_object_array_length(patch); i++) {
		json *p = json_object_array_get_idx(patch, i);
		const char *op = j_str(p, "op", NULL);

		if (!op)
			copy = merged(copy, p);
		else if (!operate(copy, op, j_str(p, "path", ""), j_get(p, "value"))) {
			*why = json_object_to_json_string(p);
			return NULL;
		}
	}
	return copy;
}
