/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of a file system of their own: configured and flagged while detached, then attached. mount(2) is used for two
 * things only: super block flags that fsconfig(2) has no name for (iversion, silent) and values longer than the 255 bytes
 * that it takes. Init side. */
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/inroot.h"
#include "base/sys.h"
#include "kernel/mount/apply_internal.h"

#define MOUNT_DATA_MAX 4096 /* mount(2) copies one page at most */
#define RDONLY ((uint64_t)SYS_MOUNT_ATTR_RDONLY)
#define ATIME ((uint64_t)SYS_MOUNT_ATTR__ATIME)

/* The kernel explains itself through the context's fd: "e tmpfs: Unknown parameter 'x'". */
int mount_fs_message(int fs_fd, char *out, size_t len)
{
	ssize_t n = read(fs_fd, out, len - 1);
	size_t at = 0;

	if (n <= 0)
		return -ENODATA;
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	if (out[0] && out[1] == ' ')
		at = 2;
	memmove(out, out + at, strlen(out + at) + 1);
	return 0;
}

static int fs_error(const struct mount_job *job, int fs_fd, int r, const char *what)
{
	const char *type = flat_str(job->flat, job->rec->fstype);
	char message[256];

	type = type ? type : "file system";
	if (r == -EPERM && strcmp(type, "proc") == 0)
		err_hint(
			job->err,
			"in a user namespace the kernel makes a /proc only where the one outside is not partly covered, "
			"and for a pid namespace that belongs to it");
	if (fs_fd >= 0 && !mount_fs_message(fs_fd, message, sizeof(message)))
		return err_set(job->err, -r, "mount `%s`: %s `%s`: %s", job->destination, what, type, message);
	return err_code(job->err, r, "mount `%s`: %s `%s`", job->destination, what, type);
}

