/* SPDX-License-Identifier: Apache-2.0 */
/* exec: one more process in a container. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cli/activation.h"
#include "cli/command.h"
#include "cli/document.h"
#include "cli/fail.h"
#include "cli/report.h"

/* What engines know a failure of the runtime by: a process could end with 1 itself. */
#define EXEC_FAILED 255

static struct {
	const char *process, *cwd, *user, *console_socket, *pidfd_socket, *pid_file, *apparmor, *process_label;
	struct opt_list env, gids, cap, cgroup;
	int preserve_fds;
	bool tty, no_new_privs;
	unsigned flags;
} given;

const struct opt cmd_exec_options[] = {
	OPT_TEXT('p', "process", "FILE", &given.process, "read the process from a JSON file; - is stdin"),
	OPT_TEXT(0, "cwd", "DIR", &given.cwd, "working directory in the container"),
	OPT_LIST('e', "env", "KEY=VALUE", &given.env, "set an environment variable; may be repeated"),
	OPT_FLAG('t', "tty", &given.tty, "give the process a terminal"),
	OPT_TEXT('u', "user", "UID[:GID]", &given.user, "user and group, numbers only"),
	OPT_LIST('g', "additional-gids", "GID", &given.gids, "one more group; may be repeated"),
	OPT_BITS('d', "detach", &given.flags, MASU_RUN_DETACH, "return when the process has started"),
	OPT_TEXT(0, "pid-file", "FILE", &given.pid_file, "file to write the process id to"),
	OPT_TEXT(0, "console-socket", "PATH", &given.console_socket, "socket that receives the terminal"),
	OPT_TEXT(0, "pidfd-socket", "PATH", &given.pidfd_socket, "socket that receives a pidfd of the process"),
	OPT_LIST('c', "cap", "CAP", &given.cap, "add a capability; may be repeated"),
	OPT_FLAG(0, "no-new-privs", &given.no_new_privs, "the process can gain no privileges"),
	OPT_TEXT(0, "apparmor", "PROFILE", &given.apparmor, "AppArmor profile of the process"),
	OPT_TEXT(0, "process-label", "LABEL", &given.process_label, "SELinux label of the process"),
	OPT_LIST(0, "cgroup", "PATH", &given.cgroup, "cgroup below that of the container; also CONTROLLER:PATH (v1)"),
	OPT_NUMBER(0, "preserve-fds", "N", &given.preserve_fds, "hand on N descriptors more than 0, 1 and 2"),
	OPT_BITS(0, "ignore-paused", &given.flags, MASU_EXEC_IGNORE_PAUSED, "go on in a paused container"),
	OPT_END,
};

/* Names are never looked up: the container's passwd file is not to be trusted with who a number is. */
static int exec_check_user(const char *user, struct masu_error *err)
{
	char copy[32];
	uint32_t id;
	char *colon;

	/* Not command_text: an empty one, of a variable that was not set, must not quietly become the user of the document. */
	if (!user)
		return 0;
	if (strlen(user) >= sizeof(copy))
		return fail_usage(err, "option `--user`: `%s`: expected UID or UID:GID", user);
	strcpy(copy, user);
	colon = strchr(copy, ':');
	if (colon)
		*colon = '\0';
	if (parse_id(copy, &id) < 0 || (colon && parse_id(colon + 1, &id) < 0))
		return fail_usage(err, "option `--user`: `%s`: expected UID or UID:GID, each from 0 to 4294967294",
				  user);
	return 0;
}

static int exec_check(int n_args, struct masu_error *err)
{
	if (!command_text(given.process) && n_args < 2)
		return fail_usage(err, "exec: expected a command behind the container id, or --process");
	if (command_text(given.process) && n_args > 1)
		return fail_usage(err, "exec: `--process` and a command exclude each other");
	for (size_t i = 0; i < given.env.n; i++) {
		const char *eq = strchr(given.env.v[i], '=');

		if (!eq || eq == given.env.v[i])
			return fail_usage(err, "option `--env`: `%s`: expected KEY=VALUE", given.env.v[i]);
	}
	for (size_t i = 0; i < given.cgroup.n; i++)
		if (strchr(given.cgroup.v[i], '\n'))
			return fail_usage(err, "option `--cgroup`: a path has no line break");
	return exec_check_user(given.user, err);
}

static int exec_parse_gids(uint32_t **ret, struct masu_error *err)
{
	autofree uint32_t *gids = NULL;

	if (given.gids.n == 0)
		return 0;
	gids = calloc(given.gids.n, sizeof(*gids));
	if (!gids)
		return fail_set(err, ENOMEM, "read options: out of memory");
	for (size_t i = 0; i < given.gids.n; i++)
		if (parse_id(given.gids.v[i], &gids[i]) < 0)
			return fail_usage(err,
					  "option `--additional-gids`: `%s`: expected a number from 0 to 4294967294",
					  given.gids.v[i]);
	*ret = take_ptr(&gids);
	return 0;
}

static int exec_collect(struct masu_exec_options *o, char **args, const struct buf *document, const uint32_t *gids,
			struct buf *cgroups, struct masu_error *err)
{
	bool has_document = command_text(given.process);

	for (size_t i = 0; i < given.cgroup.n; i++)
		buf_addf(cgroups, "%s%s", i ? "\n" : "", given.cgroup.v[i]);
	if (cgroups->error)
		return fail_set(err, ENOMEM, "read options: out of memory");
	*o = (struct masu_exec_options){
		.size = sizeof(*o),
		.process_json = !has_document    ? NULL
				: document->data ? document->data
						 : "",
		.process_json_len = document->len,
		.args = has_document ? NULL : args + 1,
		.cwd = command_text(given.cwd),
		.env = given.env.v,
		.user = given.user,
		.additional_gids = gids,
		.additional_gids_len = given.gids.n,
		.cap = given.cap.v,
		.apparmor = command_text(given.apparmor),
		.process_label = command_text(given.process_label),
		.cgroup = command_text(cgroups->data),
		.tty = given.tty,
		.no_new_privs = given.no_new_privs,
		.preserve_fds = given.preserve_fds,
		.console_socket = command_text(given.console_socket),
		.pidfd_socket = command_text(given.pidfd_socket),
		.pid_file = command_text(given.pid_file),
		.flags = given.flags,
	};
	return activation_fds(&o->listen_fds, &o->listen_fdnames, err);
}

int cmd_exec(struct program *p, char **args, int n_args, struct masu_error *err)
{
	AUTO(buf_done) struct buf document = { 0 }, cgroups = { 0 };
	autofree uint32_t *gids = NULL;
	struct masu_exec_options o;
	int r = exec_check(n_args, err);

	if (r == 0)
		r = exec_parse_gids(&gids, err);
	if (r < 0)
		return r;
	if (command_text(given.process))
		r = document_read(given.process, "process document", &document, err);
	if (r == 0)
		r = exec_collect(&o, args, &document, gids, &cgroups, err);
	if (r == 0)
		r = program_runtime(p, err);
	if (r == 0)
		r = masu_exec(p->rt, args[0], &o, err);
	if (r >= 0)
		return r;
	report_error(err);
	return EXEC_FAILED;
}
