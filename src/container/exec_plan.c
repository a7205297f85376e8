/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of an exec: the container's namespaces are joined, the process is what its document says. */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/procfs.h"
#include "base/sys.h"
#include "container/console.h"
#include "container/exec.h"
#include "kernel/ns/plan.h"
#include "kernel/proc/mempolicy_plan.h"
#include "kernel/proc/process_plan.h"
#include "kernel/proc/sched_plan.h"
#include "kernel/security/caps_plan.h"
#include "kernel/security/lsm_plan.h"
#include "kernel/security/seccomp.h"

/* Not to know is an error: a process that does not join the user namespace would be root of the host in the container. */
static int user_ns_differs(struct exec *e, bool *ret, struct err *err)
{
	struct stat theirs, ours;
	int r = procfs_stat_ns(e->rt->proc_fd, e->state.pid, "user", &theirs);

	if (r >= 0)
		r = procfs_stat_ns(e->rt->proc_fd, 0, "user", &ours);
	if (r < 0)
		return err_code(err, r, "look at the user namespace of process %d", e->state.pid);
	*ret = theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino;
	return 0;
}

static bool setgroups_denied(struct exec *e)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "%d/setgroups", e->state.pid);
	return procfs_read(e->rt->proc_fd, path, text, sizeof(text)) > 0 && strncmp(text, "deny", 4) == 0;
}

static int plan_namespaces(struct exec *e, struct ns_plan *p, struct err *err)
{
	const struct spec_linux_ *lnx = e->snap.config->lnx;
	bool user = false;
	int r = user_ns_differs(e, &user, err);

	if (r < 0)
		return r;
	p->user = user;
	for (size_t i = 0; lnx && i < lnx->namespaces_len; i++)
		p->listed |= ns_clone_flag((enum spec_namespace_kind)lnx->namespaces[i].type.value);
	if (!p->user)
		p->listed &= ~(uint32_t)SYS_CLONE_NEWUSER;
	p->stage = !!(p->listed & SYS_CLONE_NEWPID);
	p->setgroups_denied = (p->user || e->rt->nested) && setgroups_denied(e);
	if (p->listed)
		p->joins[p->joins_len++] = (struct ns_join){ .fd = e->init.pidfd, .clone_flag = p->listed };
	return 0;
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
		.keep_groups = e->snap.annotations.keep_groups,
	};
	const struct annotations *an = &e->snap.annotations;
	const struct seccomp_extra extra = { an->seccomp_fail_unknown, an->seccomp_bpf, an->seccomp_bpf_len };
	int r;

	*p = (struct plan)PLAN_EMPTY(PLAN_EXEC);
	p->flags = PLAN_PROCESS;
	buf_add(&e->flat, p, sizeof(*p));
	r = plan_namespaces(e, &p->ns, err);
	if (r < 0)
		return r;
	pi.own_userns = p->ns.user;
	pi.setgroups_denied = p->ns.setgroups_denied;
	r = process_plan_build(&pi, &e->flat, &p->process, err);
	if (r >= 0)
		r = console_check(&p->process.terminal, e->o->console_socket, e->foreground, err);
	p->ns.keep_groups = an->keep_groups;
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
		r = seccomp_plan_extra(lnx ? lnx->seccomp : NULL, &extra, -1, &e->flat, &p->seccomp, err);
	return r;
}
