/* SPDX-License-Identifier: Apache-2.0 */
/* create and run: the public calls. run is create and start by one process, which then stays in the foreground. */

#include <errno.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/unixsock.h"
#include "container/api.h"
#include "container/create.h"
#include "container/delete.h"
#include "container/dir.h"
#include "container/passed_fds.h"
#include "container/start.h"
#include "container/supervise.h"

static int check_options(const struct masu_create_options *o, struct err *err)
{
	if (o->notify_socket && *o->notify_socket)
		log_debug("NOTIFY_SOCKET is not passed on");
	return passed_fds_check(o->listen_fds, o->preserve_fds, err);
}

int masu_create(struct masu_runtime *rt, const char *id, const struct masu_create_options *o, struct masu_error *error)
{
	AUTO(create_free) struct create *c = create_new(rt, id, o);
	struct err err = { 0 };
	int r = c ? check_options(o, &err) : -ENOMEM;

	if (r >= 0)
		r = create_run(c, &err);
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

static void destroy_after(struct masu_runtime *rt, struct create *c, bool locked)
{
	autoclose int dir_fd = -EBADF;
	struct err err = { 0 };
	int r = locked ? 0 : dir_open_locked(rt, c->id, 10000, &dir_fd, &err);

	if (r >= 0)
		r = delete_destroy(rt, locked ? c->dir_fd : dir_fd, &c->state, &err);
	if (r < 0 && r != -ENOENT)
		log_warn("delete container `%s`: %s", c->id, err.text);
}

static int start_created(struct masu_runtime *rt, struct create *c, struct supervise *s, int master_fd, struct err *err)
{
	int r = 0;

	if (s && master_fd >= 0)
		r = supervise_terminal(s, master_fd, err);
	if (r >= 0)
		r = start_run(rt, c->dir_fd, &c->state, c->bundle.config, err);
	if (r < 0) {
		destroy_after(rt, c, true);
		create_unpublish(c);
		return r;
	}
	/* From here on others may stop and delete it. */
	flock(c->dir_fd, LOCK_UN);
	return 0;
}

static int run_foreground(struct masu_runtime *rt, struct create *c, struct supervise *s, struct err *err)
{
	autoclose int master_fd = -EBADF;
	int code = 0, r = create_run(c, err);

	if (r < 0)
		return r;
	s->pid = c->init.pid;
	s->pidfd = c->init.pidfd;
	r = receive_master(c, &master_fd, err);
	s->master_fd = master_fd;
	if (r < 0)
		destroy_after(rt, c, true);
	else
		r = start_created(rt, c, s, master_fd, err);
	if (r >= 0) {
		r = supervise_wait(s, &code, err);
		if (!(c->options->flags & MASU_RUN_KEEP))
			destroy_after(rt, c, false);
	}
	return r < 0 ? r : code;
}

static int run_detached(struct masu_runtime *rt, struct create *c, struct err *err)
{
	int r = create_run(c, err);

	return r < 0 ? r : start_created(rt, c, NULL, -1, err);
}

int masu_run(struct masu_runtime *rt, const char *id, const struct masu_create_options *o, struct masu_error *error)
{
	AUTO(create_free) struct create *c = create_new(rt, id, o);
	AUTO(supervise_cancel) struct supervise s = SUPERVISE_INIT;
	struct err err = { 0 };
	int r = c ? check_options(o, &err) : -ENOMEM;

	if (r >= 0 && (o->flags & MASU_RUN_DETACH))
		r = run_detached(rt, c, &err);
	else if (r >= 0) {
		c->foreground = true;
		s.subreaper = !(o->flags & MASU_RUN_NO_SUBREAPER);
		r = supervise_prepare(&s, &err);
		c->mask = supervise_original_mask(&s);
		if (r >= 0)
			r = run_foreground(rt, c, &s, &err);
	}
	return api_return(r, &err, error);
}
