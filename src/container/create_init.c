/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of create that concern init: spawning it, mapping its ids, placing it, waiting for it. */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "container/create.h"
#include "container/hooks.h"
#include "container/spawn.h"
#include "kernel/dev/dev.h"
#include "kernel/mount/source.h"
#include "kernel/ns/open.h"
#include "kernel/proc/oom.h"
#include "kernel/proc/rlimit.h"
#include "kernel/proc/sched.h"

static int record_init(struct create *c, struct err *err)
{
	char line[64], letter;
	int r = procfs_start_time(c->rt->proc_fd, c->init.pid, &c->init.start_time, &letter);

	if (r < 0)
		return err_code(err, r, "read start time of init");
	snprintf(line, sizeof(line), "%d %llu", c->init.pid, (unsigned long long)c->init.start_time);
	return journal_add(&c->journal, "init", line, err);
}

int create_spawn(void *ctx, struct err *err)
{
	struct create *c = ctx;
	const struct ns_plan *ns = &c->plan.plan.ns;
	int fds[5 + NS_JOINS_MAX + PLAN_TASKS_MAX], n = 0, r;
	struct spawn s = {
		.flags = ns->stage ? 0 : ns->clone_flags,
		.cgroup_fd = c->has_cgroup ? cgroup_dir_fd(&c->cgroup) : -1,
		.image_fd = c->image_fd,
		.plan_fd = c->plan_fd,
		.sock_fd = c->init_sock,
		.peer_fd = c->wire.sock,
		.fds = fds,
		.keep_from_3 = c->options->preserve_fds + c->options->listen_fds,
		.wait_for_maps = ns->new_user && !ns->stage,
		.drop_groups = !ns->setgroups_denied && !ns->keep_groups,
	};

	fds[n++] = c->gate_fd;
	fds[n++] = c->result_fd;
	fds[n++] = c->console_fd;
	fds[n++] = c->hook_output.out_fd;
	fds[n++] = c->hook_output.err_fd;
	for (uint32_t i = 0; i < ns->joins_len; i++)
		fds[n++] = ns->joins[i].fd;
	for (size_t i = 0; i < c->tasks_len; i++)
		fds[n++] = c->tasks[i];
	s.fds_len = (size_t)n;
	r = spawn_init(&s, &c->spawned, err);
	if (r < 0 && s.cgroup_fd >= 0 && cgroup_can_place_late(&c->cgroup, r)) {
		err_clear(err);
		s.cgroup_fd = -1;
		c->place_late = true;
		r = spawn_init(&s, &c->spawned, err);
	}
	if (r < 0)
		return r;
	/* Our copies would keep both fifos and the socket alive after init's death. */
	cleanup_close(&c->init_sock);
	cleanup_close(&c->gate_fd);
	cleanup_close(&c->result_fd);
	cleanup_close(&c->console_fd);
	if (ns->stage)
		return 0;
	c->init = c->spawned;
	c->init.pidfd = fd_dup_above(c->spawned.pidfd, 3);
	r = c->init.pidfd < 0 ? err_code(err, c->init.pidfd, "keep init's pidfd") : record_init(c, err);
	if (r < 0)
		create_kill_init(c);
	return r;
}

void create_kill_init(void *ctx)
{
	struct create *c = ctx;

	if (c->has_cgroup) /* one child less to wait for */
		cgroup_settle(&c->cgroup);
	spawn_kill(&c->wire, &c->spawned, &c->init, c->plan.plan.ns.stage);
}

/* Without rights over it, its files in /proc are ours only until it turns non-dumpable. */
static bool is_placed_early(const struct create *c)
{
	const struct plan *p = &c->plan.plan;

	return p->process.has_oom && p->ns.new_user && !c->rt->capable && !p->ns.stage;
}

