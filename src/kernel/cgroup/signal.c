/* SPDX-License-Identifier: Apache-2.0 */
/* Signals to all processes of a cgroup. A number out of cgroup.procs may be another process's by the time that it is used: no signal
 * goes to a bare number. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/pidref.h"
#include "base/sys.h"
#include "kernel/cgroup/internal.h"

#define KILL_ROUNDS 16
#define PART 64 /* so many are held open at a time */

static pid_t pid_at(const struct buf *pids, size_t k)
{
	pid_t pid;

	memcpy(&pid, pids->data + k * sizeof(pid), sizeof(pid));
	return pid;
}

static bool holds(const struct buf *pids, pid_t pid)
{
	for (size_t k = 0; k < pids->len / sizeof(pid); k++)
		if (pid_at(pids, k) == pid)
			return true;
	return false;
}

/* 0 is a process that our pid namespace does not see; to kill(2) it would be all of our own. */
static int open_part(const struct buf *pids, size_t from, struct pidref part[PART], size_t *ret_n)
{
	int r = 0;

	*ret_n = 0;
	for (size_t k = from; k < pids->len / sizeof(pid_t) && k < from + PART; k++) {
		pid_t pid = pid_at(pids, k);
		int fd;

		if (pid <= 0 || pid == getpid())
			continue;
		fd = sys_pidfd_open(pid, 0);
		if (fd >= 0)
			part[(*ret_n)++] = (struct pidref){ .pid = pid, .pidfd = fd };
		else if (errno != ESRCH && errno != EINVAL && errno != ENOENT) /* those three: it is gone */
			r = -errno;
	}
	return r;
}

/* Who lives still has had its number all the time, also when the number was read from cgroup.procs again. */
static int signal_part(struct cgroup *cg, int i, int sig, struct pidref *part, size_t n)
{
	AUTO(buf_done) struct buf again = { 0 };
	int r = n ? cgroup_procs_at(cg, i, true, &again) : 0;

	for (size_t k = 0; k < n; k++) {
		int e = r == 0 && holds(&again, part[k].pid) && pidref_alive(&part[k]) ? pidref_kill(&part[k], sig) : 0;

		r = e < 0 && e != -ESRCH ? e : r;
		pidref_done(&part[k]);
	}
	return r;
}

int cgroup_signal_at(struct cgroup *cg, int i, int sig, size_t *ret_n)
{
	AUTO(buf_done) struct buf pids = { 0 };
	int r = cgroup_procs_at(cg, i, true, &pids);

	*ret_n = pids.len / sizeof(pid_t);
	for (size_t from = 0; r == 0 && from < *ret_n; from += PART) {
		struct pidref part[PART];
		size_t n;
		int e = open_part(&pids, from, part, &n);

		r = signal_part(cg, i, sig, part, n);
		r = r < 0 ? r : e;
	}
	return r;
}

/* One pass over processes that stand still misses none. SIGKILL without a freezer: until a pass finds nobody. */
static int kill_by_walk(struct cgroup *cg, int sig, struct err *err)
{
	int frozen = cgroup_frozen_at(cg, NULL);
	int stopped = frozen == 0 ? cgroup_freeze(cg, true, NULL) : -EALREADY;
	int main_hierarchy = cgroup_main_hierarchy(cg);
	size_t n = 0;
	int r = cgroup_signal_at(cg, main_hierarchy, sig, &n);

	for (unsigned k = 0; r == 0 && n > 0 && sig == SIGKILL && stopped < 0 && frozen <= 0 && k < KILL_ROUNDS; k++)
		r = cgroup_signal_at(cg, main_hierarchy, sig, &n);
	if (stopped == 0)
		(void)cgroup_freeze(cg, false, NULL);
	if (sig == SIGKILL)
		cgroup_thaw_for_kill(cg);
	return r < 0 ? err_code(err, r, "send signal %d to cgroup `%s`", sig, cg->path) : 0;
}

int cgroup_kill(struct cgroup *cg, int sig, struct err *err)
{
	int fd, r = -ENOENT;

	if (cgroup_is_disabled(cg) || cg->facts->hierarchies_len == 0)
		return err_set(err, EOPNOTSUPP, "kill processes: the container has no cgroup");
	fd = cgroup_fd(cg, cg->facts->unified);
	if (fd == -ENOENT && cg->facts->unified >= 0)
		return 0;
	if (sig == SIGKILL && fd >= 0)
		r = io_write_file_at(fd, "cgroup.kill", "1");
	if (r == 0) {
		cgroup_thaw_for_kill(cg);
		return 0;
	}
	return kill_by_walk(cg, sig, err);
}
