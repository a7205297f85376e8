/* SPDX-License-Identifier: Apache-2.0 */
/* The last steps: the gate, startContainer hooks, seccomp, execve. After the filter nothing is called but execve, so that a filter
 * that allows nothing else still starts its program. */

#include <errno.h>
#include <unistd.h>

#include "base/story.h"
#include "init/init.h"

int start_wait(struct init *in, struct err *err)
{
	char byte;
	ssize_t n;

	if (in->plan->gate_fd < 0)
		return 0;
	/* masu may be gone by now, and its socket with it: nobody waits for the errors of a start but result_fd. */
	close(in->wire.sock);
	in->wire.sock = -EBADF;
	do
		n = read(in->plan->gate_fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return n < 0 ? err_sys(err, "wait for the start") : err_set(err, ECONNRESET, "wait for the start: the gate is gone");
	return 0;
}

static int run_start_container_hooks(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = init_hooks_run(in, "startContainer", in->plan->start_container, &in->plan->created, err);

	in->hook_failed = r < 0;
	return r;
}

static bool has_start_container_hooks(const void *ctx)
{
	return ((const struct init *)ctx)->plan->start_container.count;
}

static int close_what_is_ours(struct init *in, struct err *err)
{
	int keep[3], n = 0;

	if (in->plan->result_fd >= 0)
		keep[n++] = in->plan->result_fd;
	if (in->plan->gate_fd >= 0)
		keep[n++] = in->plan->gate_fd;
	if (in->wire.sock >= 0)
		keep[n++] = in->wire.sock;
	return exec_close_fds(3 + in->plan->process.pass_fds, keep, (size_t)n, err);
}

static int close_files(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = close_what_is_ours(in, err);

	if (r >= 0)
		r = exec_cwd_verify(err);
	return r < 0 ? r : exec_pass_fds(in->plan->process.pass_fds, err);
}

/* One step, because between the filter and execve there is no room for what is done between two steps. */
static int execute(void *ctx, struct err *err)
{
	struct init *in = ctx;
	const struct seccomp_plan *p = &in->plan->seccomp;
	int r = 0;

	/* Without it the end of file would look the same when we are killed on the way. */
	if (in->plan->result_fd >= 0 && write(in->plan->result_fd, START_MARK, 1) != 1)
		return err_sys(err, "report the start");
	if (seccomp_plan_has_filter(p))
		r = seccomp_apply(&in->flat, p, err);
	if (r < 0)
		return r;
	execve(in->image.path, in->image.argv, in->image.envp);
	return exec_error(&in->image, errno, err);
}

static const struct step steps[] = {
	/* name                   act                        undo  when */
	{ "startContainer hooks", run_start_container_hooks, NULL, has_start_container_hooks },
	{ "close files",          close_files,               NULL, NULL },
	{ "execute",              execute,                   NULL, NULL },
};

int start_story(struct init *in, struct err *err)
{
	static const struct story story = { "start", steps, sizeof(steps) / sizeof(steps[0]) };

	return story_run(&story, in, err);
}
