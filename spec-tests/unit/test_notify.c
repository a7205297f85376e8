/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy of NOTIFY_SOCKET between a container that says much and a manager that reads little. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "check.h"
#include "container/notify.h"

static int container, manager; /* the other ends */

static struct notify make(void)
{
	struct notify n = NOTIFY_INIT;
	int a[2], b[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, a) < 0 ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, b) < 0)
		abort();
	n.sock = a[0];
	container = a[1];
	n.host_sock = b[0];
	manager = b[1];
	return n;
}

static void end(struct notify *n)
{
	notify_done(n);
	cleanup_close(&container);
	cleanup_close(&manager);
}

static long ms_of(void (*fn)(void *), void *arg)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	fn(arg);
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
}

TEST(a_manager_that_does_not_read_costs_one_wait)
{
	const struct timeval patience = { .tv_usec = 200000 };
	struct notify n = make();
	long ms;

	while (send(n.host_sock, "X=1", 3, MSG_DONTWAIT) == 3)
		;
	setsockopt(n.host_sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	for (int i = 0; i < 20; i++)
		CHECK_INT(send(container, "STATUS=x", 8, MSG_DONTWAIT), 8);
	ms = ms_of(notify_forward, &n);
	CHECK(ms >= 150 && ms < 2000);
	end(&n);
}

/* Closes what comes with a barrier. */
static pid_t reader(void)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (int barrier = 0; !barrier;) {
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
		char text[64];
		struct iovec iov = { text, sizeof(text) };
		struct msghdr msg = {
			.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
		};

		if (recvmsg(manager, &msg, 0) < 0)
			_exit(1);
		barrier = CMSG_FIRSTHDR(&msg) != NULL;
	}
	_exit(0);
}

TEST(the_last_words_of_a_container_count)
{
	struct notify n = make();
	int ended[2], status;
	pid_t pid = reader();

	CHECK_INT(pipe2(ended, O_CLOEXEC), 0);
	close(ended[1]);
	for (int i = 0; i < 100; i++)
		CHECK_INT(send(container, "STATUS=x", 8, MSG_DONTWAIT), 8);
	CHECK_INT(send(container, "READY=1", 7, MSG_DONTWAIT), 7);
	notify_wait_ready(&n, ended[0]);
	CHECK(n.ready);
	if (!n.ready)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	close(ended[0]);
	end(&n);
}

CHECK_MAIN();
