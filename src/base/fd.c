/* SPDX-License-Identifier: Apache-2.0 */
/* Flags, numbers and kinds of file descriptors. Nothing here opens a path but /dev/null. */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/sys.h"

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000u
#endif
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

int fd_set_cloexec(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0)
		return -errno;
	flags = on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
	return fcntl(fd, F_SETFD, flags) < 0 ? -errno : 0;
}

int fd_dup_above(int fd, int min)
{
	int r = fcntl(fd, F_DUPFD_CLOEXEC, min);

	return r < 0 ? -errno : r;
}

int fd_ensure_stdio(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		int r;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is fd itself. Not CLOEXEC: programs expect their 0-2 to be open. */
		r = open("/dev/null", O_RDWR);
		if (r < 0)
			return -errno;
		if (r != fd) {
			close(r);
			return -EBADF;
		}
	}
	return 0;
}

int fd_cloexec_from(unsigned first)
{
	return sys_close_range(first, UINT_MAX, SYS_CLOSE_RANGE_CLOEXEC) < 0 ? -errno : 0;
}

bool fd_is_chardev(int fd, unsigned maj, unsigned min)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) == maj && minor(st.st_rdev) == min;
}

bool fd_is_fstype(int fd, long magic)
{
	struct statfs st;

	return fstatfs(fd, &st) == 0 && (unsigned long)st.f_type == (unsigned long)magic;
}

/* struct statx as the kernel fills it; the C libraries differ in who declares it. */
struct fd_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad1;
	uint64_t ino, size, blocks, attributes_mask;
	uint64_t times[8];
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint64_t spare[13];
};
_Static_assert(sizeof(struct fd_statx) == 256, "struct statx");

int fd_where(int fd, struct fd_where *ret)
{
	struct fd_statx st = { 0 };

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &st) < 0)
		return -errno;
	if (!(st.mask & STATX_MNT_ID) || !(st.attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return -ENOSYS;
	ret->mount_id = st.mnt_id;
	ret->is_root = st.attributes & STATX_ATTR_MOUNT_ROOT;
	return 0;
}
