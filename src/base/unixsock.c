/* SPDX-License-Identifier: Apache-2.0 */
/* AF_UNIX sockets by path, host side. sun_path holds 107 bytes; a longer path goes through /proc/self/fd of an O_PATH
 * fd, after /proc has been verified. */
#include "base/unixsock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/procfs.h"

#define UNIXSOCK_FDS_MAX 16

/* *fd_hold has to stay open as long as the address is used. */
static int unixsock_address(const char *path, bool exists, struct sockaddr_un *sa, int *fd_hold)
{
	autoclose int proc_fd = -EBADF;
	const char *name = path_basename(path);
	char dir[4096];
	struct stat st;
	int n;

	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!*path)
		return -ENOENT; /* an empty one would be an abstract or unnamed address */
	if (strlen(path) < sizeof(sa->sun_path)) {
		memcpy(sa->sun_path, path, strlen(path) + 1);
		return 0;
	}
	if (strlen(path) >= sizeof(dir))
		return -ENAMETOOLONG;
	proc_fd = procfs_open(NULL);
	if (proc_fd < 0)
		return proc_fd;
	snprintf(dir, sizeof(dir), "%.*s", exists ? (int)strlen(path) : (int)(name - path), path);
	*fd_hold = open(dir[0] ? dir : ".", exists ? O_PATH | O_CLOEXEC : O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*fd_hold < 0)
		return -errno;
	if (exists && (fstat(*fd_hold, &st) < 0 || !S_ISSOCK(st.st_mode)))
		return -ENOTSOCK;
	n = snprintf(sa->sun_path, sizeof(sa->sun_path), "/proc/self/fd/%d%s%s", *fd_hold, exists ? "" : "/",
		     exists ? "" : name);
	return (size_t)n < sizeof(sa->sun_path) ? 0 : -ENAMETOOLONG;
}

int unixsock_connect(const char *path, int type)
{
	autoclose int hold = -EBADF, fd = -EBADF;
	struct sockaddr_un sa;
	int r = unixsock_address(path, true, &sa, &hold);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	return take_fd(&fd);
}

int unixsock_listen(const char *path, int type, int backlog)
{
	autoclose int hold = -EBADF, fd = -EBADF;
	struct sockaddr_un sa;
	int r = unixsock_address(path, false, &sa, &hold);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -errno;
	if ((type & 0xf) != SOCK_DGRAM && listen(fd, backlog) < 0) {
		r = -errno;
		unlink(sa.sun_path);
		return r;
	}
	return take_fd(&fd);
}

int unixsock_send_fd(int sock, int fd, const void *payload, size_t len)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (void *)payload, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	ssize_t r;

	if (!len)
		return -EINVAL; /* a stream drops the fd of an empty message */
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	while (iov.iov_len) {
		r = sendmsg(sock, &msg, MSG_NOSIGNAL);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return errno == EPIPE ? -ECONNRESET : -errno;
		/* the rest of a stream goes without the fd */
		iov.iov_base = (char *)iov.iov_base + r;
		iov.iov_len -= (size_t)r;
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
	}
	return 0;
}

size_t unixsock_take_fds(struct msghdr *msg, int *ret_fd)
{
	size_t count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (count++ || !ret_fd)
				close(fd);
			else
				*ret_fd = fd;
		}
	}
	return count;
}

ssize_t unixsock_recv_fd(int sock, void *p, size_t len, int *ret_fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * UNIXSOCK_FDS_MAX)];
	struct iovec iov = { p, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	autoclose int fd = -EBADF;
	size_t count;
	ssize_t r;

	*ret_fd = -1;
	do
		r = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	count = unixsock_take_fds(&msg, &fd);
	if (count > 1 || msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC))
		return -EPROTO;
	if (count)
		*ret_fd = take_fd(&fd);
	return r;
}
