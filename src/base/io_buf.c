/* SPDX-License-Identifier: Apache-2.0 */
/* Host side of io.h: whole files into a growable buffer, and atomic replacement. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

#define IO_CHUNK 16384
#define IO_NAME_TRIES 16

int io_read_all(int fd, size_t max, struct buf *ret)
{
	char chunk[IO_CHUNK];
	size_t total = 0;
	int error;

	for (;;) {
		ssize_t r = io_read_full(fd, chunk, sizeof(chunk));

		if (r < 0)
			return (int)r;
		if ((size_t)r > max - total)
			return -EFBIG;
		total += (size_t)r;
		error = buf_add(ret, chunk, (size_t)r);
		if (error < 0)
			return error;
		if ((size_t)r < sizeof(chunk))
			return 0;
	}
}

/* A new file beside name (rename works only within one file system); its name is left in tmp. */
static int io_open_tmp(int dir_fd, const char *name, char *tmp, size_t len, mode_t mode)
{
	const char *slash = strrchr(name, '/');
	int dir_len = slash ? (int)(slash - name) + 1 : 0;

	for (int i = 0; i < IO_NAME_TRIES; i++) {
		unsigned long long id;
		int fd;

		if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
			return errno == EINTR ? -EIO : -errno;
		if ((size_t)snprintf(tmp, len, "%.*s.%016llx.tmp", dir_len, name, id) >= len)
			return -ENAMETOOLONG;
		fd = openat(dir_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* A file that has no name until it is complete: whenever we die, nothing is left. Not every file system can do it, nor every
 * caller, and it replaces nothing. */
static int io_link_new(int dir_fd, const char *name, const void *p, size_t n, mode_t mode)
{
	const char *slash = strrchr(name, '/');
	autoclose int fd = -EBADF;
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - name) + 1 : 1, slash ? name : ".");
	fd = openat(dir_fd, dir, O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	if (io_write_full(fd, p, n) < 0 || fchmod(fd, mode) < 0) /* the umask has no say */
		return -EIO;
	return linkat(fd, "", dir_fd, name, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

int io_replace_at(int dir_fd, const char *name, const void *p, size_t n, mode_t mode)
{
	char tmp[PATH_MAX];
	autoclose int fd = -EBADF;
	int r;

	if (strlen(name) >= sizeof(tmp))
		return -ENAMETOOLONG;
	if (io_link_new(dir_fd, name, p, n, mode) == 0)
		return 0;
	fd = io_open_tmp(dir_fd, name, tmp, sizeof(tmp), mode);
	if (fd < 0)
		return fd;
	r = io_write_full(fd, p, n);
	if (!r && fchmod(fd, mode) < 0)
		r = -errno;
	if (!r && renameat(dir_fd, tmp, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir_fd, tmp, 0);
	return r;
}
