/* SPDX-License-Identifier: Apache-2.0 */
/* What main.c knows of a command, and what a command knows of the program. */
#pragma once

#include <stdbool.h>

#include "cli/opt.h"
#include "masu/masu.h"

struct command;

/* The program's own options and what was made from them. */
struct program {
	const char *name; /* shown by --version: masu, runc or crun */
	const char *root;
	int rootless;       /* enum masu_rootless */
	int cgroup_manager; /* enum masu_cgroup_manager */
	bool systemd_cgroup;
	const struct command *commands;
	size_t commands_len;
	const struct opt *options;
	const struct opt *help_options; /* understood by every command too */
	struct masu_runtime *rt;        /* made by program_runtime */
};

/* args are the plain words, NULL-terminated. Returns the exit code or a negative errno with err filled, which is
 * then reported and becomes exit code 1. */
typedef int command_fn(struct program *p, char **args, int n_args, struct masu_error *err);

struct command {
	const char *name;
	command_fn *fn;
	const struct opt *options; /* NULL: none */
	const char *synopsis;      /* what follows the name in the usage line */
	const char *summary;       /* one line */
	const char *more;          /* further lines of the help, or NULL */
	int min_args, max_args;    /* max_args -1: any number */
	bool has_command_line;     /* what follows the word behind the id belongs to somebody else */
	bool has_tail;             /* all that follows the id does */
	bool creates;              /* makes a cgroup, so that its manager matters */
};

/* Opens the state directory on first use. */
int program_runtime(struct program *p, struct masu_error *err);
const struct command *program_command(const struct program *p, const char *name);
/* NULL for an empty string: Go programs pass one where an option is not set. */
const char *command_text(const char *value);

extern const struct opt cmd_create_options[], cmd_run_options[], cmd_plan_options[];
extern const struct opt cmd_exec_options[], cmd_kill_options[], cmd_delete_options[], cmd_list_options[];
extern const struct opt cmd_checkpoint_options[], cmd_restore_options[];
extern const struct opt cmd_spec_options[], cmd_help_options[];
extern const struct opt cmd_update_options[], cmd_ps_options[], cmd_events_options[];

command_fn cmd_mounts;
command_fn cmd_create, cmd_run, cmd_plan, cmd_start, cmd_state, cmd_exec, cmd_kill, cmd_delete, cmd_list, cmd_spec;
command_fn cmd_checkpoint, cmd_restore;
command_fn cmd_features, cmd_help, cmd_pause, cmd_resume, cmd_update, cmd_ps, cmd_events;
