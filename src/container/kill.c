/* SPDX-License-Identifier: Apache-2.0 */
/* kill: a signal to the container's first process, or to all of them. */

#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/pidref.h"
#include "container/api.h"
#include "container/pids.h"
#include "container/state.h"
#include "container/target.h"
#include "kernel/cgroup/cgroup.h"

static int kill_all(struct masu_runtime *rt, const struct state *s, int signal, struct err *err)
{
	const struct cgroup_facts *facts;
	struct cgroup cg = CGROUP_INIT;
	int r;

	if (!s->cgroup)
		return err_set(err, EINVAL, "signal all processes of container `%s`: it has no cgroup", s->id);
	r = runtime_cgroup_facts(rt, &facts, err);
	if (r >= 0)
		r = cgroup_open(facts, s->cgroup, &cg, err);
	if (r < 0)
		return r;
	r = cgroup_kill(&cg, signal, err);
	cgroup_done(&cg);
	return r;
}

static int kill_one(struct masu_runtime *rt, const struct state *s, int signal, struct err *err)
{
	AUTO(pidref_done) struct pidref p = PIDREF_INIT;
	int r = pidref_open(rt->proc_fd, s->pid, s->start_time, &p);

	if (r >= 0)
		r = pidref_kill(&p, signal);
	if (r == -ESRCH)
		return err_set(err, ESRCH, "container not running: `%s`: no such process", s->id);
	return r < 0 ? err_code(err, r, "signal container `%s`", s->id) : 0;
}

static int kill_loaded(struct masu_runtime *rt, int dir_fd, const struct state *s, int signal, unsigned flags,
		       struct err *err)
{
	bool all = flags & MASU_KILL_ALL;
	enum status status;
	int r = state_status(rt, dir_fd, s, &status, err);

	if (r < 0)
		return r;
	/* Processes of a container without a pid namespace of its own outlive the first one: --all reaches them. */
	if (all && s->cgroup)
		return kill_all(rt, s, signal, err);
	if (all && status != STATUS_STOPPED)
		return pids_kill(rt->proc_fd, s, signal, err);
	if (status == STATUS_STOPPED)
		return all ? 0 : err_set(err, ESRCH, "container not running: `%s`: no such process", s->id);
	if (signal == SIGKILL && s->cgroup && (s->shared_pid || status == STATUS_PAUSED))
		return kill_all(rt, s, signal, err);
	return kill_one(rt, s, signal, err);
}

int masu_kill(struct masu_runtime *rt, const char *id, int signal, unsigned flags, struct masu_error *error)
{
	AUTO(arena_done) struct arena a = { 0 };
	autoclose int dir_fd = -EBADF;
	struct err err = { 0 };
	struct state s;
	int r = api_flags(flags, MASU_KILL_ALL, &err);

	if (r >= 0)
		r = target_load(rt, id, "signal", false, &dir_fd, &a, &s, &err);
	if (r >= 0 && (signal < 1 || signal > 64))
		r = err_set(&err, EINVAL, "signal container `%s`: no such signal: %d", id, signal);
	if (r >= 0)
		r = kill_loaded(rt, dir_fd, &s, signal, flags, &err);
	return api_return(r, &err, error);
}
