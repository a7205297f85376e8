/* SPDX-License-Identifier: Apache-2.0 */
/* The container's root becomes a mount of its own: a detached clone, attached over the place it comes from, cut off from
 * the host as rootfsPropagation says. Init side. */
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "kernel/mount/apply_internal.h"

#define ROOT_CLIMB_MAX 4096

/* Before anything of the container is reachable: the one node that masks files. */
static int root_take_null(struct mount_ctx *ctx, struct err *err)
{
	autoclose int fd = -1;
	struct stat st;
	int r;

	if (!ctx->plan->masked.count)
		return 0;
	fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open the host's `/dev/null`");
	ctx->null_fd = sys_open_tree(fd, "", SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (ctx->null_fd < 0)
		return err_sys(err, "clone the host's `/dev/null`");
	if (fstat(ctx->null_fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(err, ENODEV, "open the host's `/dev/null`: not the null device");
	r = mount_set_propagation(ctx->null_fd, false, MS_PRIVATE);
	return r < 0 ? err_code(err, r, "cut off the host's `/dev/null`") : 0;
}

/* The tree that came from the host. With rootfsPropagation=shared it stays as it is, so that `rshared` volumes are shared
 * with the host; only the mount below our root is cut off. */
static int root_tree(struct mount_ctx *ctx, struct err *err)
{
	uint64_t p = ctx->plan->propagation;
	struct sys_mount_attr attr = { .propagation = p & (MS_PRIVATE | MS_UNBINDABLE) ? MS_PRIVATE : MS_SLAVE };
	int r;

	if (ctx->plan->mount_ns != MOUNT_NS_NEW || p == MS_SHARED)
		return 0;
	if (!sys_mount_setattr(AT_FDCWD, "/", SYS_AT_RECURSIVE, &attr))
		return 0;
	/* before 6.8 it refuses the root of the mount namespace when that has no parent (an initramfs) */
	if (errno == EINVAL && !mount(NULL, "/", NULL, MS_REC | (unsigned long)attr.propagation, NULL))
		return 0;
	r = err_sys(err, "set the propagation of all mounts");
	if (r == -EINVAL)
		err_hint(err, "`/` is no mount point: is this a chroot?");
	return r;
}

/* The root directory of the mount that fd lies in, which is what mount_setattr wants. */
static int root_climb(int fd)
{
	autoclose int at = fd_dup_above(fd, 3);

	for (int i = 0; at >= 0 && i < ROOT_CLIMB_MAX; i++) {
		struct fd_where where;
		int r = fd_where(at, &where), up;

		if (r < 0)
			return r;
		if (where.is_root)
			return take_fd(&at);
		up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (up < 0)
			return -errno;
		close(at);
		at = up;
	}
	return at < 0 ? at : -ELOOP;
}

/* pivot_root(2) wants a parent that is not shared, and the host must not see what is attached to it. A mount namespace
 * that others live in is not changed: there the parent has to be right already. */
static int root_parent(struct mount_ctx *ctx, int target, struct err *err)
{
	autoclose int parent = -1;
	struct fd_where where;
	uint64_t propagation = 0;
	int r;

	if (ctx->plan->mount_ns == MOUNT_NS_JOINED) {
		r = fd_where(target, &where);
		if (!r)
			r = mount_info_propagation(ctx->proc_fd, where.mount_id, &propagation);
		if (r < 0)
			return err_code(err, r, "look at the mount of the root");
		if (propagation & MS_SHARED) {
			err_hint(err, "make its mounts private or slave first");
			return err_set(err, EINVAL,
				       "mount root: the joined mount namespace shares it with other namespaces");
		}
		return 0;
	}
	if (ctx->plan->propagation != MS_SHARED)
		return 0;
	parent = root_climb(target);
	r = parent < 0 ? parent : mount_set_propagation(parent, false, MS_PRIVATE);
	return r < 0 ? err_code(err, r, "make the mount of the root private") : 0;
}

static int root_clone(struct mount_ctx *ctx, const char *path, struct err *err)
{
	uint32_t n = ctx->plan->root_source_fd;
	int fd;

	if (n) {
		if (n > ctx->nfds)
			return err_set(err, EPROTO, "mount root: it was not sent");
		fd = fd_dup_above(ctx->fds[n - 1], 3);
		return fd < 0 ? err_code(err, fd, "mount root") : fd;
	}
	fd = sys_open_tree(AT_FDCWD, path, SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | SYS_AT_RECURSIVE);
	return fd < 0 ? err_sys(err, "open root `%s`", path) : fd;
}

/* Where it comes from, so that hooks which enter the namespace find it by its path. A directory that the container's root
 * may not even walk to is attached over "/" instead, which pivot_root does not mind. */
static int root_target(struct mount_ctx *ctx, const char *path, struct err *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == EACCES && ctx->plan->root_source_fd)
		fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "open root `%s`", path) : fd;
}

static int root_mount(struct mount_ctx *ctx, const char *path, struct err *err)
{
	uint64_t p = ctx->plan->propagation;
	autoclose int target = root_target(ctx, path, err), clone = -1;
	struct stat st;
	int r;

	if (target < 0)
		return target;
	clone = root_clone(ctx, path, err);
	if (clone < 0)
		return clone;
	if (fstat(clone, &st) < 0)
		return err_sys(err, "open root `%s`", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ENOTDIR, "open root `%s`: not a directory", path);
	r = mount_set_propagation(clone, true, p & ~(uint64_t)MS_SLAVE ? MS_PRIVATE : MS_SLAVE);
	if (r < 0)
		return err_code(err, r, "set the propagation of the root");
	r = root_parent(ctx, target, err);
	if (r < 0)
		return r;
	r = mount_attach(clone, target);
	if (r < 0)
		return err_code(err, r, "mount root `%s`", path);
	ctx->root_fd = take_fd(&clone);
	return 0;
}

int mount_apply_root(struct mount_ctx *ctx, struct err *err)
{
	const char *path = flat_str(ctx->flat, ctx->plan->root_path);
	int r;

	if (!path || path[0] != '/')
		return err_set(err, EPROTO, "read mount plan: no root");
	if (ctx->plan->mount_ns == MOUNT_NS_NONE) {
		ctx->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = ctx->root_fd < 0 ? err_sys(err, "open root `%s`", path) : 0;
	} else {
		r = root_take_null(ctx, err);
		if (r < 0) {
			err_pointer(err, "/linux/maskedPaths");
			return r;
		}
		r = root_tree(ctx, err);
		if (!r)
			r = root_mount(ctx, path, err);
	}
	if (r < 0)
		err_pointer(err, "/root/path");
	return r;
}
