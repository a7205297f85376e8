/* SPDX-License-Identifier: Apache-2.0 */
/* The step of create that makes what a container with a user namespace may not make itself: mount sources and device nodes, sent to
 * init as detached mounts. */

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/sys.h"
#include "container/create.h"
#include "kernel/dev/dev.h"
#include "kernel/mount/source.h"
#include "kernel/ns/open.h"

static struct flat view(const struct create *c)
{
	return (struct flat){ .base = c->plan.flat.data, .len = c->plan.flat.len };
}

/* Without a stage nobody knows yet whether init has joined one. */
static int open_user(const struct create *c, struct err *err)
{
	const struct ns_plan *p = &c->plan.plan.ns;

	for (uint32_t i = 0; i < p->joins_len; i++)
		if (p->joins[i].clone_flag == SYS_CLONE_NEWUSER) {
			int fd = fd_dup_above(p->joins[i].fd, 3);

			return fd < 0 ? err_code(err, fd, "keep user namespace") : fd;
		}
	return ns_open_user_of(c->rt->proc_fd, c->init.pid, err);
}

static int open_sources(struct create *c, int *fds, size_t *n, struct err *err)
{
	const struct plan *p = &c->plan.plan;
	struct flat f = view(c);
	autoclose int user_fd = -EBADF;

	if (!p->mount.host_sources)
		return 0;
	if (p->ns.user) {
		user_fd = open_user(c, err);
		if (user_fd < 0)
			return user_fd;
	}
	return mount_source_open_all(&f, &p->mount, c->rt->proc_fd, user_fd, fds, PLAN_SOURCES_MAX, n, err);
}

static int send_all(struct wire *w, const int *fds, size_t n, struct err *err)
{
	for (size_t sent = 0; sent < n;) {
		size_t part = n - sent < FRAME_FDS_MAX ? n - sent : FRAME_FDS_MAX;
		int r = wire_say(w, WIRE_SOURCES, fds + sent, part, err);

		if (r < 0)
			return r;
		sent += part;
	}
	return 0;
}

static int make_nodes_private(struct create *c, struct wire *w, struct err *err)
{
	struct flat f = view(c);
	int fds[PLAN_SOURCES_MAX];
	size_t len = 0;
	int r;

	r = ns_private_mounts(err);
	if (r >= 0)
		r = dev_host_make(&f, &c->plan.plan.dev, fds, PLAN_SOURCES_MAX, &len, err);
	return r < 0 ? r : send_all(w, fds, len, err);
}

static void __attribute__((noreturn)) nodes_child(struct create *c, int sock)
{
	struct wire w = { .sock = sock };
	struct err err = { 0 };
	int r = make_nodes_private(c, &w, &err);

	if (r < 0)
		wire_report(&w, &err);
	_exit(r < 0);
}

/* Device nodes are made on a file system that is attached for a moment: in a mount namespace of a helper's own. */
static int make_nodes(struct create *c, int *fds, size_t *n, struct err *err)
{
	struct sys_clone_args args = { .flags = SYS_CLONE_NEWNS, .exit_signal = SIGCHLD };
	size_t want = *n + c->plan.plan.dev.host_nodes;
	int pair[2], r = frame_pair(pair);
	struct wire w;
	long pid;

	if (r < 0)
		return err_code(err, r, "make socket pair for device nodes");
	pid = sys_clone3(&args);
	if (pid == 0)
		nodes_child(c, pair[1]);
	r = pid < 0 ? err_sys(err, "clone helper for device nodes") : 0;
	cleanup_close(&pair[1]);
	w = (struct wire){ .sock = pair[0] };
	while (r >= 0 && *n < want) {
		size_t got = 0;

		r = wire_hear(&w, WIRE_SOURCES, fds + *n, want - *n, &got, NULL, err);
		*n += got;
	}
	cleanup_close(&pair[0]);
	while (pid > 0 && waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

int create_send_sources(void *ctx, struct err *err)
{
	struct create *c = ctx;
	int fds[PLAN_SOURCES_MAX];
	size_t n = 0;
	int r;

	r = open_sources(c, fds, &n, err);
	if (r >= 0 && c->plan.plan.dev.host_nodes)
		r = make_nodes(c, fds, &n, err);
	if (r >= 0)
		r = send_all(&c->wire, fds, n, err);
	while (n > 0)
		cleanup_close(&fds[--n]);
	return r;
}