static int fs_sb_flags(int fs_fd, uint64_t set, uint64_t clr)
{
	static const struct {
		uint64_t flag;
		const char *on, *off;
	} words[] = {
		{ MS_RDONLY, "ro", "rw" },         { MS_SYNCHRONOUS, "sync", "async" },
		{ MS_DIRSYNC, "dirsync", NULL },   { SYS_MS_LAZYTIME, "lazytime", "nolazytime" },
		{ MS_MANDLOCK, "mand", "nomand" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *word = set & words[i].flag ? words[i].on : clr & words[i].flag ? words[i].off : NULL;

		if (word && sys_fsconfig(fs_fd, SYS_FSCONFIG_SET_FLAG, word, NULL, 0) < 0)
			return -errno;
	}
	return 0;
}

/* mount(8) takes the quotes off LSM contexts, which have commas in them. */
static void fs_unquote(const char *key, const char *value, char *out, size_t len)
{
	bool context = !strcmp(key, "context") || !strcmp(key, "fscontext") || !strcmp(key, "defcontext") ||
		       !strcmp(key, "rootcontext");
	size_t n = 0;

	for (; *value && n + 1 < len; value++)
		if (!context || *value != '"')
			out[n++] = *value;
	out[n] = '\0';
}

int mount_fs_parameters(const struct mount_job *job, int fs_fd, uint64_t sb_set, uint64_t sb_clr)
{
	const struct mount_datum *d = flat_arr(job->flat, job->rec->data, sizeof(*d));
	int r = fs_sb_flags(fs_fd, sb_set, sb_clr);
	char text[512];

	if (r < 0)
		return fs_error(job, fs_fd, r, "set flags of");
	if (!d && job->rec->data.count)
		return err_set(job->err, EPROTO, "read mount plan: out of bounds");
	for (uint32_t i = 0; i < job->rec->data.count; i++) {
		const char *key = flat_str(job->flat, d[i].key), *value = flat_str(job->flat, d[i].value);

		if (!key)
			return err_set(job->err, EPROTO, "read mount plan: out of bounds");
		if (value)
			fs_unquote(key, value, text, sizeof(text));
		if (sys_fsconfig(fs_fd, value ? SYS_FSCONFIG_SET_STRING : SYS_FSCONFIG_SET_FLAG, key,
				 value ? text : NULL, 0) < 0) {
			r = -errno;
			snprintf(text, sizeof(text), "option `%.200s` of", key);
			return fs_error(job, fs_fd, r, text);
		}
	}
	return 0;
}

int mount_fs_data(const struct mount_job *job, char *out, size_t len)
{
	const struct mount_datum *d = flat_arr(job->flat, job->rec->data, sizeof(*d));
	size_t at = 0;

	out[0] = '\0';
	for (uint32_t i = 0; d && i < job->rec->data.count; i++) {
		const char *key = flat_str(job->flat, d[i].key), *value = flat_str(job->flat, d[i].value);
		int n = snprintf(out + at, len - at, "%s%s%s%s", i ? "," : "", key ? key : "", value ? "=" : "",
				 value ? value : "");

		if (n < 0 || (size_t)n >= len - at)
			return err_set(job->err, E2BIG, "mount `%s`: its options are longer than %zu bytes",
				       job->destination, len - 1);
		at += (size_t)n;
	}
	return 0;
}

unsigned long mount_fs_ms_flags(uint64_t sb, uint64_t attr)
{
	static const struct {
		uint64_t attr;
		unsigned long flag;
	} words[] = {
		{ SYS_MOUNT_ATTR_RDONLY, MS_RDONLY },
		{ SYS_MOUNT_ATTR_NOSUID, MS_NOSUID },
		{ SYS_MOUNT_ATTR_NODEV, MS_NODEV },
		{ SYS_MOUNT_ATTR_NOEXEC, MS_NOEXEC },
		{ SYS_MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
		{ SYS_MOUNT_ATTR_NOATIME, MS_NOATIME },
		{ SYS_MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
		{ SYS_MOUNT_ATTR_NOSYMFOLLOW, SYS_MS_NOSYMFOLLOW },
	};
	unsigned long flags = (unsigned long)sb;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (attr & words[i].attr)
			flags |= words[i].flag;
	return flags;
}

/* What has to be done with a writable mount comes before `ro`. */
static bool fs_writes_first(const struct mount_rec *rec)
{
	return rec->flags & (MOUNT_REC_COPYUP | MOUNT_REC_OWN_ROOT);
}

static int fs_label_root(const struct mount_job *job, int mount_fd)
{
	const char *label = flat_str(job->flat, job->ctx->plan->label);
	autoclose int fd = -1;

	if (!(job->rec->flags & MOUNT_REC_LABEL_ROOT))
		return 0;
	if (!label)
		return err_set(job->err, EPROTO, "read mount plan: no label");
	fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsetxattr(fd, "security.selinux", label, strlen(label) + 1, 0) < 0)
		return err_sys(job->err, "mount `%s`: label its root `%s`", job->destination, label);
	return 0;
}

static int fs_fill(const struct mount_job *job, int mount_fd, int target_fd)
{
	int r = job->rec->flags & MOUNT_REC_COPYUP ? mount_copyup(job, target_fd, mount_fd) : 0;

	mount_job_own_root(job, mount_fd);
	return r < 0 ? r : fs_label_root(job, mount_fd);
}

/* What a new mount is to have: nothing is below it, so that the recursive words are about itself, and are said first. */
static uint64_t fs_attrs(const struct mount_rec *rec)
{
	uint64_t set = rec->rattr_set;

	if (((rec->flags & MOUNT_REC_DROP_NOATIME) && (set & ATIME) == SYS_MOUNT_ATTR_NOATIME) ||
	    ((rec->flags & MOUNT_REC_DROP_STRICTATIME) && (set & ATIME) == SYS_MOUNT_ATTR_STRICTATIME))
		set &= ~ATIME;
	return (set & ~rec->attr_clr) | rec->attr_set;
}

/* Sets what is left for the end; a new mount has nothing to clear. */
static int fs_finish(const struct mount_job *job, int fd, uint64_t set)
{
	struct mount_rec rest = *job->rec;
	struct mount_job left = *job;

	rest.attr_set = set;
	rest.attr_clr = rest.rattr_set = rest.rattr_clr = 0;
	rest.flags &= ~(uint32_t)(MOUNT_REC_DROP_NOATIME | MOUNT_REC_DROP_STRICTATIME);
	left.rec = &rest;
	return mount_job_attrs(&left, fd);
}

/* With mount(2) on the directory that we stand in: as close to an fd as it gets. */
static int fs_mount_classic(const struct mount_job *job, int target)
{
	const struct mount_rec *rec = job->rec;
	uint64_t later = fs_writes_first(rec) ? RDONLY : 0;
	autoclose int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char data[MOUNT_DATA_MAX];
	int r = mount_fs_data(job, data, sizeof(data));

	if (r < 0)
		return r;
	if (fchdir(target) < 0)
		return err_sys(job->err, "mount `%s`", job->destination);
	r = mount(job->source, ".", flat_str(job->flat, rec->fstype),
		  mount_fs_ms_flags(rec->sb_set, rec->attr_set & ~later), data) < 0
		    ? -errno
		    : 0;
	if ((back < 0 || fchdir(back) < 0) && chdir("/") < 0)
		return err_sys(job->err, "mount `%s`: leave it", job->destination);
	if (mount_is_missing(rec, r))
		return MOUNT_MISSING;
	return r < 0 ? fs_error(job, -1, r, "file system") : 0;
}

/* The new mount is what ".." of the directory as a root of its own leads to: the one on top of it, whatever its name means by now. */
static int fs_classic(const struct mount_job *job)
{
	autoclose int target = mount_dest_open(job, true), fd = -1;
	struct fd_where before, now;
	int r;

	if (target < 0)
		return target;
	if (!strcmp(job->destination, "/"))
		return err_set(job->err, EOPNOTSUPP,
			       "mount `/`: an option that only mount(2) takes is not possible on the root");
	r = fd_where(target, &before);
	if (r < 0)
		return err_code(job->err, r, "look at `%s`", job->destination);
	r = fs_mount_classic(job, target);
	if (r < 0)
		return r;
	fd = inroot_open(target, "..", O_PATH | O_DIRECTORY, 0);
	r = fd < 0 ? fd : fd_where(fd, &now);
	if (r < 0 || now.mount_id == before.mount_id || !now.is_root)
		return err_set(job->err, EBUSY, "verify mount `%s`: it does not show", job->destination);
	r = fs_fill(job, fd, target);
	if (!r)
		r = fs_finish(job, fd, fs_attrs(job->rec));
	return r ? r : mount_job_attached(job, fd);
}

/* proc and sysfs cannot be mounted in a user namespace that does not own the pid or network namespace: then the host's is
 * cloned, with everything that was asked for, on all that is below as well. A writable sysfs would hand out the host's
 * control groups, so there is none. */
static int fs_fallback(const struct mount_job *job)
{
	const struct mount_rec *rec = job->rec;
	const char *path = flat_str(job->flat, rec->fallback);
	uint64_t set = fs_attrs(rec);
	bool sysfs = path && !strcmp(path, "/sys");
	autoclose int fd = -1, target = -1;
	struct mount_rec all = *rec;
	struct mount_job whole = *job;
	int r;

	if (!path || rec->data.count || (rec->sb_set & ~(uint64_t)MS_RDONLY))
		return err_set(
			job->err, EPERM,
			"mount `%s`: not permitted, and file system options do not go with a clone of the host's",
			job->destination);
	if (sysfs && !(set & RDONLY)) {
		err_hint(job->err, "add the option `ro`");
		return err_set(job->err, EPERM,
			       "mount `%s`: sysfs is not permitted here, and the host's own can be had read-only only",
			       job->destination);
	}
	fd = sys_open_tree(AT_FDCWD, path, SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | SYS_AT_RECURSIVE);
	if (fd < 0)
		return err_sys(job->err, "mount `%s`: clone the host's `%s`", job->destination, path);
	if (sysfs ? !fd_is_fstype(fd, MOUNT_SYSFS_MAGIC) : !mount_is_proc_root(fd))
		return err_set(job->err, EPERM, "mount `%s`: the host's `%s` is something else", job->destination,
			       path);
	all.rattr_set = set & ~ATIME;
	all.attr_set = set & ATIME;
	all.attr_clr = (rec->attr_clr | rec->rattr_clr) & ~all.rattr_set;
	all.rattr_clr = 0;
	whole.rec = &all;
	r = mount_job_attrs(&whole, fd);
	if (r < 0)
		return r;
	if (set & RDONLY && !mount_is_readonly(fd))
		return err_set(job->err, EPERM, "verify mount `%s`: not read-only", job->destination);
	target = mount_dest_open(job, true);
	return target < 0 ? target : mount_job_attach(job, fd, target);
}

static bool fs_may_fall_back(const struct mount_job *job, int r)
{
	return r == -EPERM && (job->rec->flags & MOUNT_REC_FALLBACK_BIND);
}

static int fs_configured(const struct mount_job *job, uint64_t attr)
{
	const struct mount_rec *rec = job->rec;
	const char *type = flat_str(job->flat, rec->fstype);
	autoclose int fs = type ? sys_fsopen(type, SYS_FSOPEN_CLOEXEC) : -1;
	int fd, r;

	if (fs < 0 && errno == ENODEV)
		return err_set(job->err, ENODEV, "mount `%s`: the kernel has no file system `%s`", job->destination,
			       type ? type : "");
	if (fs < 0)
		return fs_may_fall_back(job, -errno) ? -EPERM : fs_error(job, -1, -errno, "open file system");
	if (job->source && sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "source", job->source, 0) < 0)
		return fs_error(job, fs, -errno, "source of");
	r = mount_fs_parameters(job, fs, rec->sb_set, 0);
	if (r < 0)
		return r;
	if (sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fs_may_fall_back(job, -errno) ? -EPERM : fs_error(job, fs, -errno, "file system");
	fd = sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC, (unsigned)attr);
	if (fd < 0)
		return fs_may_fall_back(job, -errno) ? -EPERM : fs_error(job, fs, -errno, "file system");
	return fd;
}

/* A detached mount, MOUNT_MISSING or -errno; -EPERM with nothing in err yet when a fallback is left. */
static int fs_detached(const struct mount_job *job)
{
	const struct mount_rec *rec = job->rec;
	int fd = fs_configured(job, fs_attrs(rec) & ~(fs_writes_first(rec) ? RDONLY : 0));

	if (!mount_is_missing(rec, fd))
		return fd;
	err_clear(job->err);
	return MOUNT_MISSING;
}

int mount_fs_open(const struct flat *flat, const struct mount_rec *rec, struct err *err)
{
	struct mount_job job = { .flat = flat, .rec = rec, .err = err };

	job.destination = flat_str(flat, rec->destination);
	job.source = flat_str(flat, rec->source);
	if (!job.destination)
		return err_set(err, EPROTO, "read mount plan: no destination");
	return fs_detached(&job);
}

int mount_job_fs(const struct mount_job *job)
{
	const struct mount_rec *rec = job->rec;
	autoclose int fd = -1, target = -1;
	int r;

	if (rec->flags & MOUNT_REC_CLASSIC)
		return fs_classic(job);
	fd = rec->flags & MOUNT_REC_HOST_SOURCE ? mount_job_source(job) : fs_detached(job);
	if (fd == -EPERM && fs_may_fall_back(job, fd))
		return fs_fallback(job);
	if (fd < 0)
		return fd;
	target = mount_dest_open(job, true);
	if (target < 0)
		return target;
	r = fs_fill(job, fd, target);
	if (r < 0)
		return r;
	r = fs_finish(job, fd, fs_writes_first(rec) ? fs_attrs(rec) & RDONLY : 0);
	return r < 0 ? r : mount_job_attach(job, fd, target);
}
