/* SPDX-License-Identifier: Apache-2.0 */
/* Masked paths, read-only paths, the read-only root. Each path is resolved once to an fd, what goes on it is flagged while
 * detached and attached to that fd; then the path is looked up again and has to show it. Init side. */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/inroot.h"
#include "base/mutation.h"
#include "base/sys.h"
#include "kernel/mount/apply_internal.h"

#define RDONLY ((uint64_t)SYS_MOUNT_ATTR_RDONLY)
#define MASK_CLONE (SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)
enum { MASK_NULL_SHOWN = 1 << 0, MASK_EMPTY_SHOWN = 1 << 1 };

/* Only a path that is not there needs no protection. */
static bool mask_is_missing(int r)
{
	return r == -ENOENT || r == -ENOTDIR;
}

/* The path has to lead to the mount we made. */
static int mask_verify(struct mount_ctx *ctx, const char *path, int mount_fd, bool readonly, struct err *err)
{
	autoclose int fd = inroot_open(ctx->root_fd, path, O_PATH, 0);
	struct fd_where now, want;
	int r = fd < 0 ? fd : fd_where(fd, &now);

	if (r >= 0)
		r = fd_where(mount_fd, &want);
	if (r < 0)
		return err_code(err, r, "verify `%s`", path);
	if (now.mount_id != want.mount_id || !now.is_root)
		return err_set(err, EBUSY, "verify `%s`: the mount does not show", path);
	if (readonly && !mount_is_readonly(fd))
		return err_set(err, EBUSY, "verify `%s`: not read-only", path);
	return 0;
}

static int mask_readonly(struct mount_ctx *ctx, const char *path, struct err *err)
{
	autoclose int target = inroot_open(ctx->root_fd, path, O_PATH, 0), clone = -1;
	int r;

	if (target < 0)
		return mask_is_missing(target) ? 0 : err_code(err, target, "open read-only path `%s`", path);
	clone = sys_open_tree(target, "", MASK_CLONE | SYS_AT_RECURSIVE);
	if (clone < 0)
		return err_sys(err, "clone read-only path `%s`", path);
	if (MUTATION(A29)) { /* bound first, changed by its path then */
		struct sys_mount_attr ro = { .attr_set = RDONLY };

		r = mount_attach(clone, target);
		return r < 0                                                                      ? r
		       : sys_mount_setattr(ctx->root_fd, path + 1, 0, &ro) < 0 && errno != EINVAL ? -errno
												  : 0;
	}
	r = mount_set_attr(clone, true, RDONLY, 0);
	if (!r)
		r = mount_attach(clone, target);
	if (r < 0)
		return err_code(err, r, "mount read-only path `%s`", path);
	return mask_verify(ctx, path, clone, true, err);
}

/* One for all: not even its owner can put anything into it. */
static int mask_make_empty(const char *label, struct err *err)
{
	autoclose int fs = sys_fsopen("tmpfs", SYS_FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 || sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "source", "tmpfs", 0) < 0 ||
	    sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "mode", "755", 0) < 0 ||
	    sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "nr_inodes", "2", 0) < 0 ||
	    (label && sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "context", label, 0) < 0) ||
	    sys_fsconfig(fs, SYS_FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0 ||
	    sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(err, "make an empty directory for masks");
	fd = sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC,
			 SYS_MOUNT_ATTR_RDONLY | SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV | SYS_MOUNT_ATTR_NOEXEC);
	return fd < 0 ? err_sys(err, "make an empty directory for masks") : fd;
}

/* The first use attaches the thing itself; kernels before 6.15 can clone only what is attached, so the others are clones
 * of the first. */
