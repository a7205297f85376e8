/* SPDX-License-Identifier: Apache-2.0 */
/* An agent for SCMP_ACT_NOTIFY: takes what a runtime sends, answers what the program asks, and writes both down. */
#include "cases.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define FDS_MAX 8

/* What one connection brought. */
struct delivery {
	char text[16384];
	size_t len;
	int messages, later_fds, fds_len, fds[FDS_MAX];
	bool ended;
};

static void take_fds(struct delivery *d, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_type != SCM_RIGHTS)
			continue;
		if (d->messages)
			d->later_fds += (int)n;
		for (size_t i = 0; i < n && d->fds_len < FDS_MAX; i++)
			memcpy(&d->fds[d->fds_len++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
	}
}

/* Answers each request with an errno, in a process of its own, and writes its number down. */
static void answer(int fd, int err, const char *path)
{
	struct seccomp_notif req;
	struct seccomp_notif_resp resp;

	if (fork())
		return;
	for (;;) {
		FILE *f;

		memset(&req, 0, sizeof(req));
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			_exit(0);
		}
		f = fopen(path, "ae");
		if (f) {
			fprintf(f, "{\"asked\":%d}\n", req.data.nr);
			fclose(f);
		}
		resp = (struct seccomp_notif_resp){ .id = req.id, .error = err ? -err : 0 };
		if (!err)
			resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp) < 0 && errno != ENOENT)
			_exit(1);
	}
}

/* A sender that keeps the connection open is not waited for: the program it started needs its answers. */
static void receive(int s, struct delivery *d, int err, const char *asked)
{
	struct timeval second = { 1, 0 };

	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	while (d->len < sizeof(d->text) - 1) {
		char control[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct iovec io = { d->text + d->len, sizeof(d->text) - 1 - d->len };
		struct msghdr m = {
			.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
		};
		ssize_t n = recvmsg(s, &m, MSG_CMSG_CLOEXEC);

		if (n <= 0) {
			d->ended = n == 0;
			break;
		}
		take_fds(d, &m);
		if (d->fds_len && !d->messages)
			answer(d->fds[0], err, asked);
		d->messages++;
		d->len += (size_t)n;
	}
}

/* A line with the payload and what was around it. */
static void note(const struct delivery *d, const char *path)
{
	json *o = json_object_new_object();
	FILE *f = fopen(path, "ae");

	json_object_object_add(o, "payload", j_parse(d->text));
	json_object_object_add(o, "descriptors", json_object_new_int(d->fds_len));
	json_object_object_add(o, "descriptors_later", json_object_new_int(d->later_fds));
	json_object_object_add(o, "ended", json_object_new_boolean(d->ended));
	if (f) {
		fprintf(f, "%s\n", j_text(o));
		fclose(f);
	}
}

static void serve(int listener, int err, bool rude, const char *out)
{
	for (;;) {
		struct delivery d = { .len = 0 };
		int s = accept(listener, NULL, NULL);

		if (s < 0)
			_exit(0);
		if (!rude) {
			receive(s, &d, err, text_of("%s.asked", out));
			note(&d, out);
			for (int i = 0; i < d.fds_len; i++)
				close(d.fds[i]);
		}
		close(s);
	}
}

/* {"name":"agent","errno":N (0: let it happen),"type":"stream"|"datagram","rude":true (closes without reading)}: ${agent} is the path,
 * ${agent.out} has a line per connection, ${agent.asked} one per request. */
void agent_make(struct world *w, json *v)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const char *name = j_str(v, "name", "agent"), *out = text_of("%s/%s.out", w->dir, name);
	int s = socket(AF_UNIX, strcmp(j_str(v, "type", "stream"), "datagram") ? SOCK_STREAM : SOCK_DGRAM, 0);
	pid_t pid;

	strncpy(a.sun_path, text_of("%s/%s.sock", w->dir, name), sizeof(a.sun_path) - 1);
	if (bind(s, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    (strcmp(j_str(v, "type", "stream"), "datagram") && listen(s, 4) < 0)) {
		problem(w, "preparing: listen at %s: %s", a.sun_path, strerror(errno));
		return;
	}
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		dup2(s, 9);
		dup2(open("/dev/null", O_RDWR), 0);
		dup2(0, 1);
		dup2(0, 2);
		syscall(SYS_close_range, 3, 8, 0);
		syscall(SYS_close_range, 10, ~0u, 0);
		serve(9, (int)j_int(v, "errno", 0), j_true(v, "rude"), out);
	}
	setpgid(pid, pid);
	close(s);
	w->helpers[w->helpers_len++] = pid;
	var_set(w, name, a.sun_path);
	var_set(w, text_of("%s.out", name), out);
	var_set(w, text_of("%s.asked", name), text_of("%s.asked", out));
}
