/* SPDX-License-Identifier: Apache-2.0 */
/* create, run and plan: the same document and nearly the same options. */
#include <stddef.h>

#include "cli/activation.h"
#include "cli/command.h"
#include "cli/out.h"

static struct {
	const char *bundle, *config, *console_socket, *pidfd_socket, *pid_file;
	int preserve_fds, format, cgroups;
	bool no_pivot, no_new_keyring, detach, keep, no_subreaper;
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

#define CREATE_DOCUMENT                                                                                          \
	OPT_TEXT('b', "bundle", "DIR", &given.bundle, "directory of the container's files (default: .)"),        \
		OPT_TEXT('f', "config", "FILE", &given.config, "document in the bundle (default: config.json)"), \
		OPT_FLAG(0, "no-pivot", &given.no_pivot, "change the root by chroot, as a ramdisk needs"),       \
		OPT_FLAG(0, "no-new-keyring", &given.no_new_keyring, "keep the session keyring of the caller")

#define CREATE_FILES                                                                                       \
	OPT_TEXT(0, "console-socket", "PATH", &given.console_socket, "socket that receives the terminal"), \
		OPT_TEXT(0, "pidfd-socket", "PATH", &given.pidfd_socket,                                   \
			 "socket that receives a pidfd of the container"),                                 \
		OPT_TEXT(0, "pid-file", "FILE", &given.pid_file, "file to write the process id to"),       \
		OPT_NUMBER(0, "preserve-fds", "N", &given.preserve_fds, "hand on N descriptors more than 0, 1 and 2")

/* What create does without being told: go-runc and callers of crun may pass them. */
#define CREATE_ANYWAY OPT_QUIET('d', "detach", &given.detach, ""), OPT_QUIET(0, "no-subreaper", &given.no_subreaper, "")

const struct opt cmd_create_options[] = {
	CREATE_DOCUMENT,
	CREATE_FILES,
	CREATE_ANYWAY,
	OPT_END,
};

const struct opt cmd_run_options[] = {
	CREATE_DOCUMENT,
	CREATE_FILES,
	OPT_FLAG('d', "detach", &given.detach, "return when the container has started"),
	OPT_FLAG(0, "keep", &given.keep, "do not delete the container when it ends"),
	OPT_FLAG(0, "no-subreaper", &given.no_subreaper, "leave orphans of the container to the caller"),
	OPT_END,
};

const struct opt cmd_plan_options[] = {
	CREATE_DOCUMENT,
	CREATE_FILES,
	CREATE_ANYWAY,
	OPT_WORD(0, "cgroups", "LAYOUT", &plan_cgroups, &given.cgroups,
		 "plan for a host with v1, hybrid or v2 (default: host)"),
	OPT_WORD(0, "format", "FORMAT", &plan_formats, &given.format, "text"),
	OPT_END,
};

static int create_collect(struct masu_create_options *o, struct masu_error *err)
{
	*o = (struct masu_create_options){
		.size = sizeof(*o),
		.bundle = command_text(given.bundle),
		.config = command_text(given.config),
		.console_socket = command_text(given.console_socket),
		.pidfd_socket = command_text(given.pidfd_socket),
		.pid_file = command_text(given.pid_file),
		.preserve_fds = given.preserve_fds,
		.notify_socket = activation_notify_socket(),
		.flags = (given.no_pivot ? MASU_CREATE_NO_PIVOT : 0) |
			 (given.no_new_keyring ? MASU_CREATE_NO_NEW_KEYRING : 0),
	};
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
	o.flags |= (given.detach ? MASU_RUN_DETACH : 0) | (given.keep ? MASU_RUN_KEEP : 0) |
		   (given.no_subreaper ? MASU_RUN_NO_SUBREAPER : 0);
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
