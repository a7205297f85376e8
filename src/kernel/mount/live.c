/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of a container that runs: attached to, and detached from, a tree in which its processes live and move things about. Hence
 * every mount is held by an fd from the moment it is attached or found, and never looked up by its path again. Init side, no heap. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/inroot.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "kernel/mount/apply_internal.h"

/* umount2(2) takes a path. A directory is "." for who stands in it. */
static int live_umount(int dir_fd, const char *name)
{
	return fchdir(dir_fd) < 0 || umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

/* The name of a file that something is mounted on stays true in this mount namespace only: elsewhere it can be renamed. */
static int live_umount_file(struct mount_ctx *ctx, int fd, const struct fd_where *want)
{
	char path[PATH_MAX], name[NAME_MAX + 1];
	struct fd_where got;
	autoclose int parent = -1, again = -1;
	int r = procfs_fd_path(ctx->proc_fd, fd, path, sizeof(path));

	if (r < 0)
		return r;
	parent = inroot_open_parent(ctx->root_fd, path, false, name, sizeof(name));
	if (parent < 0)
		return parent;
	again = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (again < 0)
		return -errno;
	r = fd_where(again, &got);
	return r < 0 ? r : got.mount_id != want->mount_id ? -EBUSY : live_umount(parent, name);
}

/* What is stacked on the mount would be detached in its place. */
static int live_umount_dir(int fd, const struct fd_where *want)
{
	autoclose int top = inroot_open(fd, "..", O_PATH | O_DIRECTORY, 0);
	struct fd_where got;
	int r = top < 0 ? top : fd_where(top, &got);

	return r < 0 ? r : got.mount_id != want->mount_id ? -EBUSY : live_umount(fd, ".");
}

/* Read back: between the look and the call the container's processes may have mounted or renamed something. */
static int live_detach(struct mount_ctx *ctx, int fd)
{
	uint64_t propagation;
	struct fd_where where;
	struct stat st;
	int r = fd_where(fd, &where);

	if (r < 0 || fstat(fd, &st) < 0)
		return r < 0 ? r : -errno;
	r = S_ISDIR(st.st_mode) ? live_umount_dir(fd, &where) : live_umount_file(ctx, fd, &where);
	if (fchdir(ctx->root_fd) < 0 && r >= 0)
		r = -errno;
	if (r < 0)
		return r;
	r = mount_info_propagation(ctx->proc_fd, where.mount_id, &propagation);
	return r == -ENOENT ? 0 : r < 0 ? r : -EBUSY;
}

/* The mount points that were made; what somebody put there since stays. */
static void live_unmake(struct mount_ctx *ctx, const char *destination, unsigned made)
{
	char path[PATH_MAX], name[NAME_MAX + 1];

	snprintf(path, sizeof(path), "%s", destination ? destination : "");
	for (; made; made--) {
		autoclose int parent = inroot_open_parent(ctx->root_fd, path, false, name, sizeof(name));
		struct stat st;

		if (parent < 0 || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !(S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && !st.st_size)) ||
		    unlinkat(parent, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0)
			return;
		*strrchr(path, '/') = '\0';
	}
}

static int live_add(struct mount_ctx *ctx, const struct mount_rec *recs, int *fds, struct err *err)
{
	unsigned made[MOUNT_LIVE_MAX];
	uint32_t i = 0;
	int r = 0;

	ctx->track = true;
	for (; i < ctx->plan->mounts.count && r >= 0; i++) {
		ctx->attached_fd = -1;
		ctx->made = 0;
		r = mount_apply_one(ctx, &recs[i], err);
		fds[i] = ctx->attached_fd;
		made[i] = ctx->made;
	}
	while (r < 0 && i > 0) {
		if (fds[--i] >= 0 && live_detach(ctx, fds[i]) < 0)
			err_hint(err, "a mount before it could not be taken back");
		else
			live_unmake(ctx, flat_str(ctx->flat, recs[i].destination), made[i]);
	}
	return r;
}

/* Without links: what is detached must not be for the container to choose. */
static int live_open(struct mount_ctx *ctx, const char *destination)
{
	return inroot_open_no_links(ctx->root_fd, destination, O_PATH);
}

/* Masks and read-only paths are mounts, too, whatever name leads to them. */
static int live_check_list(struct mount_ctx *ctx, struct flat_arr list, uint64_t mount_id)
{
	const struct flat_str *paths = flat_arr(ctx->flat, list, sizeof(*paths));

	for (uint32_t i = 0; paths && i < list.count; i++) {
		const char *path = flat_str(ctx->flat, paths[i]);
		autoclose int fd = path ? inroot_open(ctx->root_fd, path, O_PATH, 0) : -1;
		struct fd_where where;

		if (fd >= 0 && (fd_where(fd, &where) < 0 || (where.mount_id == mount_id && where.is_root)))
			return -EPERM;
	}
	return 0;
}

static int live_find(struct mount_ctx *ctx, const char *destination, struct err *err)
{
	struct fd_where where;
	autoclose int fd = live_open(ctx, destination);

	if (fd < 0)
		return err_code(err, fd, "remove mount `%s`", destination);
	if (fd_where(fd, &where) < 0 || !where.is_root)
		return err_set(err, EINVAL, "remove mount `%s`: nothing is mounted there", destination);
	if (live_check_list(ctx, ctx->plan->masked, where.mount_id) < 0 ||
	    live_check_list(ctx, ctx->plan->readonly, where.mount_id) < 0)
		return err_set(err, EPERM, "remove mount `%s`: what is mounted there protects the host", destination);
	return take_fd(&fd);
}

/* All are found and copied before the first is detached. */
static int live_prepare(struct mount_ctx *ctx, const struct mount_rec *recs, int *fds, int *copies, struct err *err)
{
	const uint32_t n = ctx->plan->mounts.count;
	int r = 0;

	for (uint32_t i = 0; i < n && r >= 0; i++) {
		const char *destination = flat_str(ctx->flat, recs[i].destination);

		copies[i] = -1;
		fds[i] = r = destination ? live_find(ctx, destination, err)
					 : err_set(err, EPROTO, "read mount plan: no destination");
		if (r >= 0 && i + 1 < n) { /* the last one is either gone or still there */
			copies[i] = r = sys_open_tree(fds[i], "",
						      SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | SYS_AT_RECURSIVE |
							      AT_EMPTY_PATH);
			if (r < 0)
				r = err_sys(err, "remove mount `%s`: keep a copy of it", destination);
		}
		if (r < 0)
			err_pointer(err, "/mounts/%u", recs[i].index);
	}
	return r;
}

static int live_remove(struct mount_ctx *ctx, const struct mount_rec *recs, int *fds, struct err *err)
{
	const uint32_t n = ctx->plan->mounts.count;
	int copies[MOUNT_LIVE_MAX], r = live_prepare(ctx, recs, fds, copies, err);
	uint32_t done = 0;

	for (; done < n && r >= 0; done += r >= 0) {
		r = live_detach(ctx, fds[done]);
		if (r < 0) {
			err_pointer(err, "/mounts/%u", recs[done].index);
			err_code(err, r, "remove mount `%s`", flat_str(ctx->flat, recs[done].destination));
		}
	}
	while (r < 0 && done > 0) {
		autoclose int at = live_open(ctx, flat_str(ctx->flat, recs[--done].destination));

		if (at < 0 || mount_attach(copies[done], at) < 0)
			err_hint(err, "a mount before it could not be put back");
	}
	return r;
}

int mount_apply_live(struct mount_ctx *ctx, struct err *err)
{
	const struct mount_rec *recs = flat_arr(ctx->flat, ctx->plan->mounts, sizeof(*recs));
	int fds[MOUNT_LIVE_MAX]; /* closed with the process */

	if (!recs || ctx->plan->mounts.count > MOUNT_LIVE_MAX)
		return err_set(err, EPROTO, "read mount plan: out of bounds");
	return recs[0].kind == MOUNT_KIND_REMOVE ? live_remove(ctx, recs, fds, err) : live_add(ctx, recs, fds, err);
}
