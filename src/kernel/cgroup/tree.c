/* SPDX-License-Identifier: Apache-2.0 */
/* Depth-first walks with an explicit stack of names; upwards by "..", which a cgroup file system keeps true. */
#include "kernel/cgroup/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

struct node {
	unsigned depth;
	char name[NAME_MAX + 1];
};

static int dir_open(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Pushes the child directories, or only the first one. */
static int push_children(int dir_fd, unsigned depth, bool only_first, struct buf *stack)
{
	autoclosedir DIR *d = NULL;
	autoclose int fd = dir_open(dir_fd, ".");
	struct dirent *e;

	if (fd < 0)
		return fd == -ENOENT || fd == -ENODEV ? 0 : fd;
	d = fdopendir(fd);
	if (!d)
		return -errno;
	take_fd(&fd);
	while ((e = readdir(d))) {
		struct node n = { .depth = depth };
		int r;

		if (e->d_type != DT_DIR || e->d_name[0] == '\0' || strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0)
			continue;
		memcpy(n.name, e->d_name, strnlen(e->d_name, NAME_MAX));
		r = buf_add(stack, &n, sizeof(n));
		if (r < 0 || only_first)
			return r;
	}
	return 0;
}

static bool pop(struct buf *stack, struct node *ret)
{
	if (stack->len < sizeof(*ret))
		return false;
	stack->len -= sizeof(*ret);
	memcpy(ret, stack->data + stack->len, sizeof(*ret));
	return true;
}

/* Replaces *cur by its parent. */
static int go_up(int *cur)
{
	int up = dir_open(*cur, "..");

	if (up < 0)
		return up == -ENOENT || up == -ENODEV ? -EAGAIN : up;
	cleanup_close(cur);
	*cur = up;
	return 0;
}

static int add_procs(int dir_fd, struct buf *ret)
{
	AUTO(buf_done) struct buf text = { 0 };
	autoclose int fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	r = io_read_all(fd, 64u << 20, &text);
	if (r == -EOPNOTSUPP || r == -ENODEV) /* a threaded cgroup shows its processes in its parent; or it is gone */
		return 0;
	for (char *p = text.data; r == 0 && p && *p;) {
		pid_t pid = (pid_t)strtol(p, &p, 10);

		p += strspn(p, "\n");
		if (pid > 0) /* 0: of another pid namespace */
			r = buf_add(ret, &pid, sizeof(pid));
	}
	return r;
}

typedef int visit_fn(int dir_fd, void *arg);

/* Visits the cgroup and, if recursive, those below, parents first. */
static int walk(int dir_fd, bool recursive, visit_fn *visit, void *arg)
{
	AUTO(buf_done) struct buf stack = { 0 };
	autoclose int cur = dir_open(dir_fd, ".");
	unsigned depth = 0;
	struct node n;
	int r;

	if (cur < 0)
		return cur == -ENOENT || cur == -ENODEV ? 0 : cur;
	r = visit(cur, arg);
	if (r == 0 && recursive)
		r = push_children(cur, 1, false, &stack);
	while (r == 0 && pop(&stack, &n)) {
		int next;

		for (; r == 0 && depth >= n.depth; depth--)
			r = go_up(&cur);
		next = r < 0 ? r : dir_open(cur, n.name);
		if (next == -ENOENT)
			continue;
		if (next < 0)
			return next;
		cleanup_close(&cur);
		cur = next;
		depth++;
		r = visit(cur, arg);
		if (r == 0)
			r = push_children(cur, depth + 1, false, &stack);
	}
	return r;
}

static int visit_procs(int dir_fd, void *arg)
{
	return add_procs(dir_fd, arg);
}

int tree_procs(int dir_fd, bool recursive, struct buf *ret)
{
	return walk(dir_fd, recursive, visit_procs, ret);
}

/* Processes of other pid namespaces are written as 0, and those of a threaded cgroup not at all: both use it. */
static int has_procs(int dir_fd)
{
	char text[16];
	ssize_t n = io_read_file_at(dir_fd, "cgroup.procs", text, sizeof(text));

	return n == -ENOENT || n == -ENODEV ? 0 : n == -EOPNOTSUPP ? 1 : n < 0 ? (int)n : n > 0;
}

int tree_is_used(int dir_fd)
{
	AUTO(buf_done) struct buf found = { 0 };
	int r = push_children(dir_fd, 1, true, &found);

	return r < 0 ? r : found.len > 0 ? 1 : has_procs(dir_fd);
}

struct tree_file {
	const char *file, *value;
};

static int visit_write(int dir_fd, void *arg)
{
	const struct tree_file *f = arg;
	int r = io_write_file_at(dir_fd, f->file, f->value);

	return r == -ENOENT || r == -ENODEV ? 0 : r;
}

int tree_write(int dir_fd, const char *file, const char *value)
{
	struct tree_file f = { file, value };

	return walk(dir_fd, true, visit_write, &f);
}

int tree_remove_below(int dir_fd)
{
	AUTO(buf_done) struct buf names = { 0 };
	autoclose int cur = dir_open(dir_fd, ".");
	struct node n;
	int r = 0;

	if (cur < 0)
		return cur == -ENOENT || cur == -ENODEV ? 0 : cur;
	while (r == 0) {
		size_t before = names.len;

		r = push_children(cur, 0, true, &names);
		if (r < 0)
			return r;
		if (names.len > before) { /* go to the first child */
			int next = dir_open(cur, ((struct node *)(names.data + before))->name);

			if (next < 0)
				return next == -ENOENT ? -EAGAIN : next;
			cleanup_close(&cur);
			cur = next;
			continue;
		}
		if (!pop(&names, &n))
			return 0;
		r = go_up(&cur);
		if (r == 0 && unlinkat(cur, n.name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			r = -errno;
	}
	return r;
}
