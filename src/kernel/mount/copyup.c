/* SPDX-License-Identifier: Apache-2.0 */
/* tmpcopyup: fills a tmpfs that is not attached yet with the directory that it is going to hide: owner, mode, times, links,
 * devices, FIFOs, holes, extended attributes. The source is the image's: nothing in it is followed or waited for. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/io.h"
#include "base/sys.h"
#include "kernel/mount/apply_internal.h"

#define COPY_DEPTH_MAX 128 /* two fds each */
#define COPY_LIST_MAX 4096
#define COPY_VALUE_MAX 65536

struct copy_entry {
	uint64_t ino, off;
	uint16_t len;
	uint8_t type;
	char name[];
};

/* No heap and one thread: what a recursion cannot have on its stack. */
static char copy_buffer[COPY_VALUE_MAX];

static int copy_xattrs(int from, int to)
{
	char names[COPY_LIST_MAX];
	ssize_t n = flistxattr(from, names, sizeof(names)), size;

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(names + i) + 1) {
		size = fgetxattr(from, names + i, copy_buffer, sizeof(copy_buffer));
		if (size < 0 && errno == ENODATA)
			continue;
		if (size < 0)
			return -errno;
		/* tmpfs has no place for some namespaces (user.* before 6.6) */
		if (fsetxattr(to, names + i, copy_buffer, (size_t)size, 0) < 0 && errno != EOPNOTSUPP)
			return -errno;
	}
	return 0;
}

/* Owner first: changing it takes set-id bits away. */
static int copy_meta(int to, const struct stat *st)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0 || futimens(to, times) < 0)
		return -errno;
	return 0;
}

static int copy_range(int from, int to, off_t at, off_t end)
{
	while (at < end) {
		size_t want = end - at > (off_t)sizeof(copy_buffer) ? sizeof(copy_buffer) : (size_t)(end - at);
		ssize_t n = pread(from, copy_buffer, want, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break; /* it became shorter */
		if (lseek(to, at, SEEK_SET) < 0)
			return -errno;
		if (io_write_full(to, copy_buffer, (size_t)n) < 0)
			return errno ? -errno : -EIO;
		at += n;
	}
	return 0;
}

static int copy_data(int from, int to, off_t size)
{
	off_t at = 0, data, hole;
	int r = 0;

	if (ftruncate(to, size) < 0)
		return -errno;
	while (at < size && !r) {
		data = lseek(from, at, SEEK_DATA);
		if (data < 0)
			return errno == ENXIO ? 0 : -errno;
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			return -errno;
		r = copy_range(from, to, data, hole < size ? hole : size);
		at = hole;
	}
	return r;
}

/* Whoever shares the directory may remove things meanwhile. */
static int copy_vanished(int r)
{
	return r == -ENOENT ? 0 : r;
}

static int copy_file(int from_dir, int to_dir, const char *name)
{
	/* O_NONBLOCK: it might be a FIFO by now */
	autoclose int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	autoclose int to = -1;
	struct stat st;
	int r;

	if (from < 0)
		return copy_vanished(-errno);
	if (fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBUSY;
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_data(from, to, st.st_size);
	if (!r)
		r = copy_meta(to, &st);
	return r ? r : copy_xattrs(from, to);
}

static int copy_special(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };
	char text[PATH_MAX];
	mode_t mask;
	ssize_t n;
	int r;

	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(from_dir, name, text, sizeof(text) - 1);
		if (n < 0)
			return copy_vanished(-errno);
		text[n] = '\0';
		if (symlinkat(text, to_dir, name) < 0)
			return -errno;
	} else {
		mask = umask(0);
		r = mknodat(to_dir, name, st->st_mode, st->st_rdev) < 0 ? -errno : 0;
		umask(mask);
		if (r < 0)
			return r;
	}
	if (fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_dir(const struct mount_job *job, int from, int to, unsigned depth);

static int copy_one(const struct mount_job *job, int from, int to, const char *name, unsigned depth)
{
	autoclose int sub_from = -1, sub_to = -1;
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return copy_vanished(-errno);
	if (S_ISREG(st.st_mode))
		return copy_file(from, to, name);
	if (!S_ISDIR(st.st_mode))
		return copy_special(from, to, name, &st);
	sub_from = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sub_from < 0)
		return copy_vanished(-errno);
	if (mkdirat(to, name, 0700) < 0)
		return -errno;
	sub_to = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sub_to < 0 || fstat(sub_from, &st) < 0)
		return -errno;
	r = copy_dir(job, sub_from, sub_to, depth + 1);
	if (!r)
		r = copy_xattrs(sub_from, sub_to);
	return r ? r : copy_meta(sub_to, &st);
}

/* err is filled by the innermost failure. */
static int copy_dir(const struct mount_job *job, int from, int to, unsigned depth)
{
	_Alignas(8) char entries[2048];
	long n;

	if (depth > COPY_DEPTH_MAX)
		return -ELOOP;
	while ((n = syscall(SYS_getdents64, from, entries, sizeof(entries))) > 0) {
		const struct copy_entry *e;

		for (long at = 0; at < n; at += e->len) {
			int r;

			e = (const void *)(entries + at);
			if (!strcmp(e->name, ".") || !strcmp(e->name, ".."))
				continue;
			r = copy_one(job, from, to, e->name, depth);
			if (r < 0 && job->err && !job->err->code)
				err_code(job->err, r, "mount `%s`: copy `%.256s` into the tmpfs", job->destination,
					 e->name);
			if (r < 0)
				return r;
		}
	}
	return n < 0 ? -errno : 0;
}

static bool copy_says(const struct mount_job *job, const char *key)
{
	const struct mount_datum *d = flat_arr(job->flat, job->rec->data, sizeof(*d));

	for (uint32_t i = 0; d && i < job->rec->data.count; i++) {
		const char *k = flat_str(job->flat, d[i].key);

		if (k && !strcmp(k, key))
			return true;
	}
	return false;
}

/* The directory itself: what the options say about it wins. */
static int copy_root(const struct mount_job *job, int from, int to)
{
	struct stat st;
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;

	if (fstat(from, &st) < 0)
		return -errno;
	if (!copy_says(job, "uid"))
		uid = st.st_uid;
	if (!copy_says(job, "gid"))
		gid = st.st_gid;
	if (fchown(to, uid, gid) < 0)
		return -errno;
	if (!copy_says(job, "mode") && fchmod(to, st.st_mode & 07777) < 0)
		return -errno;
	return copy_xattrs(from, to);
}

int mount_copyup(const struct mount_job *job, int from_fd, int to_fd)
{
	autoclose int from = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclose int to = openat(to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (from < 0 || to < 0)
		return err_sys(job->err, "mount `%s`: copy what it hides", job->destination);
	r = copy_dir(job, from, to, 0);
	if (!r)
		r = copy_root(job, from, to);
	if (r < 0 && (!job->err || !job->err->code))
		return err_code(job->err, r, "mount `%s`: copy what it hides", job->destination);
	return r;
}
