/* SPDX-License-Identifier: Apache-2.0 */
/* From the host's root to the container's: pivot_root and the end of the old tree, or (asked for, or without a mount
 * namespace of our own) chroot. Then the propagation that the root is to have. Init side. */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "kernel/mount/apply_internal.h"

static int pivot_enter(struct mount_ctx *ctx, struct err *err)
{
	if (fchdir(ctx->root_fd) < 0)
		return err_sys(err, "enter the root");
	if (chroot(".") < 0)
		return err_sys(err, "change the root");
	return chdir("/") < 0 ? err_sys(err, "enter the root") : 0;
}

/* Old and new root on one stack: no directory for the old one is needed in the container. */
static int pivot_root_and_detach(struct mount_ctx *ctx, struct err *err)
{
	autoclose int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (old < 0)
		return err_sys(err, "open the old root");
	if (fchdir(ctx->root_fd) < 0)
		return err_sys(err, "enter the root");
	if (sys_pivot_root(".", ".") < 0) {
		r = err_sys(err, "pivot to the root");
		if (r == -EINVAL)
			err_hint(err, "on an initramfs the root cannot be pivoted: use --no-pivot");
		return r;
	}
	/* shared mounts would take the host's with them */
	if (ctx->plan->propagation == MS_SHARED) {
		r = mount_set_propagation(old, true, MS_SLAVE);
		if (r < 0)
			return err_code(err, r, "cut off the old root");
	}
	if (fchdir(old) < 0 || umount2(".", MNT_DETACH) < 0)
		return err_sys(err, "detach the old root");
	return chdir("/") < 0 ? err_sys(err, "enter the root") : 0;
}

struct pivot_hide {
	char root[PATH_MAX]; /* our root's path: what is below is ours */
	int result;
};

/* A proc or sysfs that stays visible anywhere in the mount namespace would let a user namespace mount an unmasked one. */
static int pivot_hide(void *arg, const struct mount_info *info)
{
	struct pivot_hide *h = arg;

	if (strcmp(info->fstype, "proc") && strcmp(info->fstype, "sysfs"))
		return 0;
	path_unescape(info->path);
	if (path_is_below(info->path, h->root) && strcmp(h->root, "/"))
		return 0;
	if (!umount2(info->path, MNT_DETACH))
		return 0;
	if (errno != EINVAL && errno != EPERM && errno != ENOENT && errno != ENOTDIR) {
		h->result = -errno;
		return 1;
	}
	/* locked: at least cover it; gone with a mount above it: nothing to do */
	if ((errno == EINVAL || errno == EPERM) &&
	    mount("tmpfs", info->path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=000") < 0) {
		h->result = -errno;
		return 1;
	}
	return 0;
}

/* The root moves over "/": whoever climbs out of the chroot only meets it again. */
static int pivot_move(struct mount_ctx *ctx, struct err *err)
{
	struct pivot_hide hide = { .result = 0 };
	autoclose int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (top < 0 || fchdir(ctx->root_fd) < 0)
		return err_sys(err, "enter the root");
	if (ctx->plan->propagation == MS_SHARED) {
		r = mount_set_propagation(top, true, MS_SLAVE);
		if (r < 0)
			return err_code(err, r, "cut off the old root");
	}
	if (sys_getcwd_raw(hide.root, sizeof(hide.root)) <= 0 || hide.root[0] != '/')
		return err_sys(err, "find the root");
	/* a root attached over "/" has the old tree's paths: nothing there can be told apart, and it is covered already */
	if (strcmp(hide.root, "/")) {
		r = mount_info_scan(ctx->proc_fd, pivot_hide, &hide);
		r = r < 0 ? r : hide.result;
		if (r < 0)
			return err_code(err, r, "hide the host's proc and sysfs");
		r = mount_attach(ctx->root_fd, top);
		if (r < 0)
			return err_code(err, r, "move the root");
	}
	return pivot_enter(ctx, err);
}

static int pivot_verify(struct mount_ctx *ctx, struct err *err)
{
	autoclose int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct fd_where now, want;
	int r;

	if (fd < 0)
		return err_sys(err, "verify the root");
	r = fd_where(fd, &now);
	if (r >= 0)
		r = fd_where(ctx->root_fd, &want);
	if (r < 0)
		return err_code(err, r, "verify the root");
	return now.mount_id == want.mount_id && now.is_root
		       ? 0
		       : err_set(err, EBUSY, "verify the root: another mount is there");
}

/* Only what somebody asked for is looked up again: mountinfo is not cheap. */
static int pivot_verify_propagation(struct mount_ctx *ctx, struct err *err)
{
	uint64_t want = ctx->plan->propagation, now = 0;
	struct fd_where where;
	int r = fd_where(ctx->root_fd, &where);

	if (!r)
		r = mount_info_propagation(ctx->proc_fd, where.mount_id, &now);
	if (r < 0)
		return err_code(err, r, "verify the propagation of the root");
	if (want == MS_SHARED  ? now == MS_SHARED
	    : want == MS_SLAVE ? !(now & (MS_SHARED | MS_UNBINDABLE))
			       : now == MS_PRIVATE)
		return 0;
	return err_set(err, EBUSY, "verify the propagation of the root: not as asked for");
}

int mount_apply_pivot(struct mount_ctx *ctx, struct err *err)
{
	const struct mount_plan *plan = ctx->plan;
	int r;

	if (plan->mount_ns == MOUNT_NS_NONE)
		return pivot_enter(ctx, err);
	if (plan->mount_ns == MOUNT_NS_JOINED)
		r = pivot_enter(ctx, err);
	else if (plan->flags & MOUNT_PLAN_NO_PIVOT)
		r = pivot_move(ctx, err);
	else
		r = pivot_root_and_detach(ctx, err);
	if (!r)
		r = pivot_verify(ctx, err);
	if (!r && plan->propagation == MS_SHARED) {
		r = mount_set_propagation(ctx->root_fd, false, MS_SHARED);
		if (r < 0)
			err_code(err, r, "set the propagation of the root");
	}
	if (!r && plan->propagation)
		r = pivot_verify_propagation(ctx, err);
	return r;
}
