/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the conformance cases against a runtime. RUNTIME selects it (default: the masu of the build directory). Prints TAP. */
#include "cases.h"
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CASE_SECONDS 90

struct setup setup;

/* A process and the case it runs. */
struct slot {
	pid_t pid;
	int job;
	time_t since;
};

struct result {
	const char *word, *why; /* pass, fail, skip; why not */
};

static void result_write(int number, const char *word, const char *why)
{
	json *o = json_object_new_object();

	json_object_object_add(o, "result", json_object_new_string(word));
	json_object_object_add(o, "why", json_object_new_string(why ? why : ""));
	file_write(text_of("%s/%d.result", setup.top, number), j_text(o), -1);
}

static bool isolate(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC) < 0)
		return false;
	return !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

/* The life of the process that runs one case. */
static void run_job(struct job *job)
{
	struct world w = { .job = job };
	json *needs, *layout = j_get(job->variant, "layout");
	const char *lack;

	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	w.vars = json_object_get(job->variant);
	snprintf(w.dir, sizeof(w.dir), "%s/%d", setup.top, job->number);
	snprintf(w.state, sizeof(w.state), "%s/state", w.dir);
	snprintf(w.layout, sizeof(w.layout), "%s", layout ? j_text(layout) : setup.layout);
	var_set(&w, "dir", w.dir);
	var_set(&w, "state", w.state);
	var_set(&w, "layout", w.layout);
	var_set(&w, "runtime", setup.runtime);
	var_set(&w, "probe", setup.probe);
	var_set(&w, "cases", setup.cases);
	var_set(&w, "uid", text_of("%d", (int)geteuid()));
	needs = subst(&w, j_get(job->doc, "needs"));
	if (!isolate()) {
		result_write(job->number, "skip", "needs root");
		_exit(0);
	}
	if (!cgroup_layout_set(w.layout))
		lack = text_of("needs %s", w.layout);
	else
		lack = needs_lack(needs, w.layout);
	if (lack) {
		result_write(job->number, "skip", lack);
		_exit(0);
	}
	case_run(&w);
	lack = j_str(j_get(job->doc, "deviates"), setup.name, NULL);
	if (w.failed && lack) {
		result_write(job->number, "skip", text_of("deviates on purpose: %s", lack));
		_exit(0);
	}
	result_write(job->number, w.failed ? "fail" : "pass", w.why);
	_exit(0);
}

