/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations: {"WHERE": value or {"operator": argument, …}} against a document of facts. */
#include "cases.h"
#include <regex.h>
#include <string.h>

static bool matches(bool found, json *got, json *want);

static bool contains(json *got, json *want)
{
	if (j_is(got, json_type_string) && j_is(want, json_type_string))
		return strstr(json_object_get_string(got), json_object_get_string(want));
	if (j_is(got, json_type_object) && j_is(want, json_type_string))
		return j_has(got, json_object_get_string(want));
	for (size_t i = 0; j_is(got, json_type_array) && i < json_object_array_length(got); i++)
		if (matches(true, json_object_array_get_idx(got, i), want))
			return true;
	return false;
}

/* want is one thing or a list of things. */
static int count_contained(json *got, json *want, int *asked)
{
	int n = 0;

	*asked = 1;
	if (!j_is(want, json_type_array))
		return contains(got, want);
	*asked = (int)json_object_array_length(want);
	for (int i = 0; i < *asked; i++)
		n += contains(got, json_object_array_get_idx(want, (size_t)i));
	return n;
}

static bool op_contains(bool found, json *got, json *want)
{
	int asked, n = count_contained(got, want, &asked);

	return found && n == asked;
}

static bool op_lacks(bool found, json *got, json *want)
{
	int asked;

	return found && count_contained(got, want, &asked) == 0;
}

static bool op_matches(bool found, json *got, json *want)
{
	regex_t re;
	bool ok;

	if (!found || regcomp(&re, json_object_get_string(want), REG_EXTENDED | REG_NOSUB))
		return false;
	ok = !regexec(&re, j_text(got), 0, NULL, 0);
	regfree(&re);
	return ok;
}

static bool op_absent(bool found, json *got, json *want)
{
	return (!found || !got) == (bool)json_object_get_boolean(want);
}

static bool op_range(bool found, json *got, json *want)
{
	double v = json_object_get_double(got), lo = json_object_get_double(json_object_array_get_idx(want, 0)),
	       hi = json_object_get_double(json_object_array_get_idx(want, 1));

	return found && v >= lo && v <= hi;
}

static bool op_one_of(bool found, json *got, json *want)
{
	for (size_t i = 0; i < json_object_array_length(want); i++)
		if (matches(found, got, json_object_array_get_idx(want, i)))
			return true;
	return false;
}

static bool op_length(bool found, json *got, json *want)
{
	size_t n = j_is(got, json_type_array)    ? json_object_array_length(got)
		   : j_is(got, json_type_object) ? (size_t)json_object_object_length(got)
						 : strlen(j_text(got));
	json *length = json_object_new_int64((int64_t)n);

	return found && matches(true, length, want);
}

static bool op_equals(bool found, json *got, json *want)
{
	return found && j_same(got, want);
}

static bool op_not(bool found, json *got, json *want)
{
	return !matches(found, got, want);
}

static bool op_each(bool found, json *got, json *want)
{
	for (size_t i = 0; j_is(got, json_type_array) && i < json_object_array_length(got); i++)
		if (!matches(true, json_object_array_get_idx(got, i), want))
			return false;
	return found && j_is(got, json_type_array);
}

/* The same elements in any order. */
static bool op_set(bool found, json *got, json *want)
{
	if (!found || !j_is(got, json_type_array) || json_object_array_length(got) != json_object_array_length(want))
		return false;
	return op_contains(true, got, want);
}

/* The elements that are asked for come in this order; others may be between. */
static bool op_order(bool found, json *got, json *want)
{
	size_t at = 0, n = json_object_array_length(want);

	for (size_t i = 0; j_is(got, json_type_array) && at < n && i < json_object_array_length(got); i++)
		if (matches(true, json_object_array_get_idx(got, i), json_object_array_get_idx(want, at)))
			at++;
	return found && at == n;
}

static const struct {
	const char *name;
	bool (*holds)(bool found, json *got, json *want);
} operators[] = {
	{ "equals", op_equals },   { "not", op_not },       { "contains", op_contains }, { "lacks", op_lacks },
	{ "matches", op_matches }, { "absent", op_absent }, { "range", op_range },       { "one_of", op_one_of },
	{ "length", op_length },   { "each", op_each },     { "set", op_set },           { "order", op_order },
};

static int operator_of(const char *name)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (!strcmp(operators[i].name, name))
			return (int)i;
	return -1;
}

/* A plain object asks for its members, each again a value or operators; others may be there. */
static bool matches(bool found, json *got, json *want)
{
	if (!j_is(want, json_type_object) || !json_object_object_length(want))
		return op_equals(found, got, want);
	json_object_object_foreach(want, key, value)
	{
		int op = operator_of(key);
		json *member = NULL;

		if (op >= 0) {
			if (!operators[op].holds(found, got, value))
				return false;
		} else {
			bool there = found && j_find(got, key, &member);

			if (!matches(there, member, value))
				return false;
		}
	}
	return true;
}

bool expect_holds(bool found, json *got, json *want)
{
	return matches(found, got, want);
}

bool expect_is_operator(const char *name)
{
	return operator_of(name) >= 0;
}

static const char *shorten(const char *s)
{
	return strlen(s) > 1500 ? text_of("%.1500s…", s) : s;
}

void expect(struct world *w, const char *where, json *doc, json *expectations)
{
	if (!j_is(expectations, json_type_object))
		return;
	json_object_object_foreach(expectations, key, want)
	{
		json *got = NULL;
		bool found = j_find(doc, key, &got);

		w->asked++;
		if (matches(found, got, want)) {
			if (setup.negate)
				negate_check(w, where, key, found, got, want);
		} else
			problem(w, "%s: %s: got %s, wanted %s", where, key, found ? shorten(j_text(got)) : "nothing",
				j_text(want));
	}
}
