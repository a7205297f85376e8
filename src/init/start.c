/* SPDX-License-Identifier: Apache-2.0 */
/* The last steps: the gate, startContainer hooks, seccomp, execve. After the filter nothing is called but execve, so that a filter
 * that allows nothing else still starts its program. */

#include <errno.h>
#include <unistd.h>

#include "base/failpoint.h"
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

int start_execute(struct init *in, bool *ret_hook_failed, struct err *err)
{
	const struct plan *p = in->plan;
	int r = init_hooks_run(in, "startContainer", p->start_container, &p->created, err);

	*ret_hook_failed = r < 0;
	if (r >= 0)
		r = failpoint("start", "execute", FAILPOINT_BEFORE);
	if (r < 0)
		return r;
	r = close_what_is_ours(in, err);
	if (r >= 0)
		r = exec_cwd_verify(err);
	if (r >= 0)
		r = exec_pass_fds(p->process.pass_fds, err);
	if (r >= 0 && seccomp_plan_has_filter(&p->seccomp))
		r = seccomp_apply(&in->flat, &p->seccomp, err);
	if (r < 0)
		return r;
	execve(in->image.path, in->image.argv, in->image.envp);
	return exec_error(&in->image, errno, err);
}