int create_map_ids(void *ctx, struct err *err)
{
	struct create *c = ctx;
	const struct spec_linux_ *lnx = c->bundle.config->lnx;
	const struct plan *p = &c->plan.plan;
	int r = wire_hear(&c->wire, WIRE_MAP_ME, NULL, 0, NULL, NULL, err);

	if (r >= 0)
		r = ns_place_maps(c->rt->proc_fd, c->spawned.pid, lnx->uid_mappings, lnx->uid_mappings_len,
				  lnx->gid_mappings, lnx->gid_mappings_len, c->rt->capable, err);
	if (r >= 0 && is_placed_early(c))
		r = oom_place(c->rt->proc_fd, c->spawned.pid, p->process.oom_score_adj, err);
	return r < 0 ? r : wire_say(&c->wire, WIRE_MAPPED, NULL, 0, err);
}

int create_find_init(void *ctx, struct err *err)
{
	struct create *c = ctx;
	int r = spawn_find(&c->wire, c->rt->proc_fd, &c->spawned, &c->init, err);

	return r < 0 ? r : record_init(c, err);
}

/* ---- placing and waiting ---- */

static int place_attributes(struct create *c, struct err *err)
{
	const struct plan *p = &c->plan.plan;
	struct flat f = { .base = c->plan.flat.data, .len = c->plan.flat.len };
	int r = 0;

	if (p->process.has_oom && !is_placed_early(c))
		r = oom_place(c->rt->proc_fd, c->init.pid, p->process.oom_score_adj, err);
	if (r >= 0 && p->process.rlimits.rows.count)
		r = rlimit_place_raise(c->init.pid, &f, &p->process.rlimits, err);
	return r;
}

/* process.user.uid as the host sees it: the owner of a delegated cgroup. */
static uid_t host_uid(const struct create *c)
{
	const struct spec_linux_ *lnx = c->bundle.config->lnx;

	return ns_host_id(lnx ? lnx->uid_mappings : NULL, lnx ? lnx->uid_mappings_len : 0,
			  c->plan.plan.process.user.uid);
}

/* In the journal before the first hook runs: whoever finds it runs the poststop hooks. */
static int begin_hooks(struct create *c, struct err *err)
{
	if (c->hooks_begun)
		return 0;
	c->hooks_begun = true;
	return journal_add(&c->journal, "hooks", "begun", err);
}

int create_place(void *ctx, struct err *err)
{
	struct create *c = ctx;
	int r = 0;

	if (c->place_late)
		r = cgroup_place(&c->cgroup, c->init.pid, false, err);
	/* v1 hierarchies are entered by init itself. */
	if (r >= 0 && c->has_cgroup && c->tasks_len == 0)
		cgroup_settle(&c->cgroup);
	if (r >= 0 && c->has_cgroup && c->plan.delegate)
		r = cgroup_delegate(&c->cgroup, host_uid(c), err);
	if (r >= 0)
		r = rdt_place(&c->rdt, c->init.pid, err);
	if (r >= 0)
		r = place_attributes(c, err);
	/* From PLACED on init runs its createContainer hooks without a further word, unless it waits for ours. */
	if (r >= 0 && c->plan.plan.create_container.count && !create_has_host_hooks(c))
		r = begin_hooks(c, err);
	return r < 0 ? r : wire_say(&c->wire, WIRE_PLACED, NULL, 0, err);
}

static int wait_rootfs(struct create *c, struct err *err)
{
	if (c->wire.last == WIRE_ROOTFS_READY)
		return 0;
	return wire_hear(&c->wire, WIRE_ROOTFS_READY, NULL, 0, NULL, NULL, err);
}

/* At this point init is in its network namespace, whichever way it got there, and nothing of the container runs yet. */
int create_net_devices(void *ctx, struct err *err)
{
	struct create *c = ctx;
	const struct spec_linux_ *lnx = c->bundle.config->lnx;
	int fd, r = wait_rootfs(c, err);

	if (r < 0)
		return r;
	fd = ns_open_net_of(c->rt->proc_fd, c->init.pid, err);
	return fd < 0 ? fd : net_devices_place(lnx->net_devices, lnx->net_devices_len, fd, &c->net, err);
}

