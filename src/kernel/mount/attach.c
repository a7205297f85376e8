/* SPDX-License-Identifier: Apache-2.0 */
/* Detached mounts: their attributes, where they are, and the one move that attaches them to an fd. No paths here. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mutation.h"
#include "base/sys.h"
#include "kernel/mount/apply_internal.h"

/* f_flags of statfs(2), as the kernel says them. */
#define ST_KERNEL_RDONLY 0x0001
#define ST_KERNEL_NOATIME 0x0400
#define ST_KERNEL_RELATIME 0x1000

int mount_attach(int mount_fd, int target_fd)
{
	return sys_move_mount(mount_fd, "", target_fd, "", SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH) <
			       0
		       ? -errno
		       : 0;
}

static int attach_setattr(int fd, bool recursive, struct sys_mount_attr *attr)
{
	return sys_mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? SYS_AT_RECURSIVE : 0), attr) < 0 ? -errno : 0;
}

int mount_set_attr(int fd, bool recursive, uint64_t set, uint64_t clr)
{
	struct sys_mount_attr attr = { .attr_set = set, .attr_clr = clr };

	/* the atime field is one value: the kernel wants it cleared whenever it is set */
	if (set & SYS_MOUNT_ATTR__ATIME)
		attr.attr_clr |= SYS_MOUNT_ATTR__ATIME;
	return attr.attr_set | attr.attr_clr ? attach_setattr(fd, recursive, &attr) : 0;
}

int mount_set_propagation(int fd, bool recursive, uint64_t propagation)
{
	struct sys_mount_attr attr = { .propagation = propagation };

	return attach_setattr(fd, recursive, &attr);
}

bool mount_is_readonly(int fd)
{
	struct statfs st;

	return !fstatfs(fd, &st) && ((unsigned long)st.f_flags & ST_KERNEL_RDONLY);
}

bool mount_is_proc_root(int fd)
{
	struct stat st;

	return fd_is_fstype(fd, MOUNT_PROC_MAGIC) && !fstat(fd, &st) && st.st_ino == MOUNT_PROC_ROOT_INO;
}

