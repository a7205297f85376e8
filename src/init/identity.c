/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that make a process what process.* says, shared by the stories of create and exec. Their order is the stories'. */

#include <errno.h>
#include <unistd.h>

#include "base/mutation.h"
#include "init/init.h"
#include "kernel/proc/keyring.h"

bool identity_has_terminal(const void *ctx)
{
	return ((const struct init *)ctx)->plan->process.terminal.enabled;
}

bool identity_has_process(const void *ctx)
{
	return ((const struct init *)ctx)->plan->flags & PLAN_PROCESS;
}

/* By itself and first of all: a single thread that moves itself costs the kernel nothing, and the files were opened by masu, so the
 * rights are masu's. */
int identity_enter_cgroup(void *ctx, struct err *err)
{
	struct init *in = ctx;
	const struct plan *p = in->plan;

	for (uint32_t i = 0; i < p->tasks_len && i < PLAN_TASKS_MAX; i++) {
		if (write(p->tasks[i], "0", 1) != 1)
			return err_sys(err, "enter cgroup (hierarchy %u of %u)", i + 1, p->tasks_len);
		close(p->tasks[i]);
	}
	return 0;
}

int identity_session(void *ctx, struct err *err)
{
	struct init *in = ctx;
	const struct process_plan *p = &in->plan->process;
	int r;

	/* Out of the caller's session: its terminal could be written into with TIOCSTI (CVE-2017-5226). */
	if (!MUTATION(TIOCSTI) && setsid() < 0)
		return err_sys(err, "make session");
	if (!flat_has(p->keyring) || MUTATION(KEYRING))
		return 0;
	r = lsm_apply_keys(&in->flat, &in->plan->lsm, in->proc_fd, 1, err);
	if (r >= 0)
		r = keyring_apply_session(flat_str(&in->flat, p->keyring), p->keyring_perm, err);
	return r < 0 ? r : lsm_apply_keys(&in->flat, &in->plan->lsm, in->proc_fd, 0, err);
}

int identity_open_terminal(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return terminal_open(in->root_fd, &in->plan->process.terminal, in->plan->process.user.uid, &in->terminal, err);
}

int identity_terminal(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = terminal_send(&in->terminal, in->plan->console_fd, err);

	return r < 0 ? r : terminal_apply(&in->terminal, err);
}

int identity_stdio(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = dev_apply_streams(in->root_fd, in->proc_fd, err);

	return r < 0 ? r : user_apply_stdio(&in->plan->process.user, err);
}

int identity_cwd(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return exec_cwd_enter(in->root_fd, &in->flat, &in->plan->process, false, &in->cwd_again, err);
}

int identity_rlimits(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return rlimit_apply(&in->flat, &in->plan->process.rlimits, err);
}

/* Before the capabilities go, within the limits just set, in the final cgroup. */
int identity_scheduling(void *ctx, struct err *err)
{
	struct init *in = ctx;
	const struct plan *p = in->plan;
	int r = p->sched.by_host ? 0 : sched_apply(0, &p->sched, err);

	if (r >= 0)
		r = mempolicy_apply(&p->mempolicy, err);
	return r < 0 ? r : mempolicy_apply_domain(&p->mempolicy, err);
}

/* Takes effect at execve. Before the ids change and before no_new_privs, after which a module may refuse the transition. */
int identity_label(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return lsm_apply(&in->flat, &in->plan->lsm, in->proc_fd, err);
}

int identity_bounding(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = caps_apply_bounding(&in->plan->caps, err);

	return r < 0 ? r : caps_apply_keep(err);
}

int identity_user(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = user_apply(&in->flat, &in->plan->process.user, err);

	return r < 0 ? r : user_apply_umask(&in->plan->process.user, err);
}

/* A filter without no_new_privs needs CAP_SYS_ADMIN when it is installed, and it is installed last of all, so that it need not
 * allow anything but execve: the capability stays until execve takes it away. */
int identity_capabilities(void *ctx, struct err *err)
{
	struct init *in = ctx;
	bool late_filter = seccomp_plan_has_filter(&in->plan->seccomp) && !in->plan->caps.no_new_privs;

	return caps_apply_sets(&in->plan->caps, late_filter ? CAPS_SYS_ADMIN_MASK : 0, err);
}

int identity_no_new_privs(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return caps_apply_no_new_privs(&in->plan->caps, err);
}

int identity_executable(void *ctx, struct err *err)
{
	struct init *in = ctx;
	bool again;
	int r = 0;

	if (in->cwd_again)
		r = exec_cwd_enter(in->root_fd, &in->flat, &in->plan->process, true, &again, err);
	if (r >= 0)
		r = exec_cwd_verify(err);
	if (r < 0)
		return r;
	return exec_prepare(&in->flat, &in->plan->process, &in->arena, &in->image, err);
}

int identity_report_created(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return wire_say(&in->wire, WIRE_CREATED, NULL, 0, err);
}
