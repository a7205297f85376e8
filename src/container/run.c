/* SPDX-License-Identifier: Apache-2.0 */
/* create and run: the public calls. run is create and start by one process, which then stays in the foreground. */

#include <errno.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/unixsock.h"
#include "container/api.h"
#include "container/create.h"
#include "container/delete.h"
#include "container/notify.h"
#include "container/passed_fds.h"
#include "container/start.h"
#include "container/supervise.h"

static int take_options(const struct masu_create_options *o, unsigned flags, struct masu_create_options *ret,
			struct err *err)
{
	int r = api_options(ret, sizeof(*ret), o, err);

	if (r >= 0)
		r = api_flags(ret->flags, MASU_CREATE_NO_PIVOT | MASU_CREATE_NO_NEW_KEYRING | flags, err);
	return r < 0 ? r : passed_fds_check(ret->listen_fds, ret->preserve_fds, err);
}

int masu_create(struct masu_runtime *rt, const char *id, const struct masu_create_options *o, struct masu_error *error)
{
	AUTO(create_free) struct create *c = NULL;
	struct masu_create_options copy;
	struct err err = { 0 };
	int r = take_options(o, 0, &copy, &err);

	if (r >= 0) {
		c = create_new(rt, id, &copy);
		r = c ? create_run(c, &err) : -ENOMEM;
	}
	return api_return(r, &err, error);
}

static int receive_master(struct create *c, int *ret, struct err *err)
{
	char name[64];
	ssize_t n;

	if (c->console_here < 0)
		return 0;
	n = unixsock_recv_fd(c->console_here, name, sizeof(name), ret);
	if (n < 0 || *ret < 0)
		return err_code(err, n < 0 ? (int)n : -EPROTO, "receive the terminal");
	return 0;
}

/* It never got to its start, or its start failed. */
static void take_back(struct masu_runtime *rt, struct create *c)
{
	delete_own(rt, c->dir_fd, &c->state, true);
	create_unpublish(c);
}

/* A document without a mount namespace has no place for the socket. */
static int open_notify(struct masu_runtime *rt, struct create *c, struct notify *n, struct err *err)
{
	const struct spec_config *config = c->bundle.config;
	const char *label = config->lnx ? config->lnx->mount_label : NULL;

	return notify_open(rt, c->dir_fd, c->id, c->options->notify_socket, label, n, err);
}

static int start_created(struct masu_runtime *rt, struct create *c, struct supervise *s, int master_fd,
			 struct notify *n, struct err *err)
{
	int r = open_notify(rt, c, n, err);

	if (r >= 0 && s && master_fd >= 0)
		r = supervise_terminal(s, master_fd, err);
	if (r >= 0)
		r = start_run(rt, c->dir_fd, &c->state, c->bundle.config, &c->bundle.annotations, err);
	if (r < 0) {
		take_back(rt, c);
		return r;
	}
	/* From here on others may stop and delete it. */
	flock(c->dir_fd, LOCK_UN);
	return 0;
}

/* In the foreground we are the service's main process, and what the container says is passed on until its end. */
static void watch_notify(struct supervise *s, struct notify *n)
{
	if (n->sock < 0)
		return;
	n->main_pid = getpid();
	s->also_fd = n->sock;
	s->also = notify_forward;
	s->also_arg = n;
}

static int run_foreground(struct masu_runtime *rt, struct create *c, struct supervise *s, struct err *err)
{
	AUTO(notify_done) struct notify n = NOTIFY_INIT;
	autoclose int master_fd = -EBADF;
	int code = 0, r = create_run(c, err);

	if (r < 0)
		return r;
	s->pid = c->init.pid;
	s->pidfd = c->init.pidfd;
	r = receive_master(c, &master_fd, err);
	s->master_fd = master_fd;
	if (r < 0)
		take_back(rt, c);
	else
		r = start_created(rt, c, s, master_fd, &n, err);
	if (r >= 0) {
		watch_notify(s, &n);
		r = supervise_wait(s, &code, err);
		if (!(c->options->flags & MASU_RUN_KEEP))
			delete_own(rt, c->dir_fd, &c->state, false);
		if (r < 0 && !(c->options->flags & MASU_RUN_KEEP))
			create_unpublish(c);
	}
	return r < 0 ? r : code;
}

static int run_detached(struct masu_runtime *rt, struct create *c, struct err *err)
{
	AUTO(notify_done) struct notify n = NOTIFY_INIT;
	int r = create_run(c, err);

	if (r >= 0)
		r = start_created(rt, c, NULL, -1, &n, err);
	if (r < 0)
		return r;
	n.main_pid = c->init.pid;
	notify_wait_ready(&n, c->init.pidfd);
	return 0;
}

int masu_run(struct masu_runtime *rt, const char *id, const struct masu_create_options *o, struct masu_error *error)
{
	AUTO(create_free) struct create *c = NULL;
	AUTO(supervise_cancel) struct supervise s = SUPERVISE_INIT;
	struct masu_create_options copy;
	struct err err = { 0 };
	int r = take_options(o, MASU_RUN_DETACH | MASU_RUN_KEEP | MASU_RUN_NO_SUBREAPER, &copy, &err);

	if (r >= 0) {
		c = create_new(rt, id, &copy);
		r = c ? 0 : -ENOMEM;
	}
	if (r >= 0 && (copy.flags & MASU_RUN_DETACH))
		r = run_detached(rt, c, &err);
	else if (r >= 0) {
		c->foreground = true;
		s.subreaper = !(copy.flags & MASU_RUN_NO_SUBREAPER);
		r = supervise_prepare(&s, &err);
		if (r >= 0)
			r = run_foreground(rt, c, &s, &err);
	}
	return api_return(r, &err, error);
}
