/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over the sockets of journald and syslog. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "check.h"
#include "cli/logd.h"

/* Sends text as kind does and gives what came: bytes, and a descriptor or -1. */
static ssize_t sent(struct logd *l, int priority, const char *text, char *out, size_t len, int *ret_fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { out, len - 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	autoclose int there = -1, here = -1;
	int fds[2];
	ssize_t n;

	*ret_fd = -1;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	here = fds[0];
	there = fds[1];
	l->fd = here;
	logd_send(l, priority, text);
	n = recvmsg(there, &msg, MSG_DONTWAIT);
	out[n > 0 ? n : 0] = '\0';
	if (CMSG_FIRSTHDR(&msg))
		memcpy(ret_fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return n;
}

TEST(journald_fields)
{
	struct logd l = { .kind = LOGD_JOURNALD, .ident = "me", .id = "box" };
	char got[4096];
	int fd;

	CHECK(sent(&l, 4, "text", got, sizeof(got), &fd) > 0);
	CHECK(strstr(got, "MESSAGE=text\n") == got);
	CHECK(strstr(got, "\nPRIORITY=4\n") != NULL);
	CHECK(strstr(got, "\nSYSLOG_IDENTIFIER=me\n") != NULL);
	CHECK(strstr(got, "\nID=box\n") != NULL);
	CHECK_INT(fd, -1);
	l.id = NULL;
	CHECK(sent(&l, 4, "text", got, sizeof(got), &fd) > 0);
	CHECK(strstr(got, "ID=box") == NULL);
}

/* A newline could begin a field of its own: such a value has its length in front. */
TEST(journald_newline)
{
	static const char want[] = "MESSAGE\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\nPRIORITY=3\n";
	struct logd l = { .kind = LOGD_JOURNALD, .ident = "me" };
	char got[4096];
	int fd;

	CHECK(sent(&l, 3, "a\nPRIORITY=0", got, sizeof(got), &fd) > (ssize_t)sizeof(want));
	CHECK(memcmp(got, want, sizeof(want) - 1) == 0);
}

/* More than a datagram holds: a sealed file. */
TEST(journald_large)
{
	struct logd l = { .kind = LOGD_JOURNALD, .ident = "me" };
	size_t len = 4u << 20;
	char *text = malloc(len + 1), *file = malloc(2 * len);
	char got[64];
	autoclose int fd = -1;

	CHECK(text && file);
	memset(text, 'x', len);
	text[len] = '\0';
	CHECK_INT(sent(&l, 3, text, got, sizeof(got), &fd), 0);
	CHECK(fd >= 0);
	CHECK_INT(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	CHECK(pread(fd, file, 2 * len, 0) > (ssize_t)len);
	CHECK(memcmp(file, "MESSAGE=xxx", 11) == 0);
	free(text);
	free(file);
}

TEST(syslog_line)
{
	struct logd l = { .kind = LOGD_SYSLOG, .ident = "me" };
	char got[256];
	ssize_t n;
	int fd;

	CHECK(sent(&l, 3, "one\ntwo", got, sizeof(got), &fd) > 0);
	CHECK(memcmp(got, "<11>", 4) == 0);
	CHECK(strstr(got, " me[") != NULL);
	CHECK(strstr(got, "]: one two") != NULL);
	l.stream = true;
	n = sent(&l, 3, "x", got, sizeof(got), &fd);
	CHECK_INT(n, (ssize_t)strlen(got) + 1);
}

static long ms_of_send(struct logd *l)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	logd_send(l, 4, "text");
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
}

/* A container is locked meanwhile. */
TEST(a_daemon_that_does_not_read)
{
	struct logd l = { .kind = LOGD_SYSLOG, .ident = "me" };
	char got[64];
	int fds[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
	l.fd = fds[0];
	logd_hurry(l.fd);
	alarm(30);
	while (send(l.fd, "x", 1, MSG_DONTWAIT) == 1)
		;
	CHECK(ms_of_send(&l) < 20000);
	CHECK(ms_of_send(&l) < 1000);
	while (recv(fds[1], got, sizeof(got), MSG_DONTWAIT) > 0)
		;
	logd_send(&l, 4, "text");
	CHECK(recv(fds[1], got, sizeof(got), MSG_DONTWAIT) > 0);
	CHECK(!l.stuck);
	alarm(0);
	close(fds[0]);
	close(fds[1]);
}

CHECK_MAIN();
