/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the device nodes and links of the plan below the container's root, in masu-init. Every name is one component below
 * a directory fd that the kernel resolved inside the root; what stands there already is looked at, never followed. */
#include "kernel/dev/dev.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/inroot.h"
#include "base/log.h"
#include "base/mutation.h"
#include "base/procfs.h"
#include "base/sys.h"

struct dev_at {
	const struct dev_ctx *ctx;
	const struct dev_rec *rec;
	const char *path;
	int parent;
	char name[NAME_MAX + 1];
	struct err *err;
};

static mode_t dev_type(const struct dev_rec *rec)
{
	return rec->type == 'c' ? S_IFCHR : rec->type == 'b' ? S_IFBLK : S_IFIFO;
}

static bool dev_is(const struct stat *st, const struct dev_rec *rec)
{
	return (st->st_mode & S_IFMT) == dev_type(rec) &&
	       (rec->type == 'p' || st->st_rdev == makedev(rec->major, rec->minor));
}

/* 1: the runtime made the mount that fd lies in, or it is the root's; 0 or -errno. */
static int dev_is_own(const struct dev_ctx *ctx, int fd)
{
	struct fd_where root, where;
	int own, r = fd_where(fd, &where);

	if (r >= 0)
		r = fd_where(ctx->root_fd, &root);
	if (r < 0)
		return r;
	own = where.mount_id == root.mount_id;
	for (size_t i = 0; i < ctx->own_len; i++)
		own |= where.mount_id == ctx->own[i];
	return own;
}

/* Missing directories are made, but none in somebody else's mount. */
static int dev_open_parent(const struct dev_ctx *ctx, const char *path, char *name, size_t len)
{
	autoclose int fd = inroot_open_parent(ctx->root_fd, path, false, name, len), above = -1;
	char upper[PATH_MAX];
	size_t n = strlen(path);
	int own;

	if (fd != -ENOENT || n >= sizeof(upper))
		return take_fd(&fd);
	memcpy(upper, path, n + 1);
	for (above = -ENOENT; above == -ENOENT && n; above = inroot_open(ctx->root_fd, n ? upper : "/", O_PATH, 0)) {
		while (n && upper[n - 1] != '/')
			n--;
		n -= n > 0;
		upper[n] = '\0';
	}
	own = above < 0 ? above : dev_is_own(ctx, above);
	if (own <= 0)
		return own ? own : -ENOENT;
	return inroot_open_parent(ctx->root_fd, path, true, name, len);
}

