/* SPDX-License-Identifier: Apache-2.0 */
/* ps: the processes of a container, its sub-cgroups included, as the host numbers them. No lock is taken. */

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "container/api.h"
#include "container/pids.h"
#include "container/target.h"

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int list_pids(struct target *t, int proc_fd, masu_pid_fn *fn, void *arg, struct err *err)
{
	autofree pid_t *pids = NULL;
	size_t n;
	int r = t->state.cgroup ? cgroup_procs(&t->cg, true, &pids, &n, err)
				: pids_find(proc_fd, &t->state, &pids, &n, err);

	if (r < 0)
		return r;
	if (n > 0)
		qsort(pids, n, sizeof(*pids), compare);
	for (size_t i = 0; i < n; i++) {
		/* 0 stands for a process that this pid namespace cannot see. */
		r = pids[i] > 0 ? fn(arg, pids[i]) : 0;
		if (r < 0)
			return err_code(err, r, "list processes of container `%s`", t->state.id);
	}
	return 0;
}

int masu_ps(struct masu_runtime *rt, const char *id, masu_pid_fn *fn, void *arg, struct masu_error *error)
{
	AUTO(target_done) struct target t = TARGET_INIT;
	struct err err = { 0 };
	int r = target_open(rt, id, "list processes of", false, &t, &err);

	if (r == -EOPNOTSUPP && t.state.id && !t.state.cgroup && t.status != STATUS_STOPPED) {
		err_clear(&err); /* made without one: /proc knows */
		r = 0;
	}
	if (r >= 0)
		r = list_pids(&t, rt->proc_fd, fn, arg, &err);
	return api_return(r, &err, error);
}