static int attach_attr_error(const struct mount_job *job, int r, uint64_t set, uint64_t clr)
{
	static const struct {
		uint64_t bit;
		const char *on, *off;
	} words[] = {
		{ SYS_MOUNT_ATTR_RDONLY, "ro", "rw" },
		{ SYS_MOUNT_ATTR_NOSUID, "nosuid", "suid" },
		{ SYS_MOUNT_ATTR_NODEV, "nodev", "dev" },
		{ SYS_MOUNT_ATTR_NOEXEC, "noexec", "exec" },
		{ SYS_MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime" },
		{ SYS_MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow" },
	};
	char text[96] = "";
	bool locked = r == -EPERM && (job->ctx->plan->flags & MOUNT_PLAN_USER_NS);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((clr & words[i].bit) || (!locked && (set & words[i].bit))) {
			strcat(text, text[0] ? "," : "");
			strcat(text, clr & words[i].bit ? words[i].off : words[i].on);
		}
	if ((set | clr) & SYS_MOUNT_ATTR__ATIME) {
		strcat(text, text[0] ? "," : "");
		strcat(text, "the way access times are kept");
	}
	if (!locked)
		return err_code(job->err, r, "mount `%s`: set %s", job->destination, text);
	err_hint(job->err, "the flags of a mount that came from the parent user namespace stay as they are");
	return err_set(job->err, EPERM, "mount `%s`: set %s: locked by the parent user namespace", job->destination,
		       text);
}

/* `atime` and `nostrictatime` name what shall not be: what it is now decides whether there is anything to do. */
static uint64_t attach_dropped(const struct mount_job *job, int fd)
{
	uint32_t flags = job->rec->flags;
	unsigned long now;
	struct statfs st;

	if (!(flags & (MOUNT_REC_DROP_NOATIME | MOUNT_REC_DROP_STRICTATIME)) || fstatfs(fd, &st) < 0)
		return 0;
	now = (unsigned long)st.f_flags;
	if ((flags & MOUNT_REC_DROP_NOATIME) && (now & ST_KERNEL_NOATIME))
		return SYS_MOUNT_ATTR__ATIME;
	return (flags & MOUNT_REC_DROP_STRICTATIME) && !(now & (ST_KERNEL_NOATIME | ST_KERNEL_RELATIME))
		       ? SYS_MOUNT_ATTR__ATIME
		       : 0;
}

int mount_job_attrs(const struct mount_job *job, int fd)
{
	const struct mount_rec *rec = job->rec;
	uint64_t clr;
	int r = mount_set_attr(fd, true, rec->rattr_set, rec->rattr_clr);

	if (r < 0)
		return attach_attr_error(job, r, rec->rattr_set, rec->rattr_clr);
	clr = rec->attr_clr | attach_dropped(job, fd);
	r = mount_set_attr(fd, false, rec->attr_set, clr);
	return r < 0 ? attach_attr_error(job, r, rec->attr_set, clr) : 0;
}

int mount_job_propagation(const struct mount_job *job, int fd)
{
	const uint64_t *words = flat_arr(job->flat, job->rec->propagation, sizeof(*words));

	if (!words && job->rec->propagation.count)
		return err_set(job->err, EPROTO, "read mount plan: out of bounds");
	for (uint32_t i = 0; i < job->rec->propagation.count; i++) {
		int r = mount_set_propagation(fd, words[i] & MS_REC, words[i] & ~(uint64_t)MS_REC);

		if (r < 0)
			return err_code(job->err, r, "mount `%s`: set propagation", job->destination);
	}
	return 0;
}

void mount_job_own_root(const struct mount_job *job, int fd)
{
	struct stat st;

	if (!(job->rec->flags & MOUNT_REC_OWN_ROOT) || fstat(fd, &st) < 0 || st.st_uid || !st.st_gid)
		return;
	if (fchownat(fd, "", (uid_t)-1, 0, AT_EMPTY_PATH) < 0)
		log_debug("mount `%s`: the group of its root stays %u", job->destination, st.st_gid);
}

#ifdef MASU_MUTATIONS
static int attach_by_path(const struct mount_job *job, int mount_fd)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s%s", flat_str(job->flat, job->ctx->plan->root_path), job->destination);
	return sys_move_mount(mount_fd, "", AT_FDCWD, path, SYS_MOVE_MOUNT_F_EMPTY_PATH | 0x10) < 0 ? -errno : 0;
}
#else
#define attach_by_path(job, fd) (-ENOSYS)
#endif

int mount_job_defer(const struct mount_job *job, int mount_fd)
{
	int fd = job->rec->flags & MOUNT_REC_DEFER_RO ? fd_dup_above(mount_fd, 3) : -EBADF;

	if (!(job->rec->flags & MOUNT_REC_DEFER_RO))
		return 0;
	if (fd < 0)
		return err_code(job->err, fd, "mount `%s`", job->destination);
	cleanup_close(&job->ctx->dev_fd);
	job->ctx->dev_fd = fd;
	return 0;
}

/* Device nodes are made in the root and in what is made here, never in somebody else's directory. */
static int attach_own(const struct mount_job *job, int mount_fd)
{
	struct mount_ctx *ctx = job->ctx;
	struct fd_where where;
	int r;

	if (!ctx->own || job->rec->kind != MOUNT_KIND_FS || ctx->own_len >= ctx->plan->mounts.count)
		return 0;
	r = fd_where(mount_fd, &where);
	if (r < 0)
		return err_code(job->err, r, "look at mount `%s`", job->destination);
	ctx->own[ctx->own_len++] = where.mount_id;
	return 0;
}

int mount_job_attached(const struct mount_job *job, int mount_fd)
{
	struct mount_ctx *ctx = job->ctx;
	int r = mount_job_propagation(job, mount_fd);

	if (r < 0)
		return r;
	/* nothing resolved from the old root's fd would see what is stacked on it: from now on this is the root */
	if (!strcmp(job->destination, "/")) {
		r = fd_dup_above(mount_fd, 3);
		if (r < 0)
			return err_code(job->err, r, "mount `/`");
		close(ctx->root_fd);
		ctx->root_fd = r;
	}
	r = mount_job_defer(job, mount_fd);
	return r < 0 ? r : attach_own(job, mount_fd);
}

int mount_job_attach(const struct mount_job *job, int mount_fd, int target_fd)
{
	struct mount_ctx *ctx = job->ctx;
	int r = MUTATION(A13) ? attach_by_path(job, mount_fd) : mount_attach(mount_fd, target_fd);

	if (r < 0)
		return err_code(job->err, r, "mount `%s`", job->destination);
	if (ctx->track) {
		ctx->attached_fd = fd_dup_above(mount_fd, 3);
		if (ctx->attached_fd < 0)
			return err_code(job->err, ctx->attached_fd, "mount `%s`", job->destination);
	}
	return mount_job_attached(job, mount_fd);
}
