/* SPDX-License-Identifier: Apache-2.0 */
/* The list of mounts, one record after the other, and bind mounts. Init side, no heap. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "kernel/mount/apply_internal.h"

#define RDONLY ((uint64_t)SYS_MOUNT_ATTR_RDONLY)

int mount_job_source(const struct mount_job *job)
{
	const struct mount_rec *rec = job->rec;
	int fd;

	if (!rec->source_fd || rec->source_fd > job->ctx->nfds)
		return err_set(job->err, EPROTO, "mount `%s`: its source was not sent", job->destination);
	fd = fd_dup_above(job->ctx->fds[rec->source_fd - 1], 3);
	if (fd < 0)
		return err_code(job->err, fd, "mount `%s`", job->destination);
	if (!(rec->flags & MOUNT_REC_NOFAIL) || !fd_is_fstype(fd, MOUNT_ANON_INODE_MAGIC))
		return fd;
	close(fd);
	return MOUNT_MISSING;
}

static int bind_clone(const struct mount_job *job)
{
	const struct mount_rec *rec = job->rec;
	unsigned flags = SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC;
	int fd, r;

	if (rec->flags & MOUNT_REC_HOST_SOURCE)
		return mount_job_source(job);
	if (rec->flags & MOUNT_REC_RECURSIVE)
		flags |= SYS_AT_RECURSIVE;
	if (rec->flags & (MOUNT_REC_SRC_NOFOLLOW | MOUNT_REC_COPY_SYMLINK))
		flags |= AT_SYMLINK_NOFOLLOW;
	fd = sys_open_tree(AT_FDCWD, job->source, flags);
	if (fd >= 0)
		return fd;
	r = -errno;
	if (mount_is_missing(rec, r))
		return MOUNT_MISSING;
	if (r == -EINVAL && !(flags & SYS_AT_RECURSIVE) && (job->ctx->plan->flags & MOUNT_PLAN_USER_NS))
		err_hint(job->err, "mounts below the source are locked in a user namespace: use `rbind`");
	return err_code(job->err, r, "mount `%s`: open source `%s`", job->destination, job->source);
}

/* copy-symlink: a link stays a link; everything else is followed no further, it is the thing itself. 1 = done. */
static int bind_copy_link(const struct mount_job *job, int fd, const struct stat *st)
{
	char text[PATH_MAX];
	ssize_t n;
	int r;

	if (!(job->rec->flags & MOUNT_REC_COPY_SYMLINK) || !S_ISLNK(st->st_mode))
		return 0;
	n = readlinkat(fd, "", text, sizeof(text) - 1);
	if (n < 0)
		return err_sys(job->err, "mount `%s`: read link `%s`", job->destination, job->source);
	text[n] = '\0';
	r = mount_dest_link(job, text);
	return r < 0 ? r : 1;
}

/* Nobody said how the clone relates to where it comes from: it may receive, it never sends. In a tree that is slave or
 * private already a clone is the same. */
static int bind_default_propagation(const struct mount_job *job, int fd)
{
	const struct mount_plan *plan = job->ctx->plan;
	int r = 0;

	if (job->rec->propagation.count)
		return 0;
	if (plan->propagation == MS_SHARED || plan->mount_ns == MOUNT_NS_JOINED)
		r = mount_set_propagation(fd, true, MS_SLAVE);
	else if ((plan->propagation & (MS_PRIVATE | MS_UNBINDABLE)) && (job->rec->flags & MOUNT_REC_HOST_SOURCE))
		r = mount_set_propagation(fd, true, MS_PRIVATE);
	return r < 0 ? err_code(job->err, r, "mount `%s`: set propagation", job->destination) : 0;
}

static int bind_flags(const struct mount_job *job, int fd)
{
	int r = mount_job_attrs(job, fd);

	if (r < 0 || !(job->rec->flags & MOUNT_REC_SHIELD_CGROUP))
		return r;
	r = mount_set_attr(fd, true, RDONLY, 0);
	return r < 0 ? err_code(job->err, r, "mount `%s`: make the control groups below read-only", job->destination)
		     : 0;
}

static int mount_job_bind(const struct mount_job *job)
{
	const struct mount_rec *rec = job->rec;
	autoclose int fd = bind_clone(job), target = -1;
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(job->err, "mount `%s`: look at source", job->destination);
	r = bind_copy_link(job, fd, &st);
	if (r)
		return r < 0 ? r : 0;
	if ((rec->flags & MOUNT_REC_SOURCE_PROC) && !mount_is_proc_root(fd))
		return err_set(job->err, EPERM, "mount `%s`: only a whole proc file system may stand there",
			       job->destination);
	target = mount_dest_open(job, S_ISDIR(st.st_mode));
	if (target < 0)
		return target;
	r = bind_default_propagation(job, fd);
	if (r < 0)
		return r;
	mount_job_own_root(job, fd);
	r = bind_flags(job, fd);
	return r < 0 ? r : mount_job_attach(job, fd, target);
}

static int apply_job(const struct mount_job *job)
{
	switch (job->rec->kind) {
	case MOUNT_KIND_FS:
		return mount_job_fs(job);
	case MOUNT_KIND_BIND:
		return job->source ? mount_job_bind(job) : err_set(job->err, EPROTO, "read mount plan: no source");
	case MOUNT_KIND_REMOUNT:
	case MOUNT_KIND_ATTR:
		return mount_job_change(job);
	case MOUNT_KIND_LINK:
		return job->source ? mount_dest_link(job, job->source)
				   : err_set(job->err, EPROTO, "read mount plan: no source");
	default:
		return err_set(job->err, EPROTO, "read mount plan: unknown kind %u", job->rec->kind);
	}
}

bool mount_is_missing(const struct mount_rec *rec, int r)
{
	return (rec->flags & MOUNT_REC_NOFAIL) && (r == -ENOENT || r == -ENXIO || r == -ENOTBLK);
}

int mount_apply_one(struct mount_ctx *ctx, const struct mount_rec *rec, struct err *err)
{
	struct mount_job job = { .ctx = ctx, .flat = ctx->flat, .rec = rec, .err = err };
	int r;

	job.destination = flat_str(ctx->flat, rec->destination);
	job.source = flat_str(ctx->flat, rec->source);
	if (!job.destination || job.destination[0] != '/')
		return err_set(err, EPROTO, "read mount plan: no destination");
	r = apply_job(&job);
	if (r == MOUNT_MISSING) {
		log_warn("mount `%s`: `%s` is not there, left out as `nofail` says", job.destination,
			 job.source ? job.source : "");
		err_clear(err);
		return 0;
	}
	if (r < 0)
		err_pointer(err, "/mounts/%u", rec->index);
	return r;
}

int mount_apply_mounts(struct mount_ctx *ctx, struct err *err)
{
	const struct mount_rec *recs = flat_arr(ctx->flat, ctx->plan->mounts, sizeof(*recs));
	int r = 0;

	if (!recs && ctx->plan->mounts.count)
		return err_set(err, EPROTO, "read mount plan: out of bounds");
	if (ctx->plan->mounts.count && ctx->plan->mount_ns == MOUNT_NS_NONE)
		return err_set(err, EPROTO, "read mount plan: mounts without a mount namespace");
	for (uint32_t i = 0; i < ctx->plan->mounts.count && r >= 0; i++)
		r = mount_apply_one(ctx, &recs[i], err);
	return r;
}
