/* SPDX-License-Identifier: Apache-2.0 */
/* run --negate, the suite's test of itself: whatever a case expects must be able to fail. Each part of an expectation that holds is
 * spoiled, one at a time, and may then hold no more; a refusal must be because of the case's own patch. */
#include "cases.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEVER "\001 never"

static json *spoiled(json *want);

static json *never(void)
{
	return json_object_new_string(NEVER);
}

static json *copied(json *j)
{
	json *copy = NULL;

	json_object_deep_copy(j, &copy, NULL);
	return copy;
}

/* object without a member, or with another value for it */
static json *changed(json *object, const char *key, json *value)
{
	json *copy = copied(object);

	json_object_object_add(copy, key, value);
	return copy;
}

static json *with_never(json *list)
{
	json *copy = copied(list);

	json_object_array_add(copy, never());
	return copy;
}

/* Another value than this one. */
static json *other(json *v)
{
	if (j_is(v, json_type_boolean))
		return json_object_new_boolean(!json_object_get_boolean(v));
	if (j_is(v, json_type_int))
		return json_object_new_int64(json_object_get_int64(v) == 1 ? 77 : 1);
	if (j_is(v, json_type_array))
		return with_never(v);
	if (j_is(v, json_type_object))
		return changed(v, NEVER, never());
	return never();
}

static json *above(json *range)
{
	double top = fabs(json_object_get_double(json_object_array_get_idx(range, 1))) * 2 + 1;
	json *list = json_object_new_array();

	json_object_array_add(list, json_object_new_double(top));
	json_object_array_add(list, json_object_new_double(top));
	return list;
}

/* {"not": X} becomes X, {"lacks": X} becomes {"contains": X}. */
static json *turned(json *want, const char *key, json *value)
{
	json *copy = copied(want);

	json_object_object_del(copy, key);
	if (!strcmp(key, "not")) {
		json *one = json_object_new_array();

		json_object_array_add(one, copied(value));
		json_object_object_add(copy, "one_of", one);
	} else
		json_object_object_add(copy, "contains", copied(value));
	return copy;
}

/* The spoiled forms of one member of an expectation. */
static void spoil_member(json *want, const char *key, json *value, json *out)
{
	json *one = NULL;

	if (!expect_is_operator(key) || !strcmp(key, "each") || !strcmp(key, "length")) {
		json *list = spoiled(value);

		for (size_t i = 0; i < json_object_array_length(list); i++)
			json_object_array_add(out, changed(want, key, copied(json_object_array_get_idx(list, i))));
		return;
	}
	if (!strcmp(key, "not") || !strcmp(key, "lacks"))
		one = turned(want, key, value);
	else if (!strcmp(key, "contains") || !strcmp(key, "matches"))
		one = changed(want, key, never());
	else if (!strcmp(key, "range"))
		one = changed(want, key, above(value));
	else if (!strcmp(key, "one_of"))
		one = changed(want, key, json_object_new_array());
	else
		one = changed(want, key, other(value));
	json_object_array_add(out, one);
}

static json *spoiled(json *want)
{
	json *out = json_object_new_array();

	if (!j_is(want, json_type_object) || !json_object_object_length(want)) {
		json_object_array_add(out, other(want));
		return out;
	}
	json_object_object_foreach(want, key, value) spoil_member(want, key, value, out);
	return out;
}

void negate_check(struct world *w, const char *where, const char *key, bool found, json *got, json *want)
{
	json *list = spoiled(want);

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		json *one = json_object_array_get_idx(list, i);

		if (expect_holds(found, got, one))
			problem(w, "cannot fail: %s: %s: %s holds, and %s too", where, key, j_text(want), j_text(one));
	}
}

/* The same container without what makes it wrong. */
void negate_refusal(struct world *w)
{
	static const char *const own[] = { "patch", "config_text", "files", "under" };
	json *spec = copied(w->job->doc);
	/* it was start that failed */
	bool starts = box_of(w, "")->live;

	if (starts)
		step_run(w, j_parse("{\"delete\":[\"--force\"]}"));
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		json_object_object_del(spec, own[i]);
	if (bundle_make(w, box_of(w, ""), spec))
		step_run(w, j_parse("{\"create\":[]}"));
	if (starts && !w->failed)
		step_run(w, j_parse("{\"start\":[]}"));
	if (w->failed)
		problem(w, "cannot fail: refused without the case's patch too");
	else
		step_run(w, j_parse("{\"delete\":[\"--force\"]}"));
}
