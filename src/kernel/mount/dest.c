/* SPDX-License-Identifier: Apache-2.0 */
/* The place where something is mounted: resolved once, inside the root, to an fd; made when missing. What lies in /proc is
 * refused here, after all links: the lexical check of the planner cannot see those. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/inroot.h"
#include "base/mutation.h"
#include "kernel/mount/apply_internal.h"

#define DEST_DIR_MODE 0755
#define DEST_FILE_MODE 0644

static int dest_make(const struct mount_job *job, bool dir)
{
	int root = job->ctx->root_fd, fd;
	unsigned made = 0;

	fd = dir ? inroot_mkdir_p(root, job->destination, DEST_DIR_MODE, (uid_t)-1, (gid_t)-1, &made)
		 : inroot_mkfile_p(root, job->destination, DEST_FILE_MODE, (uid_t)-1, (gid_t)-1, &made);
	job->ctx->made += made;
	return fd;
}

static int dest_open_raw(const struct mount_job *job)
{
	if (MUTATION(A11))
		return inroot_open(job->ctx->root_fd, job->destination, O_PATH, 0);
	if (job->rec->flags & MOUNT_REC_DEST_NO_LINKS)
		return inroot_open_no_links(job->ctx->root_fd, job->destination, O_PATH);
	if (job->rec->flags & MOUNT_REC_DEST_NOFOLLOW)
		return inroot_open_nofollow(job->ctx->root_fd, job->destination, O_PATH, 0);
	return inroot_open(job->ctx->root_fd, job->destination, O_PATH, 0);
}

static int dest_error(const struct mount_job *job, int r)
{
	if (r == -ELOOP && (job->rec->flags & MOUNT_REC_DEST_NO_LINKS))
		return err_set(job->err, ELOOP, "mount `%s`: a component of the destination is a symbolic link",
			       job->destination);
	return err_code(job->err, r, "open mount point `%s`", job->destination);
}

static int dest_check(const struct mount_job *job, int fd)
{
	const struct mount_rec *rec = job->rec;
	const char *type = flat_str(job->flat, rec->fstype);
	bool proc =
		(rec->kind == MOUNT_KIND_FS && type && !strcmp(type, "proc")) || (rec->flags & MOUNT_REC_SOURCE_PROC);

	if (MUTATION(A4))
		return 0;
	if (!fd_is_fstype(fd, MOUNT_PROC_MAGIC) || (rec->flags & MOUNT_REC_PROC_ENTRY) ||
	    (proc && mount_is_proc_root(fd)))
		return 0;
	return err_set(job->err, EPERM, "mount `%s`: the destination lies in a proc file system", job->destination);
}

static int dest_kind(const struct mount_job *job, int fd, bool dir)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(job->err, "open mount point `%s`", job->destination);
	if (dir != S_ISDIR(st.st_mode))
		return err_set(job->err, dir ? ENOTDIR : EISDIR, "mount `%s`: %s on %s", job->destination,
			       dir ? "a directory" : "a file", dir ? "a file" : "a directory");
	return dest_check(job, fd);
}

int mount_dest_open(const struct mount_job *job, bool dir)
{
	bool strict = job->rec->flags & (MOUNT_REC_DEST_NO_LINKS | MOUNT_REC_DEST_NOFOLLOW);
	autoclose int fd = strict ? dest_open_raw(job) : dest_make(job, dir);
	int r;

	if (fd == -ENOENT && strict) {
		/* a dangling link in the way is made good inside the root, and then refused by the second look */
		int made = dest_make(job, dir);

		if (made < 0)
			return dest_error(job, made);
		close(made);
		fd = dest_open_raw(job);
	}
	if (fd < 0)
		return dest_error(job, fd);
	r = dest_kind(job, fd, dir);
	return r < 0 ? r : take_fd(&fd);
}

int mount_dest_open_existing(const struct mount_job *job)
{
	struct fd_where where;
	autoclose int fd = strcmp(job->destination, "/") ? dest_open_raw(job) : fd_dup_above(job->ctx->root_fd, 3);
	int r;

	if (fd < 0)
		return dest_error(job, fd);
	r = fd_where(fd, &where);
	if (r < 0)
		return err_code(job->err, r, "look at mount `%s`", job->destination);
	if (!where.is_root)
		return err_set(job->err, EINVAL, "change mount `%s`: nothing is mounted there", job->destination);
	return take_fd(&fd);
}

/* A link with that text is made, or is there already. */
int mount_dest_link(const struct mount_job *job, const char *text)
{
	char name[NAME_MAX + 1], present[PATH_MAX];
	autoclose int parent = inroot_open_parent(job->ctx->root_fd, job->destination, true, name, sizeof(name));
	ssize_t n;
	int r;

	if (parent < 0)
		return dest_error(job, parent);
	r = dest_check(job, parent);
	if (r < 0)
		return r;
	if (!symlinkat(text, parent, name))
		return 0;
	if (errno != EEXIST)
		return err_sys(job->err, "make link `%s`", job->destination);
	n = readlinkat(parent, name, present, sizeof(present));
	if (n == (ssize_t)strlen(text) && !memcmp(present, text, (size_t)n))
		return 0;
	return err_set(job->err, EEXIST, "make link `%s`: there is another file", job->destination);
}
