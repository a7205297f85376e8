/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy of NOTIFY_SOCKET, as sd_notify(3) describes the protocol: datagrams of lines. Of what a container says only lines about
 * its own condition go on: never another main process, descriptors for the manager's store or anything this file does not know. */

#include "container/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/unixsock.h"
#include "container/dir.h"

#define NOTIFY_MARK "masu-notify" /* a file beside criu's images */
#define MESSAGE_MAX 4096
#define FDS_MAX 253 /* SCM_MAX_FD of the kernel */
#define BARRIER_MS 30000
#define SEND_SECONDS 5
/* A container that floods its socket must not keep us from its signals, nor a manager that does not read: then one send takes all the
 * time there is, and what remains waits for the next turn. */
#define BURST_MAX 64
/* Of the queue of a container that has ended, which nobody makes longer any more; the kernel's limit is 512 where systemd is. */
#define DRAIN_MAX 4096

int notify_make_dir(int dir_fd, struct err *err)
{
	/* The container's user has to get through, whoever that is; only the owner writes. */
	if (mkdirat(dir_fd, DIR_NOTIFY, 0755) < 0 || fchmodat(dir_fd, DIR_NOTIFY, 0755, 0) < 0)
		return err_sys(err, "make the directory of the notify socket");
	return 0;
}

