/* SPDX-License-Identifier: Apache-2.0 */
/* A service that speaks sd_notify(3), in a container. Each argument is a datagram to $NOTIFY_SOCKET ("\n" is written as |), but: barrier
 * = a barrier and the wait for its end, fd=MESSAGE = with a descriptor, sleep=SECONDS. Prints what failed. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int sock;
static struct sockaddr_un sa = { .sun_family = AF_UNIX };

static void tell(char *text, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { text, strlen(text) };
	struct msghdr msg = { .msg_name = &sa, .msg_namelen = sizeof(sa), .msg_iov = &iov, .msg_iovlen = 1 };

	for (char *p = text; *p; p++)
		if (*p == '|')
			*p = '\n';
	if (fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &fd, sizeof(fd));
	}
	if (sendmsg(sock, &msg, 0) < 0)
		perror(text);
}

static void barrier(void)
{
	char text[] = "BARRIER=1";
	struct pollfd wait;
	int fds[2];

	if (pipe(fds) < 0)
		exit(3);
	tell(text, fds[1]);
	close(fds[1]);
	wait = (struct pollfd){ .fd = fds[0] };
	printf("barrier %s\n", poll(&wait, 1, 10000) == 1 ? "passed" : "timed out");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (!path)
		return 2;
	printf("%s\n", path);
	fflush(stdout);
	strncpy(sa.sun_path, path, sizeof(sa.sun_path) - 1);
	sock = socket(AF_UNIX, SOCK_DGRAM, 0);
	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "sleep=", 6))
			usleep((useconds_t)(atof(argv[i] + 6) * 1e6));
		else if (!strcmp(argv[i], "barrier"))
			barrier();
		else if (!strncmp(argv[i], "fd=", 3))
			tell(argv[i] + 3, 0);
		else
			tell(argv[i], -1);
	}
	return 0;
}
