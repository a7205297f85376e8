/* SPDX-License-Identifier: Apache-2.0 */
/* start, state and features: nothing to decide here. */
#include "base/cleanup.h"
#include "cli/activation.h"
#include "cli/command.h"
#include "cli/out.h"

int cmd_start(struct program *p, char **args, int n_args, struct masu_error *err)
{
	const struct masu_start_options o = { .size = sizeof(o), .notify_socket = activation_notify_socket() };
	int r = program_runtime(p, err);

	(void)n_args;
	return r < 0 ? r : masu_start(p->rt, args[0], &o, err);
}

int cmd_state(struct program *p, char **args, int n_args, struct masu_error *err)
{
	AUTO(buf_done) struct buf b = { 0 };
	int r = program_runtime(p, err);

	(void)n_args;
	if (r == 0)
		r = masu_state(p->rt, args[0], out_collect, &b, err);
	return r < 0 ? r : out_buf(&b, err);
}

int cmd_features(struct program *p, char **args, int n_args, struct masu_error *err)
{
	AUTO(buf_done) struct buf b = { 0 };
	int r = masu_features(out_collect, &b, err);

	(void)p;
	(void)args;
	(void)n_args;
	return r < 0 ? r : out_buf(&b, err);
}