void create_return_devices(void *ctx)
{
	struct create *c = ctx;

	net_devices_return(&c->net);
}

int create_run_host_hooks(struct create *c, struct err *err)
{
	const struct spec_hooks *h = c->bundle.config->hooks;
	struct hook_subject s = { &c->state, STATUS_CREATING, c->init.pid, &c->hook_output };
	int r;

	if (!h || (!h->prestart_len && !h->create_runtime_len))
		return 0;
	r = begin_hooks(c, err);
	if (r >= 0)
		r = hooks_run(&s, "prestart", h->prestart, h->prestart_len, err);
	return r < 0 ? r : hooks_run(&s, "createRuntime", h->create_runtime, h->create_runtime_len, err);
}

int create_host_hooks(void *ctx, struct err *err)
{
	struct create *c = ctx;
	int r = wait_rootfs(c, err);

	if (r >= 0 && c->plan.plan.create_container.count)
		r = begin_hooks(c, err);
	if (r >= 0)
		r = create_run_host_hooks(c, err);
	return r < 0 ? r : wire_say(&c->wire, WIRE_HOOKS_DONE, NULL, 0, err);
}

/* Init died without a word: what the kernel knows about it. */
static void explain_death(struct create *c, struct err *err)
{
	siginfo_t si = { 0 };

	if (waitid(P_PIDFD, (id_t)c->init.pidfd, &si, WEXITED | WNOWAIT) < 0 || !err)
		return;
	if (si.si_code == CLD_KILLED || si.si_code == CLD_DUMPED)
		err_set(err, ECONNRESET, "wait for init: it was killed by signal %d", si.si_status);
	if (si.si_status == SIGKILL)
		err_hint(err, "a memory limit that is too low for the start kills it");
}

/* After init made its cgroup namespace, whose root is the cgroup with the limits. */
static int delegate_sub(struct create *c, struct err *err)
{
	const struct spec_linux_ *lnx = c->bundle.config->lnx;
	const char *sub = c->bundle.annotations.delegate_cgroup;
	uid_t root = ns_host_id(lnx ? lnx->uid_mappings : NULL, lnx ? lnx->uid_mappings_len : 0, 0);
	int r;

	if (!sub)
		return 0;
	r = c->has_cgroup ? cgroup_delegate_sub(&c->cgroup, sub, c->init.pid, root, err)
			  : err_set(err, EOPNOTSUPP, "delegate cgroup `%s`: the container has no cgroup", sub);
	if (r < 0)
		err_pointer(err, "/annotations/run.oci.delegate-cgroup");
	return r;
}

int create_wait_created(void *ctx, struct err *err)
{
	struct create *c = ctx;
	int r = wire_hear(&c->wire, WIRE_CREATED, NULL, 0, NULL, NULL, err);

	if (r == -ECONNRESET)
		explain_death(c, err);
	/* It entered by itself; the kernel's own word that it did. */
	if (r >= 0 && c->has_cgroup)
		r = cgroup_check_pid(&c->cgroup, c->rt->proc_fd, c->init.pid, err);
	if (r >= 0 && c->has_cgroup)
		cgroup_settle(&c->cgroup);
	/* What is dead is in no cgroup: its own words say more. */
	if (r < 0 && pidref_wait_exit(&c->init, SPAWN_DYING_MS) == 0)
		wire_last_words(&c->wire, err);
	if (r >= 0)
		r = delegate_sub(c, err);
	if (r >= 0)
		cleanup_close(&c->wire.sock);
	return r;
}

/* After init's hooks: a deadline process, for one, cannot fork. */
int create_schedule(void *ctx, struct err *err)
{
	struct create *c = ctx;

	return sched_apply(c->init.pid, &c->plan.plan.sched, err);
}
