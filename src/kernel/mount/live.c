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

#include "base/inroot.h"
#include "base/sys.h"
#include "kernel/mount/apply_internal.h"

/* umount2(2) takes a path. A directory is "." for who stands in it. */
static int live_umount(int dir_fd, const char *name)
{
	return fchdir(dir_fd) < 0 || umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

/* A file that something is mounted on can be neither renamed nor removed, so that its name stays true between the look and the call. */
static int live_umount_file(struct mount_ctx *ctx, int fd)
{
	char link[32], path[PATH_MAX], name[NAME_MAX + 1];
	struct mount_where want, got;
	autoclose int parent = -1, again = -1;
	ssize_t n;

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	n = readlinkat(ctx->proc_fd, link, path, sizeof(path) - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	parent = inroot_open_parent(ctx->root_fd, path, false, name, sizeof(name));
	if (parent < 0)
		return parent;
	again = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (again < 0)
		return -errno;
	if (mount_where(fd, &want) < 0 || mount_where(again, &got) < 0 || want.mount_id != got.mount_id)
		return -EBUSY;
	return live_umount(parent, name);
}

static int live_detach(struct mount_ctx *ctx, int fd)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	r = S_ISDIR(st.st_mode) ? live_umount(fd, ".") : live_umount_file(ctx, fd);
	if (fchdir(ctx->root_fd) < 0 && r >= 0)
		r = -errno;
	return r;
}

static int live_add(struct mount_ctx *ctx, const struct mount_rec *recs, int *fds, struct err *err)
{
	uint32_t i = 0;
	int r = 0;

	ctx->track = true;
	for (; i < ctx->plan->mounts.count && r >= 0; i++) {
		ctx->attached_fd = -1;
		r = mount_apply_one(ctx, &recs[i], err);
		fds[i] = ctx->attached_fd;
	}
	while (r < 0 && i > 0)
		if (fds[--i] >= 0 && live_detach(ctx, fds[i]) < 0)
			err_hint(err, "a mount before it could not be taken back");
	return r;
}

/* Without links: what is detached must not be for the container to choose. */
static int live_find(struct mount_ctx *ctx, const char *destination, struct err *err)
{
	struct sys_open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS,
	};
	struct mount_where where;
	autoclose int fd = sys_openat2(ctx->root_fd, destination, &how);

	if (fd < 0)
		return err_sys(err, "remove mount `%s`", destination);
	if (mount_where(fd, &where) < 0 || !where.is_root)
		return err_set(err, EINVAL, "remove mount `%s`: nothing is mounted there", destination);
	return take_fd(&fd);
}

/* All are found before the first is detached; a copy of each waits for the case that a later one cannot be. */
static int live_remove(struct mount_ctx *ctx, const struct mount_rec *recs, int *fds, struct err *err)
{
	const uint32_t n = ctx->plan->mounts.count;
	int copies[MOUNT_LIVE_MAX], r = 0;
	uint32_t i;

	for (i = 0; i < n && r >= 0; i++) {
		const char *destination = flat_str(ctx->flat, recs[i].destination);

		fds[i] = r = destination ? live_find(ctx, destination, err) : -EPROTO;
		if (r < 0)
			err_pointer(err, "/mounts/%u", recs[i].index);
	}
	for (i = 0; i < n && r >= 0; i++) {
		copies[i] = sys_open_tree(
			fds[i], "", SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | SYS_AT_RECURSIVE | AT_EMPTY_PATH);
		r = live_detach(ctx, fds[i]);
		if (r < 0)
			err_code(err, r, "remove mount `%s`", flat_str(ctx->flat, recs[i].destination));
	}
	for (; r < 0 && i > 1; i--) { /* the last one failed itself */
		autoclose int at = inroot_open(ctx->root_fd, flat_str(ctx->flat, recs[i - 2].destination), O_PATH, 0);

		if (at >= 0 && copies[i - 2] >= 0)
			mount_attach(copies[i - 2], at);
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
