/* SPDX-License-Identifier: Apache-2.0 */
/* Opening paths inside an untrusted root. The kernel resolves every path from the root fd again, so that a string
 * which was looked at before is never trusted later. Making what is missing lives in inroot_make.c. */
#include "base/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mutation.h"
#include "base/sys.h"

#define INROOT_TRIES 128
#define INROOT_PATIENCE_NS 50000000LL

/* The kernel gives up with EAGAIN (or EXDEV, at the final check) when a rename or mount anywhere on the system raced
 * with a ".." of ours. Whoever renames in a loop must not be able to spin us for ever. */
static int inroot_try(int root_fd, const char *path, const struct sys_open_how *how)
{
	int64_t start = 0;
	int fd;

	for (int i = 0; i < INROOT_TRIES; i++) {
		fd = sys_openat2(root_fd, path, how);
		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EXDEV)
			return -errno;
		if (!start)
			start = clock_ns();
		else if (clock_ns() - start > INROOT_PATIENCE_NS)
			break;
	}
	return -EAGAIN;
}

int inroot_open(int root_fd, const char *path, int flags, mode_t mode)
{
	struct sys_open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? mode & 07777 : 0,
		.resolve = SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS,
	};

	if (MUTATION(A2)) { /* links lead out of the root */
		how.resolve = 0;
		path += strspn(path, "/");
		path = *path ? path : ".";
	}
	return inroot_try(root_fd, path, &how);
}

int inroot_open_no_links(int root_fd, const char *path, int flags)
{
	struct sys_open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.resolve = SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS,
	};

	return inroot_try(root_fd, path, &how);
}

int inroot_open_nofollow(int root_fd, const char *path, int flags, mode_t mode)
{
	char copy[PATH_MAX];
	size_t n = strlen(path);

	/* "link/" would follow the link in spite of O_NOFOLLOW */
	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n >= sizeof(copy))
		return -ENAMETOOLONG;
	memcpy(copy, path, n);
	copy[n] = '\0';
	return inroot_open(root_fd, copy, flags | O_NOFOLLOW, mode);
}

int inroot_open_parent(int root_fd, const char *path, int make, char *name, size_t name_len)
{
	char dir[PATH_MAX];
	size_t n = strlen(path), start;

	while (n && path[n - 1] == '/')
		n--;
	for (start = n; start && path[start - 1] != '/'; start--)
		;
	if (start == n || (n - start == 1 && path[start] == '.') ||
	    (n - start == 2 && path[start] == '.' && path[start + 1] == '.'))
		return -EINVAL; /* the root, "." and ".." have no name in a parent */
	if (n - start >= name_len || start + 2 > sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(name, path + start, n - start);
	name[n - start] = '\0';
	dir[0] = '/';
	memcpy(dir + 1, path, start);
	dir[start + 1] = '\0';
	if (make)
		return inroot_mkdir_p(root_fd, dir, 0755, (uid_t)-1, (gid_t)-1, NULL);
	return inroot_open(root_fd, dir, O_PATH | O_DIRECTORY, 0);
}
