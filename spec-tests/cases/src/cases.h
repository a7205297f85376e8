/* SPDX-License-Identifier: Apache-2.0 */
/* The runner of the conformance cases: what its files share. One process per case; what a case makes lives in its own
 * directory, mount, network, UTS and IPC namespace. */
#ifndef CASES_H
#define CASES_H
#include "doc.h"
#include <stdarg.h>
#include <stdio.h>
#include <sys/types.h>

/* What holds for the whole run. */
struct setup {
	const char *runtime, *name, *version; /* the program, "masu", "0.1.0" */
	const char *cases, *probe;            /* directory of the cases, the probe's program */
	const char *busybox;                  /* NULL when there is none */
	const char *layout;                   /* v1, v2, hybrid: what the host has or --layout */
	char top[256];                        /* scratch directory of this run */
	bool is_masu, keep, verbose, negate;
	bool blind; /* the property that a case is about is taken out of its documents: it must fail then */
};
extern struct setup setup;

/* One case with the values of its variant put in. */
struct job {
	char name[512];
	const char *file, *property;
	json *doc, *variant; /* the case; {"NAME": value} of "for" */
	int number;
};

/* A container of a case. */
struct box {
	char name[32], id[64], bundle[512], out[600];
	bool live; /* created and not deleted */
	pid_t pid;
};

#define BOXES_MAX 6
struct world {
	struct job *job;
	char dir[400], layout[16], state[512];
	struct box boxes[BOXES_MAX];
	int boxes_len, steps;
	pid_t helpers[16];
	int helpers_len;
	json *vars;
	json *config; /* of the box that was configured last */
	char *mounts_before, *links_before;
	int asked; /* expectations that were looked at */
	bool failed;
	char *why; /* a line per problem */
};

/* Notes a problem; the case has failed. */
void problem(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *text_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The file's bytes, NUL after them; NULL with errno. */
char *file_text(const char *path);
char *file_bytes(const char *path, size_t *size);
bool file_write(const char *path, const char *text, int mode);
void make_dirs(const char *path);

/* needs.c: NULL, or why the words (an array) are not fulfilled. */
const char *needs_lack(json *words, const char *layout);
bool has_controller(const char *name, const char *layout);
bool cgroup_layout_set(const char *layout);
const char *cgroup_layout_host(void);

/* subst.c: value with each ${…} replaced; problems are noted. */
json *subst(struct world *w, json *value);
const char *subst_text(struct world *w, const char *s);
void var_set(struct world *w, const char *name, const char *text);

/* expect.c: notes each expectation that doc does not meet, after the words of where. */
void expect(struct world *w, const char *where, json *doc, json *expectations);
bool expect_holds(bool found, json *got, json *want);
bool expect_is_operator(const char *name);

/* negate.c: notes what cannot fail; creates the refused container once more, without the case's patch. */
void negate_check(struct world *w, const char *where, const char *key, bool found, json *got, json *want);
void negate_refusal(struct world *w);

/* bundle.c */
struct box *box_of(struct world *w, const char *name);
bool bundle_make(struct world *w, struct box *b, json *spec);
bool files_make(struct world *w, const char *dir, json *files);

/* command.c */
struct done {
	int status; /* exit status, 128 + signal, or -1 when it did not end in time */
	char *out, *err;
};
/* Runs argv (with the circumstances "under"); its streams go to files named after tag. The doc of what came out:
 * {"exit","stdout","stderr"} and, when stdout is a JSON object, its members. */
json *command_run(struct world *w, char **argv, json *under, const char *tag, struct done *done);
pid_t helper_start(struct world *w, char **argv);

/* host.c: {"cgroup:FILE": …} and the like against what the host's side says. */
void host_check(struct world *w, struct box *b, json *expectations);
json *host_probe(struct world *w, const char *word);
const char *cgroup_path(struct box *b, const char *controller, char *out, size_t size);

/* around.c: namespaces, consoles, mounts and files that a case prepares outside. False when v is no such step. */
bool around_step(struct world *w, const char *verb, json *v, json *step);

/* agent.c: listens for what a runtime sends about a filter that notifies. */
void agent_make(struct world *w, json *v);

/* life.c, steps.c */
void case_run(struct world *w);
void step_run(struct world *w, json *step);

/* left.c: what is still there although no container should be. */
void left_note(struct world *w);
void left_check(struct world *w);
void left_clean(struct world *w);

/* jobs.c: reads the files, makes variants, keeps those that match the words. */
int jobs_load(struct job **jobs, int words_len, char **words);
#endif
