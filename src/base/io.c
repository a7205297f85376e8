/* SPDX-License-Identifier: Apache-2.0 */
/* Whole reads and writes without a heap. What needs one lives in io_buf.c. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

ssize_t io_read_full(int fd, void *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = read(fd, (char *)p + done, n - done);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

int io_write_full(int fd, const void *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t r = write(fd, (const char *)p + done, n - done);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			return -EIO;
		done += (size_t)r;
	}
	return 0;
}

ssize_t io_read_file(int fd, char *p, size_t len)
{
	ssize_t r;

	if (!len)
		return -EINVAL;
	r = io_read_full(fd, p, len);
	if (r < 0)
		return r;
	if ((size_t)r == len)
		return -EFBIG;
	p[r] = '\0';
	return r;
}

int io_write_once(int fd, const char *s)
{
	size_t len = strlen(s);
	ssize_t r;

	/* these files take one write as one command, so a rest must not follow as a second command */
	do
		r = write(fd, s, len);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return (size_t)r == len ? 0 : -EIO;
}

ssize_t io_read_file_at(int dir_fd, const char *name, char *p, size_t len)
{
	autoclose int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return io_read_file(fd, p, len);
}

int io_write_file_at(int dir_fd, const char *name, const char *s)
{
	autoclose int fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return io_write_once(fd, s);
}
