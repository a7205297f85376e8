/* SPDX-License-Identifier: Apache-2.0 */
/* systemd starts no scope without a process and ends it with its last one. The container's first process is cloned straight into
 * its cgroup, hence after the scope; until then a child that does nothing keeps it. It dies with us, and with it an unfinished
 * scope: nothing is left behind by a create that was killed. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "kernel/cgroup/internal.h"

static void __attribute__((noreturn)) keep(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "masu-keeper");
	sys_close_range(0, ~0U, 0); /* locks and pipes end with us, not with it */
	while (getppid() == parent)
		pause();
	_exit(0);
}

int cgroup_keeper_start(struct cgroup *cg, struct err *err)
{
	struct sys_clone_args args = { .exit_signal = SIGCHLD };
	pid_t parent = getpid();
	long pid = sys_clone3(&args);

	if (pid == 0)
		keep(parent);
	if (pid < 0)
		return err_sys(err, "clone the first process of unit `%s`", cg->unit);
	cg->keeper = (pid_t)pid;
	return 0;
}

void cgroup_settle(struct cgroup *cg)
{
	if (cg->keeper <= 0)
		return;
	/* Our child and not reaped: the number is still its own. */
	kill(cg->keeper, SIGKILL);
	while (waitpid(cg->keeper, NULL, 0) < 0 && errno == EINTR)
		;
	cg->keeper = 0;
}
