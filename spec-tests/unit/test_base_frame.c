/* SPDX-License-Identifier: Apache-2.0 */
/* base/frame: what a hostile or dead peer can do. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/frame.h"
#include "check.h"

static int pair[2] = { -1, -1 };
static struct frame f;

static bool open_pair(void)
{
	return frame_pair(pair) == 0;
}

static void close_pair(void)
{
	cleanup_close(&pair[0]);
	cleanup_close(&pair[1]);
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(frame_round_trip_with_sender)
{
	int fds[4];
	size_t n = 9;
	pid_t pid = 0;

	REQUIRE(open_pair());
	CHECK_INT(fcntl(pair[0], F_GETFD), FD_CLOEXEC);
	CHECK_INT(fcntl(pair[1], F_GETFD), FD_CLOEXEC);
	CHECK_ERR(frame_send(pair[1], FRAME_SYNC, 7, "abc", 3, NULL, 0), 0);
	CHECK_ERR(frame_recv(pair[0], &f, fds, 4, &n, &pid), 0);
	CHECK_INT(f.kind, FRAME_SYNC);
	CHECK_INT(f.point, 7);
	CHECK_INT(f.len, 3);
	CHECK_STR(f.payload, "abc");
	CHECK_INT(n, 0);
	CHECK_INT(pid, getpid());
	CHECK_ERR(frame_send(pair[0], FRAME_LOG, 2, NULL, 0, NULL, 0), 0);
	CHECK_ERR(frame_recv(pair[1], &f, NULL, 0, NULL, &pid), 0);
	CHECK_INT(f.len, 0);
	CHECK_INT(pid, 0); /* only the host end asks for credentials */
	close_pair();
}

TEST(frame_knows_its_sender_in_another_process)
{
	pid_t pid, seen = 0;

	REQUIRE(open_pair());
	pid = fork();
	if (pid == 0)
		_exit(frame_send(pair[1], FRAME_SYNC, 1, "", 0, NULL, 0) ? 1 : 0);
	CHECK_ERR(frame_recv(pair[0], &f, NULL, 0, NULL, &seen), 0);
	CHECK_INT(seen, pid);
	waitpid(pid, NULL, 0);
	close_pair();
}

TEST(frame_largest_payload)
{
	static char big[FRAME_MAX + 1];

	memset(big, 'x', sizeof(big));
	REQUIRE(open_pair());
	CHECK_ERR(frame_send(pair[1], FRAME_ERROR, 5, big, FRAME_MAX, NULL, 0), 0);
	CHECK_ERR(frame_recv(pair[0], &f, NULL, 0, NULL, NULL), 0);
	CHECK_INT(f.len, FRAME_MAX);
	CHECK_MEM(f.payload, big, FRAME_MAX);
	CHECK_ERR(frame_send(pair[1], FRAME_ERROR, 5, big, FRAME_MAX + 1, NULL, 0), -EMSGSIZE);
	close_pair();
}

TEST(frame_fds_are_cloexec_and_owned)
{
	int out[3], in[3] = { -1, -1, -1 }, p[2];
	size_t n = 0;
	char c;

	REQUIRE(open_pair());
	REQUIRE(pipe2(p, O_CLOEXEC) == 0);
	out[0] = p[1];
	out[1] = p[0];
	out[2] = 0;
	CHECK_ERR(frame_send(pair[0], FRAME_SYNC, 1, "x", 1, out, 3), 0);
	CHECK_ERR(frame_recv(pair[1], &f, in, 3, &n, NULL), 0);
	CHECK_INT(n, 3);
	for (int i = 0; i < 3; i++)
		CHECK_INT(fcntl(in[i], F_GETFD), FD_CLOEXEC);
	CHECK_INT(write(in[0], "q", 1), 1);
	CHECK_INT(read(p[0], &c, 1), 1);
	CHECK_INT(c, 'q');
	for (int i = 0; i < 3; i++)
		close(in[i]);
	close(p[0]);
	close(p[1]);
	close_pair();
}

TEST(frame_as_many_fds_as_allowed)
{
	int out[FRAME_FDS_MAX + 1] = { 0 }, in[FRAME_FDS_MAX];
	size_t n = 0;

	REQUIRE(open_pair());
	CHECK_ERR(frame_send(pair[1], FRAME_SYNC, 1, NULL, 0, out, FRAME_FDS_MAX), 0);
	CHECK_ERR(frame_recv(pair[0], &f, in, FRAME_FDS_MAX, &n, NULL), 0);
	CHECK_INT(n, FRAME_FDS_MAX);
	for (size_t i = 0; i < n; i++)
		close(in[i]);
	CHECK_ERR(frame_send(pair[1], FRAME_SYNC, 1, NULL, 0, out, FRAME_FDS_MAX + 1), -EINVAL);
	close_pair();
}

