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
#include "base/parse.h"
#include "base/pidref.h"
#include "base/procfs.h"

#define KILL_ROUNDS 32

struct process {
	pid_t pid, parent;
	bool inside;
};

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* "1 (a) b) S 0 ...": the name may hold anything, so the last parenthesis counts. */
static pid_t parent_of(int proc_fd, pid_t pid)
{
	char path[32], text[1024];
	const char *end;
	int parent;

	snprintf(path, sizeof(path), "%d/stat", (int)pid);
	if (procfs_read(proc_fd, path, text, sizeof(text)) <= 0)
		return -1;
	end = strrchr(text, ')');
	return end && sscanf(end + 1, " %*c %d", &parent) == 1 ? parent : -1;
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

static int scan(int proc_fd, const struct state *s, struct buf *ret)
{
	AUTO(close_dir) DIR *d = NULL;
	autoclose int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char own[64], other[64];
	bool known = !s->shared_pid && namespace_of(proc_fd, s->pid, own, sizeof(own));
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
		p.parent = parent_of(proc_fd, p.pid);
		p.inside = p.pid == s->pid ||
			   (known && namespace_of(proc_fd, p.pid, other, sizeof(other)) && strcmp(own, other) == 0);
		if (p.parent >= 0 && buf_add(ret, &p, sizeof(p)) < 0)
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

int pids_find(int proc_fd, const struct state *s, pid_t **ret, size_t *ret_n, struct err *err)
{
	AUTO(buf_done) struct buf all = { 0 }, found = { 0 };
	struct process *v;
	size_t n;
	int r = scan(proc_fd, s, &all);

	*ret = NULL;
	*ret_n = 0;
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
		if (v[i].inside && buf_add(&found, &v[i].pid, sizeof(v[i].pid)) < 0)
			return err_set(err, ENOMEM, "list processes of container `%s`", s->id);
	*ret_n = found.len / sizeof(pid_t);
	*ret = (pid_t *)(void *)take_ptr(&found.data);
	return 0;
}

static int kill_round(int proc_fd, const struct state *s, int signal, size_t *ret_n, struct err *err)
{
	autofree pid_t *pids = NULL;
	int r = pids_find(proc_fd, s, &pids, ret_n, err);

	for (size_t i = 0; r >= 0 && i < *ret_n; i++) {
		AUTO(pidref_done) struct pidref p = PIDREF_INIT;

		r = pidref_open(proc_fd, pids[i], 0, &p);
		if (r >= 0)
			r = pidref_kill(&p, signal);
		if (r < 0 && r != -ESRCH)
			return err_code(err, r, "signal process %d of container `%s`", (int)pids[i], s->id);
		r = 0;
	}
	return r;
}

/* The first process last would be best, but its end takes the others of a pid namespace with it in any case. */
int pids_kill(int proc_fd, const struct state *s, int signal, struct err *err)
{
	size_t n = 0;
	int r = kill_round(proc_fd, s, signal, &n, err);

	for (unsigned k = 0; r >= 0 && n > 0 && signal == SIGKILL && k < KILL_ROUNDS; k++)
		r = kill_round(proc_fd, s, signal, &n, err);
	return r;
}
