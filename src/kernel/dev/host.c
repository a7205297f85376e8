/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes for a container with a user namespace, made by a privileged host side: real nodes with the wanted mode and
 * owner on a tmpfs of their own, handed over as one detached mount each. Nothing shows in the caller's mount namespace. */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/sys.h"
#include "kernel/dev/dev.h"

#define HOST_CLONE (SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW)

/* Made with our credentials, so the super block belongs to the first user namespace and its nodes work. */
static int host_tmpfs(struct err *err)
{
	autoclose int fs = sys_fsopen("tmpfs", SYS_FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 || sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "source", "masu-devices", 0) < 0 ||
	    sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(err, "make a file system for devices");
	fd = sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC, SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NOEXEC);
	return fd < 0 ? err_sys(err, "make a file system for devices") : fd;
}

static int host_node(int dir, const struct flat *flat, const struct dev_rec *rec, struct err *err)
{
	const char *path = flat_str(flat, rec->path);
	char name[24];
	mode_t mask;
	int r;

	snprintf(name, sizeof(name), "%u", rec->source_fd);
	mask = umask(0);
	r = mknodat(dir, name, (rec->type == 'b' ? S_IFBLK : S_IFCHR) | rec->mode, makedev(rec->major, rec->minor)) < 0
		    ? -errno
		    : 0;
	umask(mask);
	if (r < 0) {
		err_pointer(err, "/linux/devices/%u", rec->index);
		return err_code(err, r, "make device `%s`", path ? path : "?");
	}
	if (fchownat(dir, name, rec->host_uid, rec->host_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "make device `%s`: set owner %u:%u", path ? path : "?", rec->host_uid,
			       rec->host_gid);
	return 0;
}

static int host_clones(int dir, int *fds, size_t n)
{
	char name[24];

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%zu", i + 1);
		fds[i] = sys_open_tree(dir, name, HOST_CLONE);
		if (fds[i] < 0) {
			int r = -errno;

			while (i--)
				close(fds[i]);
			return r;
		}
	}
	return 0;
}

/* The child: shares our fd table, has a mount namespace of its own that nobody else will ever see. */
static int host_clones_attached(int dir, int *fds, size_t n)
{
	struct sys_mount_attr private = { .propagation = MS_PRIVATE };
	autoclose int root = -1;

	if (sys_mount_setattr(AT_FDCWD, "/", SYS_AT_RECURSIVE, &private) < 0)
		return -errno;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 ||
	    sys_move_mount(dir, "", root, "", SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return host_clones(dir, fds, n);
}

/* Kernels before 6.15 clone only what is attached in the caller's mount namespace. */
static int host_clones_in_child(int dir, int *fds, size_t n)
{
	struct sys_clone_args args = { .flags = SYS_CLONE_NEWNS | CLONE_FILES, .exit_signal = SIGCHLD };
	int pipe_fds[2], status, r;
	autoclose int in = -1, out = -1;
	long pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	in = pipe_fds[0];
	out = pipe_fds[1];
	pid = sys_clone3(&args);
	if (pid < 0)
		return -errno;
	if (!pid) {
		r = host_clones_attached(dir, fds, n);
		_exit(io_write_full(out, &r, sizeof(r)) < 0 || (!r && io_write_full(out, fds, n * sizeof(*fds)) < 0));
	}
	while (waitpid((pid_t)pid, &status, 0) < 0 && errno == EINTR)
		;
	close(take_fd(&out));
	if (io_read_full(in, &r, sizeof(r)) != sizeof(r))
		return -EIO;
	if (r < 0)
		return r;
	return io_read_full(in, fds, n * sizeof(*fds)) == (ssize_t)(n * sizeof(*fds)) ? 0 : -EIO;
}

int dev_host_make(const struct flat *flat, const struct dev_plan *plan, int *fds, size_t max, size_t *ret_len,
		  struct err *err)
{
	const struct dev_rec *recs = flat_arr(flat, plan->nodes, sizeof(*recs));
	autoclose int dir = -1;
	uint32_t n = 0;
	int r = 0;

	*ret_len = 0;
	if (!plan->host_nodes)
		return 0;
	if (!recs || plan->host_nodes > max)
		return err_set(err, ENOSPC, "make devices: %u are too many", plan->host_nodes);
	dir = host_tmpfs(err);
	if (dir < 0)
		return dir;
	for (uint32_t i = 0; i < plan->nodes.count && !r; i++) {
		if (!recs[i].source_fd)
			continue;
		if (recs[i].source_fd != ++n)
			return err_set(err, EPROTO, "make devices: the plan is out of order");
		r = host_node(dir, flat, &recs[i], err);
	}
	if (r < 0)
		return r;
	if (n != plan->host_nodes)
		return err_set(err, EPROTO, "make devices: the plan does not add up");
	r = host_clones(dir, fds, n);
	if (r == -EINVAL)
		r = host_clones_in_child(dir, fds, n);
	if (r < 0)
		return err_code(err, r, "make devices");
	*ret_len = n;
	return 0;
}
