/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a case: prepare, bundles, the steps it names or those that its kind means, nothing left behind. */
#include "cases.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void steps_run(struct world *w, json *steps)
{
	for (size_t i = 0; j_is(steps, json_type_array) && i < json_object_array_length(steps) && !w->failed; i++)
		step_run(w, json_object_array_get_idx(steps, i));
}

static void simple(struct world *w, const char *text)
{
	if (!w->failed)
		step_run(w, j_parse(text));
}

static void with(struct world *w, const char *verb, json *value, const char *extra, json *more)
{
	json *step = json_object_new_object();

	json_object_object_add(step, verb, json_object_get(value));
	if (extra && more)
		json_object_object_add(step, extra, json_object_get(more));
	if (!w->failed)
		step_run(w, step);
}

static const char *said(struct world *w)
{
	char *text = file_text(text_of("%s.err", text_of("%.*s", (int)strlen(j_text(j_get(w->vars, "out"))) - 4,
							 j_text(j_get(w->vars, "out")))));

	return text ? text : "";
}

/* "refuse": true, a JSON pointer, or {"pointer","text","at":"start"}. create (or, when the case allows it, start) fails. */
static void refused(struct world *w, json *v)
{
	const char *pointer = j_is(v, json_type_string) ? json_object_get_string(v) : j_str(v, "pointer", NULL);
	const char *text = j_str(v, "text", NULL);
	struct box *b = box_of(w, "");
	json *step = j_parse("{\"create\":[],\"exit\":null}");

	w->asked++;
	step_run(w, step);
	if (w->failed)
		return;
	if (b->live && !strcmp(j_str(v, "at", "create"), "start"))
		simple(w, "{\"start\":[],\"fails\":true}");
	else if (b->live)
		problem(w, "create: succeeded, wanted an error");
	else {
		if (strstr(said(w), "AddressSanitizer") || strstr(said(w), "panic:"))
			problem(w, "create: crashed: %s", said(w));
		if (setup.is_masu && pointer && !strstr(said(w), pointer))
			problem(w, "create: the error does not name %s: %s", pointer, said(w));
		if (setup.is_masu && text && !strstr(said(w), text))
			problem(w, "create: the error does not say %s: %s", text, said(w));
	}
}

/* Lives long enough to be looked at from outside. */
static void watched(struct world *w, json *c)
{
	simple(w, "{\"create\":[]}");
	with(w, "host", j_get(c, "created"), NULL, NULL);
	simple(w, "{\"start\":[]}");
	with(w, "facts", j_get(c, "expect"), "masu", j_get(c, "masu"));
	with(w, "host", j_get(c, "host"), NULL, NULL);
	simple(w, "{\"kill\":[\"KILL\"]}");
	simple(w, "{\"wait\":\"stopped\"}");
	simple(w, "{\"delete\":[]}");
}

static void ran(struct world *w, json *c)
{
	json *step = j_parse("{\"run\":[]}");
	static const char *const members[] = { "expect", "exit", "masu", "fails" };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (j_has(c, members[i]))
			json_object_object_add(step, members[i], json_object_get(j_get(c, members[i])));
	step_run(w, step);
}

static void bundles(struct world *w, json *c)
{
	json *others = j_get(c, "containers");
	bool watches = !j_has(c, "steps") && (j_has(c, "host") || j_has(c, "created"));
	json *spec = NULL;

	if (w->failed)
		return;
	json_object_deep_copy(c, &spec, NULL);
	if (watches)
		json_object_object_add(spec, "stay", json_object_new_boolean(true));
	if (j_is(others, json_type_object)) {
		json_object_object_foreach(others, name, other)
		{
			bundle_make(w, box_of(w, name), other);
		}
	}
	if (!w->failed)
		bundle_make(w, box_of(w, ""), spec);
}

static void finish(struct world *w)
{
	char *argv[] = {
		(char *)setup.runtime, (char *)"--root", w->state, (char *)"delete", (char *)"--force", NULL, NULL
	};
	bool before = w->failed;

	for (int i = w->boxes_len - 1; i >= 0; i--)
		if (w->boxes[i].live || !access(text_of("%s/%s", w->state, w->boxes[i].id), F_OK)) {
			argv[5] = w->boxes[i].id;
			if (!w->boxes[i].live && !before)
				problem(w, "left behind: %s in the state directory", w->boxes[i].id);
			command_run(w, argv, NULL, "clean", NULL);
			w->boxes[i].live = false;
		}
	/* what a failed case leaves says nothing more */
	if (!w->failed)
		left_check(w);
	left_clean(w);
}

void case_run(struct world *w)
{
	json *c = w->job->doc;

	mkdir(w->dir, 0755);
	mkdir(w->state, 0711);
	left_note(w);
	box_of(w, "");
	steps_run(w, j_get(c, "before"));
	left_note(w);
	bundles(w, c);
	if (w->failed)
		;
	else if (j_has(c, "steps"))
		steps_run(w, j_get(c, "steps"));
	else if (j_has(c, "refuse")) {
		refused(w, j_get(c, "refuse"));
		if (setup.negate && !w->failed)
			negate_refusal(w);
	} else if (j_has(c, "host") || j_has(c, "created"))
		watched(w, c);
	else
		ran(w, c);
	if (setup.negate && !w->failed && !w->asked)
		problem(w, "cannot fail: nothing is expected");
	finish(w);
}
