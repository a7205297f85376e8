/* SPDX-License-Identifier: Apache-2.0 */
/* One frame = one SEQPACKET message: 8 bytes of header, the payload, fds beside it. What a frame means is
 * no matter of this file. Both ends distrust each other: the other one may be a container's process. */
#include "base/frame.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mutation.h"

#define FRAME_HEADER offsetof(struct frame, payload)
_Static_assert(FRAME_HEADER == 8, "the header on the wire");

int frame_pair(int fds[2])
{
	int on = 1, r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	if (MUTATION(ABSTRACT))
		mutation_listen();
	if (setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0) {
		r = -errno;
		close(fds[0]);
		close(fds[1]);
		fds[0] = fds[1] = -EBADF;
		return r;
	}
	return 0;
}

int frame_send(int sock, uint16_t kind, uint16_t point, const void *payload, size_t len, const int *fds, size_t nfds)
{
	struct {
		uint16_t kind, point;
		uint32_t len;
	} head = { kind, point, (uint32_t)len };
	struct iovec iov[2] = { { &head, sizeof(head) }, { (void *)payload, len } };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)] = { 0 };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = len ? 2 : 1 };
	ssize_t r;

	if (len > FRAME_MAX)
		return -EMSGSIZE;
	if (nfds > FRAME_FDS_MAX)
		return -EINVAL;
	if (nfds) {
		struct cmsghdr *c;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	do
		r = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == EPIPE ? -ECONNRESET : -errno;
	return (size_t)r == sizeof(head) + len ? 0 : -EIO;
}

struct frame_extra {
	int fds[FRAME_FDS_MAX];
	size_t nfds;
	pid_t pid;
};

static void frame_extra_close(struct frame_extra *x)
{
	for (size_t i = 0; i < x->nfds; i++)
		close(x->fds[i]);
	x->nfds = 0;
}

/* Collects what came beside the bytes. The control buffer bounds the number of fds by FRAME_FDS_MAX. */
static void frame_take_control(struct msghdr *msg, struct frame_extra *x)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS && n >= sizeof(struct ucred)) {
			struct ucred cred;

			memcpy(&cred, CMSG_DATA(c), sizeof(cred));
			x->pid = cred.pid;
		}
		for (size_t i = 0; c->cmsg_type == SCM_RIGHTS && i < n / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (x->nfds < FRAME_FDS_MAX)
				x->fds[x->nfds++] = fd;
			else
				close(fd);
		}
	}
}

static int frame_check(const struct frame *f, size_t got, const struct msghdr *msg)
{
	if (msg->msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EPROTO;
	if (got < FRAME_HEADER || f->len != got - FRAME_HEADER)
		return -EPROTO;
	return f->kind >= FRAME_SYNC && f->kind <= FRAME_LOG ? 0 : -EPROTO;
}

int frame_recv(int sock, struct frame *f, int *fds, size_t max_fds, size_t *ret_nfds, pid_t *ret_pid)
{
	_Alignas(struct cmsghdr) char
		control[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX) + CMSG_SPACE(sizeof(struct ucred))];
	struct iovec iov = { f, sizeof(*f) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	AUTO(frame_extra_close) struct frame_extra x = { .nfds = 0, .pid = 0 };
	ssize_t got;
	int r;

	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	frame_take_control(&msg, &x);
	if (got == 0)
		return -ECONNRESET;
	r = frame_check(f, (size_t)got, &msg);
	if (r < 0)
		return r;
	if (x.nfds > max_fds)
		return -EPROTO;
	if (f->len < FRAME_MAX)
		f->payload[f->len] = '\0'; /* a courtesy for texts */
	memcpy(fds ? fds : (int[1]){ 0 }, x.fds, x.nfds * sizeof(int));
	if (ret_nfds)
		*ret_nfds = x.nfds;
	if (ret_pid)
		*ret_pid = x.pid;
	x.nfds = 0; /* handed over */
	return 0;
}
