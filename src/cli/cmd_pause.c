/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume. */
#include "cli/command.h"

int cmd_pause(struct program *p, char **args, int n_args, struct masu_error *err)
{
	int r = program_runtime(p, err);

	(void)n_args;
	return r < 0 ? r : masu_pause(p->rt, args[0], err);
}

int cmd_resume(struct program *p, char **args, int n_args, struct masu_error *err)
{
	int r = program_runtime(p, err);

	(void)n_args;
	return r < 0 ? r : masu_resume(p->rt, args[0], err);
}
