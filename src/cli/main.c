/* SPDX-License-Identifier: Apache-2.0 */
/* The program masu: one table of commands and the options that stand before them. Every effect is a call of the
 * public library; what a command does with its options is in cmd_*.c. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "cli/command.h"
#include "cli/fail.h"
#include "cli/help.h"
#include "cli/out.h"
#include "cli/report.h"

static const struct command commands[] = {
	{ .name = "create",
	  .fn = cmd_create,
	  .options = cmd_create_options,
	  .synopsis = "[OPTION]... ID",
	  .summary = "Make a container that waits for its start",
	  .min_args = 1,
	  .max_args = 1,
	  .creates = true },
	{ .name = "start",
	  .fn = cmd_start,
	  .synopsis = "ID",
	  .summary = "Start the program of a created container",
	  .min_args = 1,
	  .max_args = 1 },
	{ .name = "run",
	  .fn = cmd_run,
	  .options = cmd_run_options,
	  .synopsis = "[OPTION]... ID",
	  .summary = "Create and start a container, wait for it, delete it",
	  .min_args = 1,
	  .max_args = 1,
	  .creates = true,
	  .more = "The exit code is that of the container, or 128 and the number of the signal that ended it." },
	{ .name = "exec",
	  .fn = cmd_exec,
	  .options = cmd_exec_options,
	  .synopsis = "[OPTION]... ID [COMMAND [ARGUMENT]...]",
	  .summary = "Run one more process in a container",
	  .min_args = 1,
	  .max_args = -1,
	  .has_command_line = true,
	  .more = "The process is a command line, or that of --process. The exit code is that of the process,\n"
		  "128 and the number of the signal that ended it, or 255 when it could not be run." },
	{ .name = "state",
	  .fn = cmd_state,
	  .synopsis = "ID",
	  .summary = "Print the state of a container as JSON",
	  .min_args = 1,
	  .max_args = 1 },
	{ .name = "list",
	  .fn = cmd_list,
	  .options = cmd_list_options,
	  .synopsis = "[OPTION]...",
	  .summary = "List the containers" },
	{ .name = "kill",
	  .fn = cmd_kill,
	  .options = cmd_kill_options,
	  .synopsis = "[OPTION]... ID [SIGNAL]",
	  .summary = "Send a signal to a container",
	  .min_args = 1,
	  .max_args = 2,
	  .more = "The signal is a name, with or without SIG, or a number; TERM when it is absent." },
	{ .name = "delete",
	  .fn = cmd_delete,
	  .options = cmd_delete_options,
	  .synopsis = "[OPTION]... ID",
	  .summary = "Remove a container that has ended",
	  .min_args = 1,
	  .max_args = 1 },
	{ .name = "pause",
	  .fn = cmd_pause,
	  .synopsis = "ID",
	  .summary = "Stop the processes of a container",
	  .min_args = 1,
	  .max_args = 1 },
	{ .name = "resume",
	  .fn = cmd_resume,
	  .synopsis = "ID",
	  .summary = "Let the processes of a paused container go on",
	  .min_args = 1,
	  .max_args = 1 },
	{ .name = "update",
	  .fn = cmd_update,
	  .options = cmd_update_options,
	  .synopsis = "[OPTION]... ID",
	  .summary = "Change the limits of a container",
	  .min_args = 1,
	  .max_args = 1,
	  .more = "Sizes may end in k, m, g or t. What is not given stays as it is." },
	{ .name = "mounts",
	  .fn = cmd_mounts,
	  .synopsis = "add|remove ID FILE",
	  .summary = "Change the mounts of a container that runs",
	  .max_args = 3,
	  .more = "FILE has an array of mounts as in config.json; - is stdin. Either all are changed or none." },
	{ .name = "ps",
	  .fn = cmd_ps,
	  .options = cmd_ps_options,
	  .synopsis = "[OPTION]... ID [PS-OPTION]...",
	  .summary = "List the processes of a container",
	  .min_args = 1,
	  .max_args = -1,
	  .has_tail = true,
	  .more = "The table is that of ps(1), with -ef or what follows the id, and needs a column PID." },
	{ .name = "events",
	  .fn = cmd_events,
	  .options = cmd_events_options,
	  .synopsis = "[OPTION]... ID...",
	  .summary = "Print statistics and out-of-memory reports as JSON",
	  .max_args = -1,
	  .more = "Ends with the last of the containers. On cgroup v1 one shortage of memory may be reported several times." },
	{ .name = "checkpoint",
	  .fn = cmd_checkpoint,
	  .options = cmd_checkpoint_options,
	  .synopsis = "[OPTION]... ID",
	  .summary = "Save a running container to images and delete it",
	  .min_args = 1,
	  .max_args = 1,
	  .more = "Needs criu. Its log is dump.log in the directory of --work-path." },
	{ .name = "restore",
	  .fn = cmd_restore,
	  .options = cmd_restore_options,
	  .synopsis = "[OPTION]... ID",
	  .summary = "Run a container from the images of a checkpoint",
	  .min_args = 1,
	  .max_args = 1,
	  .creates = true,
	  .more = "Needs criu. Its log is restore.log in the directory of --work-path. The exit code is that of run." },
	{ .name = "spec",
	  .fn = cmd_spec,
	  .options = cmd_spec_options,
	  .synopsis = "[OPTION]...",
	  .summary = "Write a new config.json to begin with" },
	{ .name = "features", .fn = cmd_features, .synopsis = "", .summary = "Print what this runtime can do as JSON" },
	{ .name = "plan",
	  .fn = cmd_plan,
	  .options = cmd_plan_options,
	  .synopsis = "[OPTION]... [ID]",
	  .summary = "Print what create would do, and do nothing",
	  .max_args = 1,
	  .creates = true },
	{ .name = "help",
	  .fn = cmd_help,
	  .options = cmd_help_options,
	  .synopsis = "[COMMAND]",
	  .summary = "Print the help of masu or of one command",
	  .max_args = 1 },
};

static const struct word log_format_words[] = { { "text", REPORT_TEXT }, { "json", REPORT_JSON } };
static const struct vocab log_formats = { "log format", log_format_words, ARRAY_SIZE(log_format_words) };

static const struct word log_level_words[] = {
	{ "error", 0 }, { "warning", 1 }, { "warn", 1 }, { "info", 2 }, { "debug", 3 }, { "trace", 4 },
};
static const struct vocab log_levels = { "log level", log_level_words, ARRAY_SIZE(log_level_words) };

static const struct word rootless_words[] = {
	{ "true", MASU_ROOTLESS_TRUE },   { "t", MASU_ROOTLESS_TRUE },  { "1", MASU_ROOTLESS_TRUE },
	{ "false", MASU_ROOTLESS_FALSE }, { "f", MASU_ROOTLESS_FALSE }, { "0", MASU_ROOTLESS_FALSE },
	{ "auto", MASU_ROOTLESS_AUTO },   { "", MASU_ROOTLESS_AUTO },
};
static const struct vocab rootless_choices = { "choice", rootless_words, ARRAY_SIZE(rootless_words) };

static const struct word cgroup_manager_words[] = {
	{ "cgroupfs", MASU_CGROUP_CGROUPFS },
	{ "systemd", MASU_CGROUP_SYSTEMD },
	{ "disabled", MASU_CGROUP_DISABLED },
};
static const struct vocab cgroup_managers = { "cgroup manager", cgroup_manager_words,
					      ARRAY_SIZE(cgroup_manager_words) };

static struct program program = { .cgroup_manager = -1 };
static struct report_options log_options;
static struct opt_list allowed_annotations;
static bool asked_debug, asked_version, asked_help, asked_usage;

static const struct opt program_options[] = {
	OPT_TEXT(0, "root", "DIR", &program.root, "directory for the state of containers"),
	OPT_TEXT(0, "log", "DEST", &log_options.dest, "[file:]PATH, journald:IDENT or syslog:IDENT (default: stderr)"),
	OPT_WORD(0, "log-format", "FORMAT", &log_formats, &log_options.format, "text (default) or json"),
	OPT_WORD(0, "log-level", "LEVEL", &log_levels, &log_options.level,
		 "error (default), warning, info, debug or trace"),
	OPT_FLAG(0, "debug", &asked_debug, "the same as --log-level debug"),
	OPT_WORD(0, "rootless", "CHOICE", &rootless_choices, &program.rootless, "true, false or auto (default)"),
	OPT_WORD(0, "cgroup-manager", "NAME", &cgroup_managers, &program.cgroup_manager,
		 "cgroupfs (default), systemd or disabled"),
	OPT_LIST(0, "allow-annotation", "PATTERN", &allowed_annotations,
		 "annotations that may give a container more rights, e.g. run.oci.hooks.* (repeatable)"),
	OPT_FLAG(0, "systemd-cgroup", &program.systemd_cgroup, "the same as --cgroup-manager systemd"),
	OPT_FLAG('v', "version", &asked_version, "show the version"),
	OPT_QUIET('V', "version", &asked_version, ""),
	OPT_END,
};

static const struct opt help_options[] = {
	OPT_FLAG('h', "help", &asked_help, "show this text"),
	OPT_QUIET('?', "help", &asked_help, ""),
	OPT_QUIET(0, "usage", &asked_usage, ""),
	OPT_END,
};

const char *command_text(const char *value)
{
	return value && *value ? value : NULL;
}

const struct command *program_command(const struct program *p, const char *name)
{
	for (size_t i = 0; i < p->commands_len; i++)
		if (strcmp(p->commands[i].name, name) == 0)
			return &p->commands[i];
	return NULL;
}

int program_runtime(struct program *p, struct masu_error *err)
{
	struct masu_runtime_options o = {
		.size = sizeof(o),
		.root = p->root,
		.cgroup_manager = p->cgroup_manager,
		.rootless = p->rootless,
		.allowed_annotations = allowed_annotations.v,
	};

	return p->rt ? 0 : masu_runtime_new(&o, &p->rt, err);
}

/* Shows what --help, --usage or --version asked for: 1 when one of them did. */
static int main_show(const struct command *command, struct masu_error *err)
{
	AUTO(buf_done) struct buf b = { 0 };
	int r;

	if (asked_version)
		help_version(&b, &program);
	else if (asked_help)
		help_text(&b, &program, command);
	else if (asked_usage)
		help_usage(&b, command);
	else
		return 0;
	r = out_buf(&b, err);
	return r < 0 ? r : 1;
}

