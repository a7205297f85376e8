/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of exec that concern its process: spawning it, finding it, placing it, waiting until its program was executed. */

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "container/exec.h"
#include "container/listener.h"
#include "container/plan.h"
#include "container/spawn.h"
#include "kernel/proc/oom.h"
#include "kernel/proc/rlimit.h"
#include "kernel/rdt/rdt.h"

const struct spec_seccomp *exec_seccomp(const struct exec *e)
{
	return e->snap.config->lnx ? e->snap.config->lnx->seccomp : NULL;
}

static int write_plan(struct exec *e, struct err *err)
{
	e->plan.tasks_len = (uint32_t)e->tasks_len;
	for (size_t i = 0; i < e->tasks_len; i++)
		e->plan.tasks[i] = e->tasks[i];
	e->plan.console_fd = e->console_fd;
	e->plan.root_fd = e->root_fd;
	return plan_write(&e->plan, &e->flat, &e->plan_fd, err);
}

static int open_tasks(struct exec *e, bool in_unified, struct err *err)
{
	while (e->tasks_len > 0)
		cleanup_close(&e->tasks[--e->tasks_len]);
	return e->has_cgroup ? cgroup_open_tasks(&e->cgroup, in_unified, e->tasks, PLAN_TASKS_MAX, &e->tasks_len, err)
			     : 0;
}

static int try_spawn(struct exec *e, struct err *err)
{
	/* An affinity for the way into the cgroup must be there before the process is. */
	int cgroup_fd = e->has_cgroup && !e->initial.set && !e->place_late ? cgroup_dir_fd(&e->cgroup) : -1;
	int fds[4 + PLAN_TASKS_MAX] = { e->console_fd, e->root_fd, e->init.pidfd, e->record_init };
	int r = open_tasks(e, cgroup_fd >= 0 || e->place_late, err);
	struct spawn s = {
		.cgroup_fd = cgroup_fd,
		.affinity = &e->initial,
		.image_fd = e->image_fd,
		.sock_fd = e->init_sock,
		.peer_fd = e->wire.sock,
		.fds = fds,
		.fds_len = 4 + e->tasks_len,
		.keep_from_3 = e->o->preserve_fds + e->o->listen_fds,
	};

	if (r >= 0)
		r = write_plan(e, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < e->tasks_len; i++)
		fds[4 + i] = e->tasks[i];
	s.plan_fd = e->plan_fd;
	return spawn_init(&s, &e->spawned, err);
}

/* Where the container delegates controllers to sub-cgroups, its own cgroup takes no processes (cgroup v2): then the new process goes
 * where the container's first one is. */
int exec_spawn(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	const struct cgroup_facts *facts;
	int r = try_spawn(e, err);

	if (r == -EBUSY && e->has_cgroup && !e->o->cgroup) {
		err_clear(err);
		cgroup_done(&e->cgroup);
		r = runtime_cgroup_facts(e->rt, &facts, err);
		if (r >= 0)
			r = cgroup_open_pid(facts, e->rt->proc_fd, e->state.pid, &e->cgroup, err);
		e->has_cgroup = r >= 0;
		if (r >= 0)
			r = try_spawn(e, err);
	}
	if ((r == -EACCES || r == -EPERM) && e->has_cgroup && cgroup_can_place_late(&e->cgroup, r)) {
		err_clear(err);
		e->place_late = true;
		r = try_spawn(e, err);
	}
	if (r < 0)
		return r;
	cleanup_close(&e->init_sock);
	cleanup_close(&e->console_fd);
	cleanup_close(&e->record_init);
	return 0;
}

void exec_kill_child(void *ctx)
{
	struct exec *e = ctx;

	spawn_kill(&e->wire, &e->spawned, &e->child, e->plan.ns.stage);
}

int exec_find_child(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	int r;

	if (e->plan.ns.stage)
		return spawn_find(&e->wire, e->rt->proc_fd, &e->spawned, &e->child, err);
	r = wire_hear(&e->wire, WIRE_SPAWNED, NULL, 0, NULL, NULL, err);
	if (r < 0)
		return r;
	e->child = e->spawned;
	e->spawned = (struct pidref)PIDREF_INIT;
	return 0;
}

static int place_class(const struct exec *e, struct err *err)
{
	struct rdt rdt = { 0 };

	snprintf(rdt.group, sizeof(rdt.group), "%s", e->state.rdt_group ? e->state.rdt_group : "");
	snprintf(rdt.monitor, sizeof(rdt.monitor), "%s", e->state.rdt_monitor ? e->state.rdt_monitor : "");
	return rdt_place(&rdt, e->child.pid, err);
}

int exec_place(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	struct flat f = { .base = e->flat.data, .len = e->flat.len };
	int r = e->place_late ? cgroup_place(&e->cgroup, e->child.pid, false, err) : 0;

	if (r >= 0 && e->has_cgroup)
		r = cgroup_check_pid(&e->cgroup, e->rt->proc_fd, e->child.pid, err);

	/* What is dead is in no cgroup: its own words say more. */
	if (r < 0 && pidref_wait_exit(&e->child, SPAWN_DYING_MS) == 0 && wire_last_words(&e->wire, err))
		return r;
	if (r >= 0)
		r = place_class(e, err);
	if (r >= 0)
		r = affinity_place(e->child.pid, &e->final, err);
	if (r >= 0 && e->plan.sched.by_host)
		r = sched_apply(e->child.pid, &e->plan.sched, err);
	if (r >= 0 && e->plan.process.has_oom)
		r = oom_place(e->rt->proc_fd, e->child.pid, e->plan.process.oom_score_adj, err);
	if (r >= 0 && e->plan.process.rlimits.rows.count)
		r = rlimit_place_raise(e->child.pid, &f, &e->plan.process.rlimits, err);
	return r < 0 ? r : wire_say(&e->wire, WIRE_PLACED, NULL, 0, err);
}

static int serve_listener(struct exec *e, struct err *err)
{
	struct listener l = {
		.record_fd = e->record_fd,
		.process = &e->child,
		.sock = take_fd(&e->agent_sock),
		.seccomp = exec_seccomp(e),
		.state = &e->state,
		.status = STATUS_RUNNING,
	};
	int first, r = listener_serve(&l, &first, err);

	cleanup_close(&l.sock);
	return r;
}

/* CREATED, then the end of the socket: the program was executed. */
int exec_wait(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	int r = wire_hear(&e->wire, WIRE_CREATED, NULL, 0, NULL, NULL, err);

	if (r >= 0 && e->plan.seccomp.notify)
		r = serve_listener(e, err);
	return r < 0 ? r : wire_hear_end(&e->wire, err);
}
