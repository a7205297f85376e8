/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over /proc notes parents and pid namespaces; what belongs to the container follows from them. */

#include "container/pids.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/pidref.h"
#include "base/procfs.h"

#define KILL_MS 2000 /* how long killed processes have to end */

struct process {
	pid_t pid, parent;
	uint64_t start_time; /* with it the number is one process for ever */
	bool inside;
};

/* Fields 4 and 22 of "1 (a) b) S 0 ...": the name may hold anything, so the last parenthesis counts. */
static bool read_stat(int proc_fd, struct process *p)
{
	char path[32], text[1024];
	unsigned long long ticks;
	const char *end;
	int parent;

	snprintf(path, sizeof(path), "%d/stat", (int)p->pid);
	if (procfs_read(proc_fd, path, text, sizeof(text)) <= 0)
		return false;
	end = strrchr(text, ')');
	if (!end || sscanf(end + 1, " %*c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
			   &parent, &ticks) != 2)
		return false;
	p->parent = parent;
	p->start_time = ticks;
	return true;
}

static bool is_first(const struct state *s, const struct process *p)
{
	return p->pid == s->pid && p->start_time == s->start_time;
}

static bool namespace_of(int proc_fd, pid_t pid, char *ret, size_t len)
{
	char path[32];
	ssize_t n;

	snprintf(path, sizeof(path), "%d/ns/pid", (int)pid);
	n = readlinkat(proc_fd, path, ret, len - 1);
	ret[n > 0 ? n : 0] = 0;
	return n > 0;
}

/* Read before it is proved whose it is: a number that was given to another process since then has another start time. */
static bool own_namespace(int proc_fd, const struct state *s, char *ret, size_t len)
{
	struct process first = { .pid = s->pid };

	return !s->shared_pid && namespace_of(proc_fd, s->pid, ret, len) && read_stat(proc_fd, &first) &&
	       is_first(s, &first);
}

static int scan(int proc_fd, const struct state *s, struct buf *ret)
{
	autoclosedir DIR *d = NULL;
	autoclose int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char own[64], other[64];
	bool known = own_namespace(proc_fd, s, own, sizeof(own));
	struct dirent *e;

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return -errno;
	take_fd(&fd);
	while ((e = readdir(d))) {
		struct process p = { 0 };
		uint64_t n;

		if (parse_u64(e->d_name, INT32_MAX, &n) < 0)
			continue;
		p.pid = (pid_t)n;
		p.inside = known && namespace_of(proc_fd, p.pid, other, sizeof(other)) && strcmp(own, other) == 0;
		if (!read_stat(proc_fd, &p))
			continue;
		p.inside = p.inside || is_first(s, &p);
		if (buf_add(ret, &p, sizeof(p)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool has_parent_inside(const struct process *v, size_t n, pid_t parent)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].pid == parent)
			return v[i].inside;
	return false;
}

/* Those inside, as struct process. */
static int find(int proc_fd, const struct state *s, struct buf *ret, struct err *err)
{
	AUTO(buf_done) struct buf all = { 0 };
	struct process *v;
	size_t n;
	int r = scan(proc_fd, s, &all);

	if (r < 0)
		return err_code(err, r, "list processes of container `%s`", s->id);
	v = (struct process *)(void *)all.data;
	n = all.len / sizeof(*v);
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < n; i++)
			if (!v[i].inside && has_parent_inside(v, n, v[i].parent))
				v[i].inside = more = true;
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].inside && buf_add(ret, &v[i], sizeof(v[i])) < 0)
			return err_set(err, ENOMEM, "list processes of container `%s`", s->id);
	return 0;
}

int pids_find(int proc_fd, const struct state *s, pid_t **ret, size_t *ret_n, struct err *err)
{
	AUTO(buf_done) struct buf found = { 0 }, pids = { 0 };
	int r = find(proc_fd, s, &found, err);
	const struct process *v = (const struct process *)(const void *)found.data;

	*ret = NULL;
	*ret_n = 0;
	for (size_t i = 0; r >= 0 && i < found.len / sizeof(*v); i++)
		if (buf_add(&pids, &v[i].pid, sizeof(v[i].pid)) < 0)
			r = err_set(err, ENOMEM, "list processes of container `%s`", s->id);
	if (r < 0)
		return r;
	*ret_n = pids.len / sizeof(pid_t);
	*ret = (pid_t *)(void *)take_ptr(&pids.data);
	return 0;
}

/* *ret_n: how many there were to be signalled; who is dead and not reaped yet is none of them. */
static int kill_round(int proc_fd, const struct state *s, int signal, size_t *ret_n, struct err *err)
{
	AUTO(buf_done) struct buf found = { 0 };
	int r = find(proc_fd, s, &found, err);
	const struct process *v = (const struct process *)(const void *)found.data;

	*ret_n = 0;
	for (size_t i = 0; r >= 0 && i < found.len / sizeof(*v); i++) {
		AUTO(pidref_done) struct pidref p = PIDREF_INIT;

		r = pidref_open(proc_fd, v[i].pid, v[i].start_time, &p);
		if (r >= 0)
			r = pidref_kill(&p, signal);
		if (r < 0 && r != -ESRCH)
			return err_code(err, r, "signal process %d of container `%s`", (int)v[i].pid, s->id);
		*ret_n += r >= 0;
		r = 0;
	}
	return r;
}

/* The first process last would be best, but its end takes the others of a pid namespace with it in any case. */
int pids_kill(int proc_fd, const struct state *s, int signal, struct err *err)
{
	int64_t end = clock_ms() + KILL_MS;
	size_t n = 0;
	int r = kill_round(proc_fd, s, signal, &n, err);

	if (signal != SIGKILL)
		return r;
	while (r >= 0 && n > 0 && clock_ms() < end) {
		clock_pause_us(10000);
		r = kill_round(proc_fd, s, signal, &n, err);
	}
	if (r >= 0 && n > 0)
		return err_set(err, EBUSY, "signal all processes of container `%s`: %zu do not end", s->id, n);
	return r;
}
