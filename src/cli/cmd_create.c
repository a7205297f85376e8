/* SPDX-License-Identifier: Apache-2.0 */
/* create, run and plan: the same document and nearly the same options. */
#include <stddef.h>

#include "cli/activation.h"
#include "cli/command.h"
#include "cli/create_given.h"
#include "cli/out.h"

static struct {
	struct create_given create;
	int preserve_fds, format, cgroups;
	bool anyway;
} given;

static const struct word plan_format_words[] = { { "text", MASU_PLAN_TEXT } };
static const struct vocab plan_formats = { "format", plan_format_words, 1 };
static const struct word plan_cgroups_words[] = {
	{ "host", MASU_PLAN_CGROUPS_HOST },
	{ "v1", MASU_PLAN_CGROUPS_V1 },
	{ "hybrid", MASU_PLAN_CGROUPS_HYBRID },
	{ "v2", MASU_PLAN_CGROUPS_V2 },
};
static const struct vocab plan_cgroups = { "cgroup layout", plan_cgroups_words, 4 };

#define CREATE_ROWS                                                                 \
	CREATE_ROWS_DOCUMENT(given.create),                                         \
		OPT_BITS(0, "no-pivot", &given.create.flags, MASU_CREATE_NO_PIVOT,  \
			 "change the root by chroot, as a ramdisk needs"),          \
		CREATE_ROWS_KEYRING(given.create), CREATE_ROWS_FILES(given.create), \
		OPT_NUMBER(0, "preserve-fds", "N", &given.preserve_fds, "hand on N descriptors more than 0, 1 and 2")

/* What create does without being told: go-runc and callers of crun may pass them. */
#define CREATE_ANYWAY OPT_QUIET('d', "detach", &given.anyway, ""), OPT_QUIET(0, "no-subreaper", &given.anyway, "")

const struct opt cmd_create_options[] = {
	CREATE_ROWS,
	CREATE_ANYWAY,
	OPT_END,
};

const struct opt cmd_run_options[] = {
	CREATE_ROWS,
	CREATE_ROWS_RUN(given.create),
	OPT_END,
};

const struct opt cmd_plan_options[] = {
	CREATE_ROWS,
	CREATE_ANYWAY,
	OPT_WORD(0, "cgroups", "LAYOUT", &plan_cgroups, &given.cgroups,
		 "plan for a host with v1, hybrid or v2 (default: host)"),
	OPT_WORD(0, "format", "FORMAT", &plan_formats, &given.format, "text"),
	OPT_END,
};

static int create_collect(struct masu_create_options *o, struct masu_error *err)
{
	create_given_fill(&given.create, o);
	o->preserve_fds = given.preserve_fds;
	o->notify_socket = activation_notify_socket();
	return activation_fds(&o->listen_fds, &o->listen_fdnames, err);
}

int cmd_create(struct program *p, char **args, int n_args, struct masu_error *err)
{
	struct masu_create_options o;
	int r = create_collect(&o, err);

	(void)n_args;
	if (r == 0)
		r = program_runtime(p, err);
	return r < 0 ? r : masu_create(p->rt, args[0], &o, err);
}

int cmd_run(struct program *p, char **args, int n_args, struct masu_error *err)
{
	struct masu_create_options o;
	int r = create_collect(&o, err);

	(void)n_args;
	if (r == 0)
		r = program_runtime(p, err);
	return r < 0 ? r : masu_run(p->rt, args[0], &o, err);
}

int cmd_plan(struct program *p, char **args, int n_args, struct masu_error *err)
{
	struct masu_create_options o;
	int r = create_collect(&o, err);

	if (r == 0)
		r = program_runtime(p, err);
	o.plan_cgroups = given.cgroups;
	return r < 0 ? r : masu_plan(p->rt, n_args ? args[0] : "plan", &o, given.format, out_write, NULL, err);
}