static int main_check_count(const struct command *command, int n, struct masu_error *err)
{
	if (n < command->min_args)
		return fail_usage(err, "%s: missing container id", command->name);
	if (command->max_args >= 0 && n > command->max_args)
		return fail_usage(err, "%s: too many arguments: expected at most %d, got %d", command->name,
				  command->max_args, n);
	return 0;
}

static int main_command(const struct command *command, char **args, struct masu_error *err)
{
	static const struct opt none[] = { OPT_END };
	const struct opt *const tables[] = { command->options ? command->options : none, help_options, NULL };
	int n, r;

	fail_topic(command->name);
	n = opt_parse(args, tables, command->has_tail ? 0 : command->has_command_line ? 1 : SIZE_MAX, err);
	if (n < 0)
		return n;
	r = main_show(command, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = main_check_count(command, n, err);
	if (r < 0)
		return r;
	if (command->min_args > 0)
		report_container(args[0]);
	/* The others find the manager in the state of the container, and engines name it to some commands only. */
	if (!command->creates)
		program.cgroup_manager = MASU_CGROUP_CGROUPFS;
	return command->fn(&program, args, n, err);
}

static int main_choose_manager(struct masu_error *err)
{
	int given = program.cgroup_manager;

	program.cgroup_manager = given >= 0 ? given : MASU_CGROUP_CGROUPFS;
	if (!program.systemd_cgroup)
		return 0;
	program.cgroup_manager = MASU_CGROUP_SYSTEMD;
	return given < 0 || given == MASU_CGROUP_SYSTEMD
		       ? 0
		       : fail_usage(err, "options `--systemd-cgroup` and `--cgroup-manager` exclude each other");
}

static int main_program(char **args, struct masu_error *err)
{
	const struct opt *const tables[] = { program_options, help_options, NULL };
	const struct command *command;
	int n = opt_parse(args, tables, 0, err);
	int r;

	if (n < 0) {
		/* Where the log is to go may be known already, and an engine looks there first. */
		(void)report_open(&log_options, NULL);
		return n;
	}
	r = main_show(NULL, err);
	if (r != 0)
		return r < 0 ? r : 0;
	if (asked_debug && log_options.level < 3)
		log_options.level = 3;
	r = report_open(&log_options, err);
	if (r == 0)
		r = main_choose_manager(err);
	if (r < 0)
		return r;
	if (n == 0)
		return fail_usage(err, "expected a command");
	command = program_command(&program, args[0]);
	if (!command)
		return fail_usage(err, "unknown command `%s`", args[0]);
	return main_command(command, args + 1, err);
}

/* Callers read the first word of --version; a link named like a peer answers as that peer. */
static const char *main_name(const char *argv0)
{
	const char *name = argv0 ? path_basename(argv0) : "";

	return strcmp(name, "runc") == 0 || strcmp(name, "crun") == 0 ? name : "masu";
}

int main(int argc, char **argv)
{
	struct masu_error err = { 0 };
	int r;

	out_catch_sigpipe();
	/* A caller that ignores it would have the kernel throw away how hooks and helpers ended. */
	signal(SIGCHLD, SIG_DFL);
	/* Whatever is opened next must not become somebody's stdout. */
	r = fd_ensure_stdio();
	program.name = main_name(argc > 0 ? argv[0] : NULL);
	program.commands = commands;
	program.commands_len = ARRAY_SIZE(commands);
	program.options = program_options;
	program.help_options = help_options;
	r = r < 0 ? fail_sys(&err, -r, "open standard streams") : main_program(argc > 0 ? argv + 1 : argv, &err);
	if (r < 0) {
		report_error(&err);
		r = EXIT_FAILURE;
	}
	if (program.rt)
		masu_runtime_free(program.rt);
	return r;
}
