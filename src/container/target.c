/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a container for a command on its cgroup. */

#include <errno.h>

#include "container/target.h"

#include "base/cleanup.h"
#include "container/dir.h"

static int open_cgroup(struct masu_runtime *rt, const char *verb, struct target *t, struct err *err)
{
	const struct cgroup_facts *facts;
	int r;

	if (!t->state.cgroup)
		return err_set(err, EOPNOTSUPP, "%s container `%s`: it has no cgroup", verb, t->state.id);
	r = runtime_cgroup_facts(rt, &facts, err);
	if (r >= 0)
		r = cgroup_open(facts, t->state.cgroup, &t->cg, err);
	if (r >= 0 && cgroup_is_disabled(&t->cg))
		r = err_set(err, EOPNOTSUPP, "%s container `%s`: it has no cgroup", verb, t->state.id);
	return r;
}

int target_load(struct masu_runtime *rt, const char *id, const char *verb, bool locked, int *ret_dir_fd,
		struct arena *a, struct state *ret, struct err *err)
{
	int r = locked ? dir_open_locked(rt, id, DIR_LOCK_MS, ret_dir_fd, err) : dir_open(rt, id, ret_dir_fd, err);

	if (r < 0)
		return r;
	r = state_load(*ret_dir_fd, id, a, ret, err);
	if (r == -ENOENT && !err->code)
		return err_set(err, EBUSY, "%s container `%s`: it is not created yet", verb, id);
	return r;
}

int target_open(struct masu_runtime *rt, const char *id, const char *verb, bool locked, struct target *ret,
		struct err *err)
{
	int r = target_load(rt, id, verb, locked, &ret->dir_fd, &ret->arena, &ret->state, err);

	if (r < 0)
		return r;
	r = runtime_proc(rt, err);
	if (r < 0)
		return r;
	r = state_status(rt, ret->dir_fd, &ret->state, &ret->status, err);
	return r < 0 ? r : open_cgroup(rt, verb, ret, err);
}

void target_done(struct target *t)
{
	cgroup_done(&t->cg);
	cleanup_close(&t->dir_fd);
	arena_done(&t->arena);
}
