/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a case: one verb each, with what it must lead to. */
#include "cases.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX 64

struct verb {
	const char *name;
	bool bundle; /* takes --bundle and --pid-file */
	bool after;  /* words of the case come after the id (kill ID SIGNAL) */
};

static const struct verb verbs[] = {
	{ "create", true, false },  { "run", true, false },     { "start", false, false },  { "state", false, false },
	{ "kill", false, true },    { "delete", false, false }, { "pause", false, false },  { "resume", false, false },
	{ "update", false, false }, { "ps", false, true },      { "events", false, false }, { "exec", false, true },
};

static const struct verb *verb_of(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static bool has_text(json *list, const char *text)
{
	for (size_t i = 0; j_is(list, json_type_array) && i < json_object_array_length(list); i++)
		if (!strcmp(j_text(json_object_array_get_idx(list, i)), text))
			return true;
	return false;
}

static void add_words(char **argv, int *n, json *words)
{
	for (size_t i = 0; j_is(words, json_type_array) && i < json_object_array_length(words) && *n < ARGS_MAX - 1;
	     i++)
		argv[(*n)++] = (char *)j_text(json_object_array_get_idx(words, i));
}

static struct box *box_for(struct world *w, json *step)
{
	struct box *b = box_of(w, j_str(step, "on", ""));

	var_set(w, "id", b->id);
	var_set(w, "bundle", b->bundle);
	var_set(w, "rootfs", text_of("%s/rootfs", b->bundle));
	if (b->pid)
		var_set(w, "pid", text_of("%d", b->pid));
	return b;
}

/* Exit status 0 unless the step says "fails" or "exit"; then "expect" and, for masu, "masu". */
static void judge(struct world *w, const char *what, json *step, json *doc)
{
	long status = j_int(doc, "exit", -1);
	const char *err = j_str(doc, "stderr", "");

	if (status == -1)
		problem(w, "%s: no end in time", what);
	else if (j_true(step, "fails")) {
		w->asked++;
		if (status == 0)
			problem(w, "%s: succeeded, wanted an error", what);
		if (status == 127 || (status > 128 && status < 160))
			problem(w, "%s: ended with status %ld, wanted an error: %s", what, status, err);
	} else if (!j_has(step, "exit") && status)
		problem(w, "%s: exit %ld: %s%.1000s", what, status, err, *err ? "" : j_str(doc, "stdout", ""));
	if (w->failed)
		return;
	if (j_has(step, "exit") && j_get(step, "exit")) {
		json *want = json_object_new_object();

		json_object_object_add(want, "exit", json_object_get(j_get(step, "exit")));
		expect(w, what, doc, want);
	}
	expect(w, what, doc, j_get(step, "expect"));
	if (setup.is_masu)
		expect(w, what, doc, j_get(step, "masu"));
}

/* "exec" takes {"process": patch of the process, "probe" or "args", "options": words before the id}. */
static const char *exec_document(struct world *w, json *v)
{
	const char *path = text_of("%s/process-%d.json", w->dir, w->steps + 1), *why = NULL;
	json *process = j_patched(j_get(w->config, "process"), j_get(v, "process"), &why), *args = j_get(v, "args");

	if (j_has(v, "probe")) {
		args = json_object_new_array();
		json_object_array_add(args, json_object_new_string("/bin/probe"));
		for (size_t i = 0; i < json_object_array_length(j_get(v, "probe")); i++)
			json_object_array_add(args, json_object_get(json_object_array_get_idx(j_get(v, "probe"), i)));
	}
	if (args)
		json_object_object_add(process, "args", json_object_get(args));
	file_write(path, j_text(process), 0644);
	return path;
}

static void after_create(struct world *w, struct box *b, bool started)
{
	char *text = file_text(text_of("%s/%s.pid", w->dir, b->id));
	char path[1024];

	b->live = true;
	b->pid = text ? (pid_t)atoi(text) : 0;
	snprintf(b->out, sizeof(b->out), "%s", j_text(j_get(w->vars, "out")));
	var_set(w, "pid", text_of("%d", b->pid));
	var_set(w, "output", b->out);
	(void)started;
	cgroup_path(b, "memory", path, sizeof(path));
}

static void runtime_step(struct world *w, const struct verb *verb, json *v, json *step)
{
	struct box *b = box_for(w, step);
	json *under = j_get(step, "under") ? j_get(step, "under") : subst(w, j_get(w->job->doc, "under"));
	char *argv[ARGS_MAX] = { (char *)setup.runtime, (char *)"--root", w->state };
	bool creates = verb->bundle && (strcmp(verb->name, "run") || has_text(v, "--detach"));
	int n = 3;
	json *doc;

	add_words(argv, &n, j_get(step, "global"));
	argv[n++] = (char *)verb->name;
	if (verb->bundle) {
		argv[n++] = (char *)"--bundle";
		argv[n++] = b->bundle;
		argv[n++] = (char *)"--pid-file";
		argv[n++] = text_of("%s/%s.pid", w->dir, b->id);
	}
	if (!strcmp(verb->name, "exec")) {
		argv[n++] = (char *)"--process";
		argv[n++] = (char *)exec_document(w, v);
		add_words(argv, &n, j_get(v, "options"));
		argv[n++] = b->id;
	} else {
		if (!verb->after)
			add_words(argv, &n, v);
		argv[n++] = b->id;
		if (verb->after)
			add_words(argv, &n, v);
	}
	doc = command_run(w, argv, under, verb->name, NULL);
	if (creates && j_int(doc, "exit", -1) == 0)
		after_create(w, b, false);
	if (!strcmp(verb->name, "delete") && j_int(doc, "exit", -1) == 0)
		b->live = false;
	judge(w, verb->name, step, doc);
	if (!strcmp(verb->name, "state"))
		expect(w, "state", doc, v);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Until the container is in this state. */
static void wait_step(struct world *w, struct box *b, const char *status)
{
	char *argv[] = { (char *)setup.runtime, (char *)"--root", w->state, (char *)"state", b->id, NULL };
	double end = now() + 10;
	json *doc;

	do {
		doc = command_run(w, argv, NULL, "wait", NULL);
		if (!strcmp(j_str(doc, "status", ""), status))
			return;
		usleep(10000);
	} while (now() < end);
	problem(w, "the container's status is %s, wanted %s", j_str(doc, "status", "none"), status);
}

/* The object that the probe printed as line number "line". */
static json *facts_of(const char *path, long line)
{
	double end = now() + 10;

	do {
		char *text = file_text(path), *s = text, *newline;

		for (long i = 0; s && i < line; i++)
			s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL;
		newline = s ? strchr(s, '\n') : NULL;
		if (newline) {
			*newline = 0;
			return j_parse(s);
		}
		usleep(5000);
	} while (now() < end);
	return NULL;
}

static void facts_step(struct world *w, json *v, json *step)
{
	struct box *b = box_for(w, step);
	const char *path = j_str(step, "from", b->out);
	json *doc = facts_of(path, j_int(step, "line", 0));

	if (!doc)
		problem(w, "no facts came from the container: %s", file_text(path) ? file_text(path) : "");
	else
		expect(w, "inside", doc, v);
	if (doc && setup.is_masu)
		expect(w, "inside", doc, j_get(step, "masu"));
}

/* Host expectations that become true within five seconds. */
static void until_step(struct world *w, struct box *b, json *v)
{
	double end = now() + 5;
	bool failed = w->failed;
	char *why = w->why;

	for (;;) {
		host_check(w, b, v);
		if (w->failed == failed || now() > end)
			return;
		w->failed = failed;
		w->why = why;
		usleep(20000);
	}
}

/* config.json of the container as it lies there now, changed. */
static void edit_step(struct world *w, struct box *b, json *v)
{
	const char *path = text_of("%s/config.json", b->bundle), *why = NULL;
	json *config = j_patched(j_load(path, &why), v, &why);

	if (config)
		file_write(path, j_text(config), -1);
	else
		problem(w, "edit: %s", why);
}

/* "raw": words after the runtime's name and --root. */
static void raw_step(struct world *w, json *v, json *step)
{
	char *argv[ARGS_MAX] = { (char *)setup.runtime, (char *)"--root", w->state };
	int n = 3;

	box_for(w, step);
	add_words(argv, &n, v);
	judge(w, j_text(v), step, command_run(w, argv, j_get(step, "under"), "raw", NULL));
}

static bool is_detail(const char *key)
{
	static const char *const names[] = { "on",   "fails", "exit", "expect",     "masu",   "under",
					     "from", "line",  "text", "background", "global", "note" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], key))
			return true;
	return false;
}

void step_run(struct world *w, json *step)
{
	struct box *b = box_for(w, step);
	const struct verb *verb;

	step = subst(w, step);
	json_object_object_foreach(step, key, v)
	{
		if (is_detail(key))
			continue;
		verb = verb_of(key);
		if (verb)
			runtime_step(w, verb, v, step);
		else if (!strcmp(key, "wait"))
			wait_step(w, b, j_text(v));
		else if (!strcmp(key, "facts"))
			facts_step(w, v, step);
		else if (!strcmp(key, "host"))
			host_check(w, b, v);
		else if (!strcmp(key, "until"))
			until_step(w, b, v);
		else if (!strcmp(key, "edit"))
			edit_step(w, b, v);
		else if (!strcmp(key, "raw"))
			raw_step(w, v, step);
		else if (!strcmp(key, "bundle"))
			bundle_make(w, b, v);
		else if (!around_step(w, key, v, step))
			problem(w, "the case has a step `%s`, which is nothing", key);
		return;
	}
}
