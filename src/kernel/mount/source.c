/* SPDX-License-Identifier: Apache-2.0 */
/* Opens sources as detached mounts with the host's rights, and the user namespaces that id-map them. Host side. */
#include "kernel/mount/source.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "kernel/mount/apply_internal.h"

#define SOURCE_MAP_MAX 4096 /* the kernel takes one page */

/* Received, never sent: a clone that goes to a user namespace must not be a peer of the host's mount. */
static int source_clone(const char *path, unsigned flags, struct err *err)
{
	struct sys_mount_attr slave = { .propagation = MS_SLAVE };
	autoclose int fd = sys_open_tree(AT_FDCWD, path, SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | flags);

	if (fd < 0)
		return err_sys(err, "open source `%s`", path);
	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | SYS_AT_RECURSIVE, &slave) < 0)
		return err_sys(err, "cut off source `%s`", path);
	return take_fd(&fd);
}

static int source_idmap(int fd, const struct mount_rec *rec, int userns_fd, const char *path, struct err *err)
{
	struct sys_mount_attr attr = { .attr_set = SYS_MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns_fd };
	int r;

	if (userns_fd < 0)
		return err_set(err, EINVAL, "id-map source `%s`: there is no user namespace", path);
	if (!sys_mount_setattr(fd, "", AT_EMPTY_PATH | (rec->flags & MOUNT_REC_IDMAP_RECURSIVE ? SYS_AT_RECURSIVE : 0),
			       &attr))
		return 0;
	r = err_sys(err, "id-map source `%s`", path);
	if (r == -EINVAL)
		err_hint(err, "its file system cannot be id-mapped on this kernel");
	return r;
}

int mount_source_open(const struct flat *flat, const struct mount_rec *rec, int userns_fd, struct err *err)
{
	const char *path = flat_str(flat, rec->source);
	unsigned flags = 0;
	autoclose int fd = -1;
	int r;

	if (rec->flags & MOUNT_REC_RECURSIVE)
		flags |= SYS_AT_RECURSIVE;
	if (rec->flags & (MOUNT_REC_SRC_NOFOLLOW | MOUNT_REC_COPY_SYMLINK))
		flags |= AT_SYMLINK_NOFOLLOW;
	if (rec->kind == MOUNT_KIND_FS)
		fd = mount_fs_open(flat, rec, err);
	else
		fd = path ? source_clone(path, flags, err) : err_set(err, EPROTO, "read mount plan: no source");
	if (fd == MOUNT_MISSING || (rec->kind != MOUNT_KIND_FS && mount_is_missing(rec, fd))) {
		err_clear(err);
		fd = eventfd(0, EFD_CLOEXEC);
		return fd < 0 ? err_sys(err, "open source `%s`", path) : take_fd(&fd);
	}
	r = fd < 0 ? fd : rec->flags & MOUNT_REC_IDMAP ? source_idmap(fd, rec, userns_fd, path, err) : 0;
	if (r < 0) {
		err_pointer(err, "/mounts/%u", rec->index);
		return r;
	}
	return take_fd(&fd);
}

int mount_source_open_root(const struct flat *flat, const struct mount_plan *plan, struct err *err)
{
	const char *path = flat_str(flat, plan->root_path);
	int fd = path ? source_clone(path, SYS_AT_RECURSIVE, err) : err_set(err, EPROTO, "read mount plan: no root");

	if (fd < 0)
		err_pointer(err, "/root/path");
	return fd;
}

static int source_map_text(const struct flat *flat, struct flat_arr map, char *out, size_t len)
{
	const struct mount_id_range *m = flat_arr(flat, map, sizeof(*m));
	size_t at = 0;

	if (!m)
		return -EPROTO;
	for (uint32_t i = 0; i < map.count; i++) {
		int n = snprintf(out + at, len - at, "%u %u %u\n", m[i].inside, m[i].outside, m[i].size);

		if (n < 0 || (size_t)n >= len - at)
			return -E2BIG;
		at += (size_t)n;
	}
	return 0;
}

static int source_map_write(const struct flat *flat, struct flat_arr map, int proc_fd, long pid, const char *file)
{
	char text[SOURCE_MAP_MAX], path[64];
	int r = source_map_text(flat, map, text, sizeof(text));

	snprintf(path, sizeof(path), "%ld/%s", pid, file);
	return r ? r : procfs_write(proc_fd, path, text);
}

int mount_source_open_userns(const struct flat *flat, const struct mount_rec *rec, int proc_fd, struct err *err)
{
	struct sys_clone_args args = { .flags = SYS_CLONE_NEWUSER, .exit_signal = SIGCHLD };
	autoclose int in = -1, out = -1;
	int pipe_fds[2], fd, r;
	long pid;
	char c;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(err, "make a user namespace");
	in = pipe_fds[0];
	out = pipe_fds[1];
	pid = sys_clone3(&args);
	if (pid < 0)
		return err_sys(err, "make a user namespace");
	if (!pid) { /* keeps it alive until somebody has an fd of it */
		close(out);
		_exit(read(in, &c, 1) != 0);
	}
	r = source_map_write(flat, rec->uid_map, proc_fd, pid, "uid_map");
	if (!r)
		r = source_map_write(flat, rec->gid_map, proc_fd, pid, "gid_map");
	fd = r < 0 ? r : procfs_open_ns(proc_fd, (pid_t)pid, "user");
	close(take_fd(&out));
	while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (fd < 0) {
		err_pointer(err, "/mounts/%u", rec->index);
		return err_code(err, fd, "map the ids of a mount");
	}
	return fd;
}

static int source_open_one(const struct flat *flat, const struct mount_rec *rec, int proc_fd, int userns_fd,
			   struct err *err)
{
	autoclose int own = -1;

	if ((rec->flags & MOUNT_REC_IDMAP) && !(rec->flags & MOUNT_REC_IDMAP_CONTAINER)) {
		own = mount_source_open_userns(flat, rec, proc_fd, err);
		if (own < 0)
			return own;
		userns_fd = own;
	}
	return mount_source_open(flat, rec, userns_fd, err);
}

int mount_source_open_all(const struct flat *flat, const struct mount_plan *plan, int proc_fd, int userns_fd, int *fds,
			  size_t max, size_t *ret_len, struct err *err)
{
	const struct mount_rec *recs = flat_arr(flat, plan->mounts, sizeof(*recs));
	size_t n = 0;
	int fd = 0;

	*ret_len = 0;
	if (plan->host_sources > max)
		return err_set(err, ENOSPC, "open mount sources: %u are too many", plan->host_sources);
	if (plan->root_source_fd) {
		fd = mount_source_open_root(flat, plan, err);
		if (fd >= 0)
			fds[n++] = fd;
	}
	for (uint32_t i = 0; fd >= 0 && recs && i < plan->mounts.count; i++) {
		if (!recs[i].source_fd)
			continue;
		/* the planner numbers them in this order */
		if (n >= max || recs[i].source_fd != n + 1)
			fd = err_set(err, EPROTO, "read mount plan: sources out of order");
		else
			fd = source_open_one(flat, &recs[i], proc_fd, userns_fd, err);
		if (fd >= 0)
			fds[n++] = fd;
	}
	if (fd < 0) {
		while (n)
			close(fds[--n]);
		return fd;
	}
	*ret_len = n;
	return 0;
}