static int mask_take(struct mount_ctx *ctx, bool dir, struct err *err)
{
	uint32_t shown = dir ? MASK_EMPTY_SHOWN : MASK_NULL_SHOWN;
	int *origin = dir ? &ctx->empty_fd : &ctx->null_fd;
	int fd;

	if (dir && *origin < 0) {
		fd = mask_make_empty(flat_str(ctx->flat, ctx->plan->label), err);
		if (fd < 0)
			return fd;
		*origin = fd;
	}
	if (*origin < 0)
		return err_set(err, EPROTO, "mask files: the null device was not taken");
	fd = ctx->shown & shown ? sys_open_tree(*origin, "", MASK_CLONE) : fd_dup_above(*origin, 3);
	if (fd < 0)
		return err_sys(err, "clone a mask");
	ctx->shown |= shown;
	return fd;
}

static bool mask_is_null(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static int mask_path(struct mount_ctx *ctx, const char *path, struct err *err)
{
	autoclose int target = inroot_open(ctx->root_fd, path, O_PATH, 0), mask = -1;
	struct stat st;
	bool dir;
	int r;

	if (target < 0)
		return mask_is_missing(target) ? 0 : err_code(err, target, "open masked path `%s`", path);
	if (fstat(target, &st) < 0)
		return err_sys(err, "open masked path `%s`", path);
	dir = S_ISDIR(st.st_mode);
	mask = mask_take(ctx, dir, err);
	if (mask < 0)
		return mask;
	if (dir ? !fd_is_fstype(mask, MOUNT_TMPFS_MAGIC) : !mask_is_null(mask))
		return err_set(err, EBUSY, "mask `%s`: what should hide it is something else", path);
	r = mount_attach(mask, target);
	if (r < 0)
		return err_code(err, r, "mask `%s`", path);
	return mask_verify(ctx, path, mask, dir, err);
}

static int mask_list(struct mount_ctx *ctx, struct flat_arr list, const char *member,
		     int (*fn)(struct mount_ctx *, const char *, struct err *), struct err *err)
{
	const struct flat_str *paths = flat_arr(ctx->flat, list, sizeof(*paths));

	if (!paths && list.count)
		return err_set(err, EPROTO, "read mount plan: out of bounds");
	for (uint32_t i = 0; i < list.count; i++) {
		const char *path = flat_str(ctx->flat, paths[i]);
		int r = path ? fn(ctx, path, err) : err_set(err, EPROTO, "read mount plan: no path");

		if (r < 0) {
			err_pointer(err, "/linux/%s/%u", member, i);
			return r;
		}
	}
	return 0;
}

/* Read-only first: its clones are made of what is there, and masks go on top of all. So the order within the lists and
 * between them does not matter. */
int mount_apply_masks(struct mount_ctx *ctx, struct err *err)
{
	const struct mount_plan *plan = ctx->plan;
	int r;

	if (MUTATION(A3))
		return 0;
	if (plan->mount_ns == MOUNT_NS_NONE && (plan->masked.count || plan->readonly.count))
		return err_set(err, EPROTO, "read mount plan: masks without a mount namespace");
	r = mask_list(ctx, plan->readonly, "readonlyPaths", mask_readonly, err);
	return r ? r : mask_list(ctx, plan->masked, "maskedPaths", mask_path, err);
}

static int mask_make_readonly(int fd, const char *path, struct err *err)
{
	int r = mount_set_attr(fd, false, RDONLY, 0);

	if (r < 0)
		return err_code(err, r, "make `%s` read-only", path);
	return mount_is_readonly(fd) ? 0 : err_set(err, EBUSY, "verify `%s`: not read-only", path);
}

int mount_apply_readonly_root(struct mount_ctx *ctx, struct err *err)
{
	int r = 0;

	if (ctx->plan->mount_ns == MOUNT_NS_NONE)
		return 0;
	if (ctx->dev_fd >= 0)
		r = mask_make_readonly(ctx->dev_fd, "/dev", err);
	if (!r && (ctx->plan->flags & MOUNT_PLAN_READONLY_ROOT))
		r = mask_make_readonly(ctx->root_fd, "/", err);
	if (r < 0 || ctx->plan->propagation != MS_UNBINDABLE)
		return r;
	r = mount_set_propagation(ctx->root_fd, false, MS_UNBINDABLE);
	return r < 0 ? err_code(err, r, "set the propagation of the root") : 0;
}
