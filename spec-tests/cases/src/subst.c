/* SPDX-License-Identifier: Apache-2.0 */
/* ${NAME} in the strings and member names of a case. A string that is nothing but one ${NAME} takes the value itself, whatever its type. */
#include "cases.h"
#include <stdlib.h>
#include <string.h>

void var_set(struct world *w, const char *name, const char *text)
{
	json_object_object_add(w->vars, name, json_object_new_string(text));
}

/* repeat:N:TEXT */
static json *repeated(const char *spec)
{
	char *text, *s;
	long n = strtol(spec, (char **)&spec, 10);
	size_t len = strlen(++spec);

	s = text = malloc(len * (size_t)n + 1);
	for (long i = 0; i < n; i++, s += len)
		memcpy(s, spec, len);
	*s = 0;
	return json_object_new_string(text);
}

/* file:PATH, json:PATH, host:WORD, cgroup:CONTROLLER, repeat:N:TEXT, runtime state, or a variable. */
static bool plain_value(struct world *w, const char *name, json **value)
{
	char path[1024], *text;

	if (json_object_object_get_ex(w->vars, name, value))
		return true;
	if (!strncmp(name, "repeat:", 7))
		*value = repeated(name + 7);
	else if (!strncmp(name, "file:", 5)) {
		text = file_text(name + 5);
		if (text)
			text[strcspn(text, "\n")] = 0;
		*value = text ? json_object_new_string(text) : NULL;
	} else if (!strncmp(name, "json:", 5))
		*value = j_load(name + 5, NULL);
	else if (!strncmp(name, "host:", 5))
		*value = host_probe(w, name + 5);
	else if (!strncmp(name, "cgroup:", 7) && cgroup_path(&w->boxes[0], name + 7, path, sizeof(path)))
		*value = json_object_new_string(path);
	return *value;
}

/* NAME, or NAME#/POINTER into its value. */
static bool value_of(struct world *w, const char *name, json **value)
{
	const char *mark = strstr(name, "#/");

	*value = NULL;
	if (!mark)
		return plain_value(w, name, value);
	return plain_value(w, text_of("%.*s", (int)(mark - name), name), value) && j_find(*value, mark + 1, value);
}

/* The innermost ${…} first, so that names may be made of others. */
static json *subst_string(struct world *w, const char *s)
{
	json *value;

	for (;;) {
		const char *open = strstr(s, "${"), *end = open ? strchr(open, '}') : NULL, *next;
		char *name;

		if (!end)
			return json_object_new_string(s);
		while ((next = strstr(open + 2, "${")) && next < end)
			open = next;
		name = text_of("%.*s", (int)(end - open - 2), open + 2);
		if (!value_of(w, name, &value)) {
			if (!json_object_object_get_ex(w->vars, name, NULL)) {
				problem(w, "the case names ${%s}, which is nothing", name);
				return NULL;
			}
		}
		if (open == s && !end[1])
			return subst(w, value);
		s = text_of("%.*s%s%s", (int)(open - s), s, j_text(value), end + 1);
	}
}

const char *subst_text(struct world *w, const char *s)
{
	return j_text(subst_string(w, s));
}

json *subst(struct world *w, json *value)
{
	json *copy;

	if (j_is(value, json_type_string) && strstr(json_object_get_string(value), "${"))
		return json_object_get(subst_string(w, json_object_get_string(value)));
	if (j_is(value, json_type_array)) {
		copy = json_object_new_array();
		for (size_t i = 0; i < json_object_array_length(value); i++)
			json_object_array_add(copy, subst(w, json_object_array_get_idx(value, i)));
		return copy;
	}
	if (j_is(value, json_type_object)) {
		copy = json_object_new_object();
		json_object_object_foreach(value, key, member)
			json_object_object_add(copy, strstr(key, "${") ? subst_text(w, key) : key, subst(w, member));
		return copy;
	}
	return json_object_get(value);
}