TEST(frame_surplus_fds_are_refused_and_closed)
{
	int out[3] = { 0, 0, 0 }, in[2] = { -7, -7 }, before;
	size_t n = 42;

	REQUIRE(open_pair());
	before = open_fds();
	CHECK_ERR(frame_send(pair[1], FRAME_SYNC, 1, "x", 1, out, 3), 0);
	CHECK_ERR(frame_recv(pair[0], &f, in, 2, &n, NULL), -EPROTO);
	CHECK_INT(open_fds(), before);
	CHECK_INT(in[0], -7);
	CHECK_INT(n, 42);
	CHECK_ERR(frame_send(pair[1], FRAME_SYNC, 1, "x", 1, out, 1), 0);
	CHECK_ERR(frame_recv(pair[0], &f, NULL, 0, NULL, NULL), -EPROTO);
	CHECK_INT(open_fds(), before);
	close_pair();
}

/* More descriptors than the control buffer holds: the kernel drops the rest, and we must not keep the others. */
TEST(frame_too_many_fds_from_a_foreign_sender)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(100 * sizeof(int))] = { 0 };
	char head[8] = { FRAME_SYNC, 0, 1, 0, 0, 0, 0, 0 };
	struct iovec iov = { head, sizeof(head) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int in[FRAME_FDS_MAX], zeros[100] = { 0 }, before;
	size_t n;

	REQUIRE(open_pair());
	before = open_fds();
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(zeros));
	memcpy(CMSG_DATA(c), zeros, sizeof(zeros));
	CHECK_INT(sendmsg(pair[1], &msg, 0), 8);
	CHECK_ERR(frame_recv(pair[0], &f, in, FRAME_FDS_MAX, &n, NULL), -EPROTO);
	CHECK_INT(open_fds(), before);
	close_pair();
}

TEST(frame_without_room_for_fds_is_an_error)
{
	struct rlimit old, low;
	int out[2] = { 0, 0 }, in[2], before, lowest;
	size_t n;

	REQUIRE(open_pair());
	before = open_fds();
	CHECK_ERR(frame_send(pair[1], FRAME_SYNC, 1, NULL, 0, out, 2), 0);
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	lowest = dup(0);
	close(lowest);
	low.rlim_cur = (rlim_t)lowest + 1;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
	CHECK_ERR(frame_recv(pair[0], &f, in, 2, &n, NULL), -EPROTO);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &old), 0);
	CHECK_INT(open_fds(), before);
	close_pair();
}

static void raw(const void *p, size_t n, int want)
{
	CHECK_INT(send(pair[1], p, n, 0), n);
	CHECK_ERR(frame_recv(pair[0], &f, NULL, 0, NULL, NULL), want);
}

TEST(frame_malformed_messages)
{
	static char big[8 + FRAME_MAX + 1];
	struct {
		uint16_t kind, point;
		uint32_t len;
		char text[4];
	} m = { FRAME_SYNC, 1, 4, "abc" };

	REQUIRE(open_pair());
	raw(&m, 12, 0);
	raw(&m, 11, -EPROTO); /* shorter than it says */
	raw(&m, 8, -EPROTO);
	raw(&m, 7, -EPROTO);
	raw(&m, 1, -EPROTO);
	m.len = 3;
	raw(&m, 12, -EPROTO); /* longer than it says */
	m.len = UINT32_MAX;
	raw(&m, 12, -EPROTO);
	m.len = 4;
	m.kind = 0;
	raw(&m, 12, -EPROTO);
	m.kind = FRAME_LOG + 1;
	raw(&m, 12, -EPROTO);
	m.kind = FRAME_SYNC;
	m.len = FRAME_MAX;
	memcpy(big, &m, 8);
	raw(big, sizeof(big) - 1, 0);
	raw(big, sizeof(big), -EPROTO); /* cut by the receiver */
	raw(&m, 0, -ECONNRESET);
	close_pair();
}

TEST(frame_dead_peer)
{
	REQUIRE(open_pair());
	cleanup_close(&pair[1]);
	CHECK_ERR(frame_recv(pair[0], &f, NULL, 0, NULL, NULL), -ECONNRESET);
	CHECK_ERR(frame_send(pair[0], FRAME_SYNC, 1, "x", 1, NULL, 0), -ECONNRESET); /* and no SIGPIPE */
	close_pair();
	REQUIRE(open_pair());
	CHECK_ERR(frame_send(pair[0], FRAME_SYNC, 1, "x", 1, NULL, 0), 0);
	cleanup_close(&pair[1]); /* with our frame unread */
	CHECK_ERR(frame_recv(pair[0], &f, NULL, 0, NULL, NULL), -ECONNRESET);
	close_pair();
}

CHECK_MAIN();