int notify_mark(int images_fd, bool on, struct err *err)
{
	int fd;

	if (!on)
		return unlinkat(images_fd, NOTIFY_MARK, 0) < 0 && errno != ENOENT
			       ? err_sys(err, "remove `%s`", NOTIFY_MARK)
			       : 0;
	fd = openat(images_fd, NOTIFY_MARK, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return err_sys(err, "write `%s`", NOTIFY_MARK);
	close(fd);
	return 0;
}

int notify_is_marked(int images_fd, struct err *err)
{
	if (faccessat(images_fd, NOTIFY_MARK, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : err_sys(err, "look for `%s`", NOTIFY_MARK);
}

static int connect_abstract(const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	autoclose int fd = -EBADF;

	if (len >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path + 1, name + 1, len - 1); /* its first byte is NUL, not @ */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&sa, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return -errno;
	return take_fd(&fd);
}

static int connect_host(const char *host, struct err *err)
{
	const struct timeval patience = { .tv_sec = SEND_SECONDS };
	int fd;

	if (host[0] == '@')
		fd = connect_abstract(host);
	else
		fd = host[0] == '/' ? unixsock_connect(host, SOCK_DGRAM) : -EAFNOSUPPORT;
	if (fd < 0)
		return err_code(err, fd, "connect to the notify socket `%s`", host);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

static int bind_socket(struct masu_runtime *rt, int dir_fd, const char *id, const char *label, struct err *err)
{
	static const char name[] = DIR_NOTIFY "/" NOTIFY_SOCKET_NAME;
	autoclose int fd = -EBADF;
	char path[4096];

	/* One of a start that failed. */
	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
		return err_sys(err, "remove an old notify socket");
	if ((size_t)snprintf(path, sizeof(path), "%s/%s/%s", rt->root, id, name) >= sizeof(path))
		return err_code(err, -ENAMETOOLONG, "make the notify socket");
	fd = unixsock_listen(path, SOCK_DGRAM, 0);
	if (fd < 0)
		return err_code(err, fd, "make the notify socket `%s`", path);
	if (fchmodat(dir_fd, name, 0777, 0) < 0)
		return err_sys(err, "make the notify socket `%s`", path);
	if (label && *label && lsetxattr(path, "security.selinux", label, strlen(label) + 1, 0) < 0)
		log_debug("label notify socket `%s`: %s", path, strerror(errno));
	return take_fd(&fd);
}

int notify_open(struct masu_runtime *rt, int dir_fd, const char *id, const char *host, const char *label,
		struct notify *n, struct err *err)
{
	if (!host || !*host)
		return 0;
	if (faccessat(dir_fd, DIR_NOTIFY, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		log_warn("NOTIFY_SOCKET is not passed on: container `%s` was created without a place for it", id);
		return 0;
	}
	n->host_sock = connect_host(host, err);
	if (n->host_sock < 0)
		return n->host_sock;
	n->sock = bind_socket(rt, dir_fd, id, label, err);
	return n->sock < 0 ? n->sock : 0;
}

static bool line_is(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n && line[n] == '=' && memcmp(line, name, n) == 0;
}

static bool line_goes_on(const char *line, size_t len)
{
	static const char *const names[] = { "READY", "RELOADING", "MONOTONIC_USEC", "STOPPING",           "STATUS",
					     "ERRNO", "BUSERROR",  "WATCHDOG",       "EXTEND_TIMEOUT_USEC" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (line_is(line, len, names[i]))
			return true;
	return false;
}

/* The lines that go on; the main process is told in the same datagram as the readiness, so that the manager never sees one without
 * the other. */
static size_t translate(struct notify *n, const char *in, size_t len, char *out, size_t room)
{
	size_t at = 0;
	bool ready = false;

	for (size_t start = 0; start < len;) {
		const char *line = in + start, *end = memchr(line, '\n', len - start);
		size_t line_len = end ? (size_t)(end - line) : len - start;

		start += line_len + 1;
		if (!line_goes_on(line, line_len) || memchr(line, '\0', line_len) || at + line_len + 32 > room)
			continue;
		memcpy(out + at, line, line_len);
		at += line_len;
		out[at++] = '\n';
		ready = ready || (line_len == strlen("READY=1") && memcmp(line, "READY=1", line_len) == 0);
	}
	if (ready && !n->ready && n->main_pid > 0)
		at += (size_t)snprintf(out + at, room - at, "MAINPID=%d\n", (int)n->main_pid);
	n->ready = n->ready || ready;
	return at;
}

/* One datagram. False when there is none, or when the manager takes none. */
static bool take_one(struct notify *n)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	char in[MESSAGE_MAX], out[MESSAGE_MAX + 64];
	struct iovec iov = { in, sizeof(in) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	ssize_t got = recvmsg(n->sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	bool slow = false;
	size_t len;

	if (got < 0)
		return errno == EINTR;
	len = msg.msg_flags & MSG_TRUNC ? 0 : translate(n, in, (size_t)got, out, sizeof(out));
	if (len > 0 && send(n->host_sock, out, len, MSG_NOSIGNAL) < 0) {
		slow = errno == EAGAIN;
		log_warn("pass on to the notify socket: %s", strerror(errno));
	}
	/* For the manager's store, or the end of a barrier, whose closing says that all before it was read. */
	unixsock_take_fds(&msg, NULL);
	return !slow;
}

void notify_forward(void *arg)
{
	struct notify *n = arg;

	for (int i = 0; n->sock >= 0 && i < BURST_MAX; i++)
		if (!take_one(n))
			return;
}

/* The manager closes its end of the pipe once it has read everything before it: only then may we end, since it finds out whom a
 * message is from by the process. */
static void barrier(struct notify *n)
{
	struct pollfd wait = { .events = 0 };
	autoclose int in = -EBADF, out = -EBADF;
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	wait.fd = in = fds[0];
	out = fds[1];
	r = unixsock_send_fd(n->host_sock, out, "BARRIER=1", strlen("BARRIER=1"));
	if (r < 0) {
		log_debug("wait for the service manager: %s", strerror(-r));
		return;
	}
	cleanup_close(&out);
	while ((r = poll(&wait, 1, BARRIER_MS)) < 0 && errno == EINTR)
		;
	if (r == 0)
		log_warn("wait for the service manager: no answer in %d seconds", BARRIER_MS / 1000);
}

void notify_wait_ready(struct notify *n, int pidfd)
{
	struct pollfd wait[] = { { .fd = n->sock, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };

	if (n->sock < 0)
		return;
	while (!n->ready) {
		if (poll(wait, ARRAY_SIZE(wait), -1) < 0 && errno != EINTR)
			return;
		notify_forward(n);
		for (int i = 0; wait[1].revents && !n->ready && i < DRAIN_MAX && take_one(n); i++)
			;
		if (wait[1].revents && !n->ready) {
			log_warn("wait for READY=1: the container has ended");
			return;
		}
	}
	barrier(n);
}

void notify_done(struct notify *n)
{
	cleanup_close(&n->sock);
	cleanup_close(&n->host_sock);
}
