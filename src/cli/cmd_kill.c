/* SPDX-License-Identifier: Apache-2.0 */
/* kill and delete. */
#include <signal.h>

#include "base/parse.h"
#include "cli/command.h"
#include "cli/fail.h"
#include "cli/match.h"

static struct {
	bool all, regex, force;
} given;

const struct opt cmd_kill_options[] = {
	OPT_FLAG('a', "all", &given.all, "every process of the container; fine when it has stopped"),
	OPT_FLAG('r', "regex", &given.regex, "ID is a regular expression"),
	OPT_END,
};

const struct opt cmd_delete_options[] = {
	OPT_FLAG('f', "force", &given.force, "kill it first; fine when there is none"),
	OPT_FLAG('r', "regex", &given.regex, "ID is a regular expression"),
	OPT_END,
};

static int kill_one(struct program *p, const char *id, void *arg, struct masu_error *err)
{
	return masu_kill(p->rt, id, *(int *)arg, given.all ? MASU_KILL_ALL : 0, err);
}

int cmd_kill(struct program *p, char **args, int n_args, struct masu_error *err)
{
	int sig = n_args > 1 ? parse_signal(args[1]) : SIGTERM;
	int r;

	if (sig < 0)
		return fail_usage(err, "kill: `%s`: unknown signal", args[1]);
	r = program_runtime(p, err);
	if (r < 0)
		return r;
	return given.regex ? match_each(p, args[0], given.all, kill_one, &sig, err) : kill_one(p, args[0], &sig, err);
}

static int delete_one(struct program *p, const char *id, void *arg, struct masu_error *err)
{
	(void)arg;
	return masu_delete(p->rt, id, given.force ? MASU_DELETE_FORCE : 0, err);
}

int cmd_delete(struct program *p, char **args, int n_args, struct masu_error *err)
{
	int r = program_runtime(p, err);

	(void)n_args;
	if (r < 0)
		return r;
	return given.regex ? match_each(p, args[0], true, delete_one, NULL, err) : delete_one(p, args[0], NULL, err);
}