static void remove_tree(const char *path)
{
	char *argv[] = { (char *)"rm", (char *)"-rf", (char *)"--one-file-system", (char *)path, NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static struct result result_of(int number, int status)
{
	json *o = j_load(text_of("%s/%d.result", setup.top, number), NULL);

	if (!o)
		return (struct result){ "fail", text_of("the runner's process ended with %d", status) };
	return (struct result){ j_str(o, "result", "fail"), j_str(o, "why", "") };
}

/* Jobs side by side; what a killed case leaves behind comes to this process and is killed too. */
static void run_all(struct job *jobs, const int *order, int n, int width, struct result *results, void (*done)(int))
{
	struct slot slots[16] = { 0 };
	int next = 0, running = 0;

	while (next < n || running) {
		int status = 0;
		pid_t pid;

		for (int i = 0; i < width && next < n; i++)
			if (!slots[i].pid) {
				fflush(stdout);
				slots[i] = (struct slot){ fork(), order[next], time(NULL) };
				if (slots[i].pid == 0)
					run_job(&jobs[order[next]]);
				next++;
				running++;
			}
		pid = waitpid(-1, &status, WNOHANG);
		if (pid == 0)
			usleep(3000);
		for (int i = 0; i < width; i++) {
			if (slots[i].pid && time(NULL) - slots[i].since > CASE_SECONDS)
				kill(slots[i].pid, SIGKILL);
			if (pid > 0 && slots[i].pid == pid) {
				results[slots[i].job] = result_of(jobs[slots[i].job].number, status);
				if (!setup.keep)
					remove_tree(text_of("%s/%d", setup.top, jobs[slots[i].job].number));
				done(slots[i].job);
				slots[i].pid = 0;
				running--;
			}
		}
	}
}

static struct job *all_jobs;
static struct result *all_results;
static int jobs_len, printed;
static FILE *report;

static const char *ids_of(json *c)
{
	json *ids = j_get(c, "id");
	char *text = text_of("%s", "");

	if (!j_is(ids, json_type_array))
		return j_str(c, "id", "");
	for (size_t i = 0; i < json_object_array_length(ids); i++)
		text = text_of("%s%s%s", text, i ? " " : "", j_text(json_object_array_get_idx(ids, i)));
	return text;
}

static void print_one(int i)
{
	struct job *j = &all_jobs[i];
	struct result *r = &all_results[i];
	char *save = NULL, *why = strdup(r->why);

	if (!strcmp(r->word, "skip"))
		printf("ok %d - %s [%s] # SKIP %s\n", i + 1, j->name, ids_of(j->doc), r->why);
	else
		printf("%s %d - %s [%s]\n", strcmp(r->word, "pass") ? "not ok" : "ok", i + 1, j->name, ids_of(j->doc));
	for (char *l = strtok_r(why, "\n", &save); l && !strcmp(r->word, "fail"); l = strtok_r(NULL, "\n", &save))
		printf("#   %s\n", l);
	fflush(stdout);
}

/* Results are printed in the order of the cases; a failure waits for its second try at the end. */
static void done_first(int i)
{
	(void)i;
	while (printed < jobs_len && all_results[printed].word && strcmp(all_results[printed].word, "fail"))
		print_one(printed++);
}

static void done_again(int i)
{
	(void)i;
}

static void report_one(int i)
{
	struct job *j = &all_jobs[i];
	json *o = json_object_new_object(), *ids = j_get(j->doc, "id");

	json_object_object_add(o, "runtime", json_object_new_string(setup.name));
	json_object_object_add(o, "version", json_object_new_string(setup.version));
	json_object_object_add(o, "layout", json_object_new_string(setup.layout));
	json_object_object_add(o, "property", json_object_new_string(j->property));
	json_object_object_add(o, "file", json_object_new_string(j->file));
	json_object_object_add(o, "ids", json_object_get(ids));
	json_object_object_add(o, "name", json_object_new_string(j->name));
	json_object_object_add(o, "result", json_object_new_string(all_results[i].word));
	json_object_object_add(o, "why", json_object_new_string(all_results[i].why));
	fprintf(report, "%s\n", j_text(o));
}

/* "masu version 0.1.0", "crun version 1.8.1" … */
static void know_runtime(void)
{
	struct world w = { .job = NULL };
	struct done done;
	char *argv[] = { (char *)setup.runtime, (char *)"--version", NULL }, *word, *save = NULL;

	w.vars = json_object_new_object();
	snprintf(w.dir, sizeof(w.dir), "%s", setup.top);
	command_run(&w, argv, NULL, "version", &done);
	if (done.status) {
		fprintf(stderr, "%s --version: exit %d: %s\n", setup.runtime, done.status, done.err);
		exit(2);
	}
	setup.name = "";
	setup.version = "";
	done.out[strcspn(done.out, "\n")] = 0;
	for (word = strtok_r(done.out, " :", &save); word; word = strtok_r(NULL, " :", &save)) {
		if (!*setup.name)
			setup.name = word;
		else if (*word >= '0' && *word <= '9' && !*setup.version)
			setup.version = word;
	}
	setup.is_masu = !strcmp(setup.name, "masu");
}

/* A static busybox is one that runs in an empty root; a program with an interpreter would not. */
static const char *busybox(void)
{
	static const char *const paths[] = { "/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static",
					     "/usr/lib/busybox/busybox-static" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		size_t n = 0;
		char *text = access(paths[i], X_OK) ? NULL : file_bytes(paths[i], &n);

		if (text && n > 4096 && !memmem(text, 4096, "/ld-", 4))
			return paths[i];
	}
	return NULL;
}

static bool copy(const char *from, const char *to)
{
	size_t n;
	char *text = file_bytes(from, &n);
	FILE *f = text ? fopen(to, "we") : NULL;
	bool ok = f && fwrite(text, 1, n, f) == n;

	if (f)
		ok = !fclose(f) && ok;
	return ok && !chmod(to, 0755);
}

static void set_up(const char *argv0)
{
	const char *src = getenv("MASU_SRCDIR"), *build = getenv("MASU_BUILDDIR"), *tmp = getenv("TMPDIR");
	char *self = realpath(argv0, NULL);

	if (self)
		*strrchr(self, '/') = 0;
	setup.cases = src ? text_of("%s/spec-tests/cases", src) : CASES_DIR;
	setup.probe = text_of("%s/in-probe", self);
	setup.runtime = getenv("RUNTIME") && *getenv("RUNTIME")
				? getenv("RUNTIME")
				: text_of("%s/masu", build ? build : text_of("%s/../..", self));
	if (strchr(setup.runtime, '/'))
		setup.runtime = realpath(setup.runtime, NULL) ? realpath(setup.runtime, NULL) : setup.runtime;
	snprintf(setup.top, sizeof(setup.top), "%s/masu-cases.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(setup.top) || chmod(setup.top, 0711) < 0 || !copy(setup.probe, text_of("%s/probe", setup.top))) {
		fprintf(stderr, "%s: %s\n", setup.probe, strerror(errno));
		exit(2);
	}
	setup.busybox = busybox();
	if (setup.busybox)
		copy(setup.busybox, text_of("%s/busybox", setup.top));
	know_runtime();
	/* crun takes a hybrid host for a broken one; it is shown the v1 part of it */
	if (!setup.layout)
		setup.layout = !strcmp(setup.name, "crun") && !strcmp(cgroup_layout_host(), "hybrid")
				       ? "v1"
				       : cgroup_layout_host();
}

static int usage(void)
{
	fprintf(stderr,
		"usage: run [-j N] [-v] [--keep] [--list] [--blind] [--negate] [--report FILE] [--layout v1|v2|hybrid] [CASE…]\n"
		"CASE: area/file, property, id, or a glob of these\n");
	return 2;
}

static int finish(int n)
{
	int failed = 0;

	for (int i = 0; i < n; i++) {
		failed += !strcmp(all_results[i].word, "fail");
		if (report)
			report_one(i);
	}
	if (report)
		fclose(report);
	if (setup.keep)
		fprintf(stderr, "kept: %s\n", setup.top);
	else
		remove_tree(setup.top);
	return failed > 0;
}

static void run_jobs(int width)
{
	int *order = calloc((size_t)jobs_len + 1, sizeof(*order)), again = 0;
	struct result *first;

	for (int i = 0; i < jobs_len; i++)
		order[i] = i;
	run_all(all_jobs, order, jobs_len, width, all_results, done_first);
	first = malloc(sizeof(*first) * ((size_t)jobs_len + 1));
	memcpy(first, all_results, sizeof(*first) * (size_t)jobs_len);
	for (int i = 0; i < jobs_len && width > 1; i++)
		if (!strcmp(first[i].word, "fail")) {
			unlink(text_of("%s/%d.result", setup.top, all_jobs[i].number));
			order[again++] = i;
		}
	run_all(all_jobs, order, again, 1, all_results, done_again);
	while (printed < jobs_len) {
		print_one(printed);
		if (strcmp(first[printed].word, all_results[printed].word))
			printf("# unsteady: failed beside others: %s\n", first[printed].why);
		printed++;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "report", 1, NULL, 'r' }, { "layout", 1, NULL, 'l' },
						 { "keep", 0, NULL, 'k' },   { "list", 0, NULL, 'L' },
						 { "jobs", 1, NULL, 'j' },   { "verbose", 0, NULL, 'v' },
						 { "blind", 0, NULL, 'b' },  { "negate", 0, NULL, 'n' },
						 { NULL, 0, NULL, 0 } };
	int c, width = (int)sysconf(_SC_NPROCESSORS_ONLN), status;
	bool list = false;

	while ((c = getopt_long(argc, argv, "j:v", options, NULL)) != -1)
		switch (c) {
		case 'r':
			report = fopen(optarg, "we");
			break;
		case 'l':
			setup.layout = optarg;
			break;
		case 'k':
			setup.keep = true;
			break;
		case 'n':
			setup.negate = true;
			break;
		case 'b':
			setup.blind = true;
			break;
		case 'L':
			list = true;
			break;
		case 'j':
			width = atoi(optarg);
			break;
		case 'v':
			setup.verbose = true;
			break;
		default:
			return usage();
		}
	width = width < 1 ? 1 : width > 16 ? 16 : width;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	set_up(argv[0]);
	jobs_len = jobs_load(&all_jobs, argc - optind, argv + optind);
	all_results = calloc((size_t)jobs_len + 1, sizeof(*all_results));
	if (list)
		for (int i = 0; i < jobs_len; i++)
			printf("%s [%s]\n", all_jobs[i].name, ids_of(all_jobs[i].doc));
	else {
		printf("1..%d\n# %s %s, cgroups %s\n", jobs_len, setup.name, setup.version, setup.layout);
		run_jobs(width);
	}
	status = list ? 0 : finish(jobs_len);
	if (list)
		remove_tree(setup.top);
	return status;
}
