/* SPDX-License-Identifier: Apache-2.0 */
/* The start: one byte through start.fifo, and the end of result.fifo says that the program was executed. */

#include "container/start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/pidref.h"
#include "container/api.h"
#include "container/delete.h"
#include "container/dir.h"
#include "container/hooks.h"
#include "container/plan.h"
#include "container/snapshot.h"
#include "wire/plan.h"

static int open_gate(int dir_fd, const char *id, int *ret_gate, int *ret_result, struct err *err)
{
	/* The reading end first: once the gate is open, the answer may come at any time. */
	*ret_result = openat(dir_fd, DIR_RESULT_FIFO, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (*ret_result < 0)
		return err_sys(err, "open result.fifo of container `%s`", id);
	*ret_gate = openat(dir_fd, DIR_START_FIFO, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (*ret_gate < 0 && errno == ENXIO)
		return err_set(err, EINVAL, "cannot start an already running container");
	return *ret_gate < 0 ? err_sys(err, "open start.fifo of container `%s`", id) : 0;
}

/* 0 at the end of file; 1 with *e filled when init reported why not. */
static int read_result(int fd, struct start_error *e, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	for (;;) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return err_sys(err, "wait for the start");
		n = read(fd, e, sizeof(*e));
		if (n == 0)
			return 0;
		if (n == (ssize_t)sizeof(*e))
			return 1;
		if (n > 0)
			return err_set(err, EPROTO, "wait for the start: %zd bytes of an answer", n);
		if (errno != EINTR && errno != EAGAIN)
			return err_sys(err, "read the answer of init");
	}
}

static int take_start_error(struct start_error *e, struct err *err)
{
	e->err.step[sizeof(e->err.step) - 1] = e->err.text[sizeof(e->err.text) - 1] = '\0';
	e->err.hint[sizeof(e->err.hint) - 1] = e->err.pointer[sizeof(e->err.pointer) - 1] = '\0';
	if (e->err.code <= 0 || e->err.code > 4095)
		e->err.code = EPROTO;
	if (err)
		*err = e->err;
	return -e->err.code;
}

static int open_and_wait(int dir_fd, const struct state *s, bool *ret_destroy, struct err *err)
{
	autoclose int gate_fd = -EBADF, result_fd = -EBADF;
	struct start_error e;
	int r = open_gate(dir_fd, s->id, &gate_fd, &result_fd, err);

	*ret_destroy = false;
	if (r < 0)
		return r;
	if (write(gate_fd, "s", 1) != 1)
		return err_sys(err, "open the gate of container `%s`", s->id);
	r = read_result(result_fd, &e, err);
	if (r < 0)
		return r;
	unlinkat(dir_fd, DIR_START_FIFO, 0);
	unlinkat(dir_fd, DIR_RESULT_FIFO, 0);
	if (r == 0)
		return 0;
	*ret_destroy = e.hook_failed;
	return take_start_error(&e, err);
}

static int run_poststart(const struct state *s, const struct spec_config *config, struct err *err)
{
	const struct spec_hooks *h = config->hooks;
	AUTO(buf_done) struct buf doc = { 0 };
	int r;

	if (!h || !h->poststart_len)
		return 0;
	r = state_hook_document(s, STATUS_RUNNING, s->pid, &doc);
	if (r < 0)
		return err_code(err, r, "write the state document for hooks");
	return hooks_run("poststart", h->poststart, h->poststart_len, s->bundle, doc.data, doc.len, err);
}

int start_run(struct masu_runtime *rt, int dir_fd, const struct state *s, const struct spec_config *config, struct err *err)
{
	AUTO(snapshot_done) struct snapshot snap = { 0 };
	bool destroy;
	int r;

	if (!s->has_process)
		return err_set(err, EINVAL, "start container `%s`: its document has no process to run", s->id);
	if (s->has_poststart && !config) {
		r = snapshot_load(dir_fd, &snap, err);
		if (r < 0)
			return r;
		config = snap.config;
	}
	r = open_and_wait(dir_fd, s, &destroy, err);
	if (r >= 0 && s->has_poststart) {
		r = run_poststart(s, config, err);
		destroy = r < 0;
	}
	if (r < 0 && destroy)
		delete_destroy(rt, dir_fd, s, NULL);
	return r;
}

int masu_start(struct masu_runtime *rt, const char *id, struct masu_error *error)
{
	AUTO(arena_done) struct arena a = { 0 };
	autoclose int dir_fd = -EBADF;
	struct err err = { 0 };
	struct state s;
	enum status status;
	int r = dir_open_locked(rt, id, 10000, &dir_fd, &err);

	if (r >= 0)
		r = state_load(dir_fd, id, &a, &s, &err);
	if (r == -ENOENT && !err.code)
		r = err_set(&err, ENOENT, "start container `%s`: its create did not finish", id);
	if (r < 0)
		return api_return(r, &err, error);
	status = state_status(rt, dir_fd, &s);
	if (status == STATUS_STOPPED)
		r = err_set(&err, EINVAL, "cannot start a container that has stopped");
	else if (status != STATUS_CREATED)
		r = err_set(&err, EINVAL, "cannot start an already running container");
	else
		r = start_run(rt, dir_fd, &s, NULL, &err);
	return api_return(r, &err, error);
}
