/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of an exec: the container's namespaces are joined, the process is what its document says. */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/procfs.h"
#include "base/sys.h"
#include "container/exec.h"
#include "kernel/ns/plan.h"
#include "kernel/proc/mempolicy_plan.h"
#include "kernel/proc/process_plan.h"
#include "kernel/proc/sched_plan.h"
#include "kernel/security/caps_plan.h"
#include "kernel/security/lsm_plan.h"
#include "kernel/security/seccomp.h"

static bool user_ns_differs(struct exec *e)
{
	struct stat theirs, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", e->state.pid);
	return stat(path, &theirs) == 0 && stat("/proc/self/ns/user", &ours) == 0 && theirs.st_ino != ours.st_ino;
}

static bool setgroups_denied(struct exec *e)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "%d/setgroups", e->state.pid);
	return procfs_read(e->rt->proc_fd, path, text, sizeof(text)) > 0 && strncmp(text, "deny", 4) == 0;
}

static void plan_namespaces(struct exec *e, struct ns_plan *p)
{
	const struct spec_linux_ *lnx = e->snap.config->lnx;

	p->user = user_ns_differs(e);
	for (size_t i = 0; lnx && i < lnx->namespaces_len; i++)
		p->listed |= ns_clone_flag((enum spec_namespace_kind)lnx->namespaces[i].type.value);
	if (!p->user)
		p->listed &= ~(uint32_t)SYS_CLONE_NEWUSER;
	p->stage = !!(p->listed & SYS_CLONE_NEWPID);
	p->setgroups_denied = p->user && setgroups_denied(e);
	if (p->listed)
		p->joins[p->joins_len++] = (struct ns_join){ .fd = e->init.pidfd, .clone_flag = p->listed };
}

static int plan_scheduling(struct exec *e, struct err *err)
{
	const struct spec_exec_cpu_affinity *a = e->process->exec_cpu_affinity;
	int r;

	sched_plan_build(e->process, e->plan.ns.user && e->rt->privileged, &e->plan.sched);
	r = mempolicy_plan_build(e->snap.config->lnx, &e->plan.mempolicy, err);
	if (r >= 0)
		r = affinity_parse(a ? a->initial : NULL, "initial", &e->initial, err);
	return r < 0 ? r : affinity_parse(a ? a->final : NULL, "final", &e->final, err);
}

int exec_plan(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	struct plan *p = &e->plan;
	const struct spec_linux_ *lnx = e->snap.config->lnx;
	struct caps_grantable g;
	struct process_inputs pi = {
		.process = e->process,
		.listen_fds = (unsigned)e->o->listen_fds,
		.preserve_fds = (unsigned)e->o->preserve_fds,
		.listen_fdnames = e->o->listen_fdnames,
		.keyring_id = e->state.keyring ? e->id : NULL,
		.keyring_exists = true,
	};
	int r;

	*p = (struct plan){ .magic = PLAN_MAGIC,
			    .version = sizeof(*p),
			    .role = PLAN_EXEC,
			    .flags = PLAN_PROCESS,
			    .gate_fd = -1,
			    .result_fd = -1,
			    .console_fd = -1,
			    .root_fd = -1,
			    .listener_fd = -1 };
	buf_add(&e->flat, p, sizeof(*p));
	plan_namespaces(e, &p->ns);
	pi.own_userns = p->ns.user;
	pi.setgroups_denied = p->ns.setgroups_denied;
	r = process_plan_build(&pi, &e->flat, &p->process, err);
	if (r >= 0)
		r = p->ns.user ? caps_grantable_all(&g, err) : caps_grantable_own(&g, err);
	if (r >= 0)
		r = caps_plan_build(e->process, &g, &p->caps, err);
	if (r >= 0)
		r = lsm_check_host("", e->process, NULL, err);
	if (r >= 0)
		r = lsm_plan_build(e->process, &e->flat, &p->lsm, err);
	if (r >= 0)
		r = plan_scheduling(e, err);
	if (r >= 0)
		r = seccomp_plan_build(lnx ? lnx->seccomp : NULL, -1, &e->flat, &p->seccomp, err);
	return r;
}