static int dev_open(struct dev_at *at, struct stat *st)
{
	autoclose int fd = openat(at->parent, at->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fstat(fd, st) < 0 ? -errno : take_fd(&fd);
}

static int dev_differs(struct dev_at *at, const struct stat *st)
{
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		return err_set(at->err, EEXIST, "make device `%s`: there is %c %u:%u", at->path,
			       S_ISCHR(st->st_mode) ? 'c' : 'b', major(st->st_rdev), minor(st->st_rdev));
	return err_set(at->err, EEXIST, "make device `%s`: there is %s", at->path,
		       S_ISLNK(st->st_mode)   ? "a symbolic link"
		       : S_ISDIR(st->st_mode) ? "a directory"
					      : "another file");
}

/* fchmod(2) refuses O_PATH fds; kernels before 6.6 know no other way than the magic link of our own verified /proc. */
static int dev_chmod(struct dev_at *at, int fd, mode_t mode)
{
	autoclose int dir = -1;
	char number[16];

	if (!sys_fchmodat2(fd, "", mode, AT_EMPTY_PATH))
		return 0;
	if (errno != ENOSYS)
		return -errno;
	dir = procfs_open_file(at->ctx->proc_fd, "self/fd", O_PATH | O_DIRECTORY);
	if (dir < 0)
		return dir;
	snprintf(number, sizeof(number), "%d", fd);
	return fchmodat(dir, number, mode, 0) < 0 ? -errno : 0;
}

/* Mode and owner of a node that was just made, or of one found there as far as the document names them. */
static int dev_adjust(struct dev_at *at, int fd, const struct stat *st, bool made)
{
	const struct dev_rec *rec = at->rec;
	uid_t uid = (made || (rec->flags & DEV_REC_UID)) && st->st_uid != rec->uid ? rec->uid : (uid_t)-1;
	gid_t gid = (made || (rec->flags & DEV_REC_GID)) && st->st_gid != rec->gid ? rec->gid : (gid_t)-1;
	int r = 0;

	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return err_sys(at->err, "make device `%s`: set owner %u:%u", at->path, rec->uid, rec->gid);
	if ((made || (rec->flags & DEV_REC_MODE)) && (st->st_mode & 07777) != rec->mode)
		r = dev_chmod(at, fd, rec->mode);
	return r < 0 ? err_code(at->err, r, "make device `%s`: set mode %04o", at->path, rec->mode) : 0;
}

/* The node is the host's: what the document wants to be different about it is not done to the host. */
static int dev_keep(struct dev_at *at, const struct stat *st)
{
	const struct dev_rec *rec = at->rec;

	if (!dev_is(st, rec))
		return dev_differs(at, st);
	if (((rec->flags & DEV_REC_MODE) && (st->st_mode & 07777) != rec->mode) ||
	    ((rec->flags & DEV_REC_UID) && st->st_uid != rec->uid) ||
	    ((rec->flags & DEV_REC_GID) && st->st_gid != rec->gid))
		log_warn("device `%s`: mode %04o and owner %u:%u stay, it is bound from the host", at->path,
			 st->st_mode & 07777, st->st_uid, st->st_gid);
	return 0;
}

static int dev_mknod(struct dev_at *at)
{
	const struct dev_rec *rec = at->rec;
	mode_t mask = umask(0);
	autoclose int hole = MUTATION(A1) ? openat(at->parent, at->name, O_WRONLY | O_TRUNC | O_CLOEXEC) : -EBADF;
	bool made = !mknodat(at->parent, at->name, dev_type(rec) | rec->mode,
			     rec->type == 'p' ? 0 : makedev(rec->major, rec->minor));
	int saved = errno;
	autoclose int fd = -1;
	struct stat st;
	int own;

	umask(mask);
	errno = saved;
	if (!made && errno != EEXIST) {
		int r = err_sys(at->err, "make device `%s`", at->path);

		if (r == -EPERM)
			err_hint(at->err, "device nodes need CAP_MKNOD outside any user namespace");
		return r;
	}
	fd = dev_open(at, &st);
	if (fd < 0)
		return err_code(at->err, fd, "open device `%s`", at->path);
	if (!dev_is(&st, rec))
		return dev_differs(at, &st);
	/* one that was there may be a file of the host's, bound onto this name */
	own = made ? 1 : dev_is_own(at->ctx, fd);
	if (own < 0)
		return err_code(at->err, own, "find the mount of device `%s`", at->path);
	return own ? dev_adjust(at, fd, &st, made) : dev_keep(at, &st);
}

/* The directory is somebody else's, of the host most likely: it is not ours to change. */
static int dev_existing(struct dev_at *at)
{
	struct stat st;
	autoclose int fd = dev_open(at, &st);

	if (fd < 0)
		return err_code(at->err, fd, "find device `%s` in the directory that is bound there", at->path);
	return dev_keep(at, &st);
}

/* An empty file to mount the node on. One of an earlier start will do; anything with content is somebody's. */
static int dev_target(struct dev_at *at)
{
	autoclose int made = openat(at->parent, at->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	struct stat st;
	autoclose int fd = -1;

	if (made < 0 && errno != EEXIST)
		return err_sys(at->err, "make mount point `%s`", at->path);
	fd = dev_open(at, &st);
	if (fd < 0)
		return err_code(at->err, fd, "open mount point `%s`", at->path);
	if (!dev_is(&st, at->rec) && !(S_ISREG(st.st_mode) && !st.st_size))
		return dev_differs(at, &st);
	return take_fd(&fd);
}

static int dev_attach(struct dev_at *at, int mount_fd)
{
	autoclose int target = dev_target(at);
	autoclose int fd = -1;
	struct stat want, st;

	if (target < 0)
		return target;
	if (fstat(mount_fd, &want) < 0)
		return err_sys(at->err, "make device `%s`", at->path);
	if (!dev_is(&want, at->rec))
		return err_set(at->err, EINVAL, "make device `%s`: what is to be mounted there is another device",
			       at->path);
	if (sys_move_mount(mount_fd, "", target, "", SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(at->err, "mount device `%s`", at->path);
	fd = dev_open(at, &st);
	if (fd < 0)
		return err_code(at->err, fd, "verify device `%s`", at->path);
	if (!dev_is(&st, at->rec) || st.st_ino != want.st_ino || st.st_dev != want.st_dev)
		return err_set(at->err, EBUSY, "verify device `%s`: the mount does not show", at->path);
	return 0;
}

static int dev_from_host(struct dev_at *at)
{
	const struct dev_rec *rec = at->rec;
	struct stat st;
	int fd;

	if (!rec->source_fd || rec->source_fd > at->ctx->nfds)
		return err_set(at->err, EPROTO, "make device `%s`: its node was not sent", at->path);
	fd = at->ctx->fds[rec->source_fd - 1];
	if (fstat(fd, &st) < 0)
		return err_sys(at->err, "make device `%s`", at->path);
	if ((st.st_mode & 07777) != rec->mode || st.st_uid != rec->uid || st.st_gid != rec->gid)
		return err_set(at->err, EINVAL, "make device `%s`: mode or owner came out wrong", at->path);
	return dev_attach(at, fd);
}

/* The host's node of the same name or number; no mode or owner of ours can be put on it. */
static int dev_open_host(struct dev_at *at, struct stat *st)
{
	char numbered[64];
	const char *names[] = { at->path, numbered };

	snprintf(numbered, sizeof(numbered), "/dev/%s/%u:%u", at->rec->type == 'b' ? "block" : "char", at->rec->major,
		 at->rec->minor);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		autoclose int fd = open(names[i], O_PATH | O_CLOEXEC);

		if (fd >= 0 && !fstat(fd, st) && dev_is(st, at->rec))
			return take_fd(&fd);
	}
	return err_set(at->err, ENODEV,
		       "make device `%s`: the host has no node %c %u:%u of that name, and none can be made here",
		       at->path, (int)at->rec->type, at->rec->major, at->rec->minor);
}

static int dev_bind(struct dev_at *at)
{
	const struct dev_rec *rec = at->rec;
	struct stat st;
	autoclose int host = dev_open_host(at, &st), clone = -1;

	if (host < 0)
		return host;
	if (((rec->flags & DEV_REC_MODE) && (st.st_mode & 07777) != rec->mode) ||
	    ((rec->flags & DEV_REC_UID) && st.st_uid != rec->uid) ||
	    ((rec->flags & DEV_REC_GID) && st.st_gid != rec->gid)) {
		err_hint(at->err, "leave out fileMode, uid and gid, or start the container with more rights");
		return err_set(at->err, EPERM,
			       "make device `%s`: it can only be bound from the host, with mode %04o and owner %u:%u",
			       at->path, st.st_mode & 07777, st.st_uid, st.st_gid);
	}
	clone = sys_open_tree(host, "", SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (clone < 0)
		return err_sys(at->err, "clone the host's `%s`", at->path);
	return dev_attach(at, clone);
}

static int dev_apply_node(const struct dev_ctx *ctx, const struct dev_rec *rec, struct err *err)
{
	struct dev_at at = { .ctx = ctx, .rec = rec, .path = flat_str(ctx->flat, rec->path), .err = err };
	autoclose int parent = -1;
	int own;

	if (!at.path)
		return err_set(err, EPROTO, "read device plan: a path is missing");
	if (!(rec->flags & DEV_REC_DEFAULT))
		err_pointer(err, "/linux/devices/%u", rec->index);
	parent = dev_open_parent(ctx, at.path, at.name, sizeof(at.name));
	if (parent < 0)
		return err_code(err, parent, "open the directory of device `%s`", at.path);
	at.parent = parent;
	own = dev_is_own(ctx, parent);
	if (own < 0)
		return err_code(err, own, "find the mount of device `%s`", at.path);
	if ((rec->flags & DEV_REC_EXISTING) || !own)
		return dev_existing(&at);
	if (rec->type == 'p' || ctx->plan->method == DEV_METHOD_MKNOD)
		return dev_mknod(&at);
	return ctx->plan->method == DEV_METHOD_HOST ? dev_from_host(&at) : dev_bind(&at);
}

/* A link of ours that is there already is left alone, a /dev/ptmx that is a device too; anything else that is no directory
 * makes room: it is the container's own file, reached through its own root. */
static int dev_apply_link(const struct dev_ctx *ctx, const struct dev_link *link, struct err *err)
{
	const char *path = flat_str(ctx->flat, link->path), *target = flat_str(ctx->flat, link->target);
	char name[NAME_MAX + 1], present[64];
	autoclose int parent = -1;
	struct stat st;
	ssize_t n;
	int own;

	if (!path || !target)
		return err_set(err, EPROTO, "read device plan: a link is incomplete");
	parent = dev_open_parent(ctx, path, name, sizeof(name));
	if (parent < 0)
		return err_code(err, parent, "open the directory of link `%s`", path);
	own = dev_is_own(ctx, parent);
	if (own < 0)
		return err_code(err, own, "find the mount of link `%s`", path);
	if (own && !symlinkat(target, parent, name))
		return 0;
	if (own && errno != EEXIST)
		return err_sys(err, "make link `%s`", path);
	n = readlinkat(parent, name, present, sizeof(present));
	if (n == (ssize_t)strlen(target) && !memcmp(present, target, (size_t)n))
		return 0;
	if (!own) {
		log_warn("link `%s`: not made, its directory is bound from the host", path);
		return 0;
	}
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "make link `%s`", path);
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2) && !strcmp(path, "/dev/ptmx"))
		return 0;
	if (unlinkat(parent, name, 0) < 0 || symlinkat(target, parent, name) < 0)
		return err_sys(err, "replace `%s` by a link", path);
	return 0;
}

int dev_apply(struct dev_ctx *ctx, struct err *err)
{
	const struct dev_rec *nodes = flat_arr(ctx->flat, ctx->plan->nodes, sizeof(*nodes));
	const struct dev_link *links = flat_arr(ctx->flat, ctx->plan->links, sizeof(*links));
	autoclose int proc_fd = inroot_open(ctx->root_fd, "/proc/self/fd", O_PATH | O_DIRECTORY, 0);
	int r = 0;

	if (proc_fd < 0 && proc_fd != -ENOENT && proc_fd != -ENOTDIR && proc_fd != -ELOOP && proc_fd != -EACCES)
		return err_code(err, proc_fd, "look for `/proc/self/fd`");
	if ((!nodes && ctx->plan->nodes.count) || (!links && ctx->plan->links.count))
		return err_set(err, EPROTO, "read device plan: out of bounds");
	for (uint32_t i = 0; !r && i < ctx->plan->nodes.count; i++)
		r = dev_apply_node(ctx, &nodes[i], err);
	for (uint32_t i = 0; !r && i < ctx->plan->links.count; i++)
		if (proc_fd >= 0 || !(links[i].flags & DEV_LINK_IF_PROC_FD))
			r = dev_apply_link(ctx, &links[i], err);
	return r;
}
