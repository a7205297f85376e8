/* SPDX-License-Identifier: Apache-2.0 */
/* The start, seen from the host: one byte through start.fifo, and the end of result.fifo says that the program was executed. What
 * masu-init does then is in init/start.c. */

#include "container/start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/pidref.h"
#include "base/story.h"
#include "container/api.h"
#include "container/delete.h"
#include "container/dir.h"
#include "container/hooks.h"
#include "container/listener.h"
#include "container/notify.h"
#include "container/plan.h"
#include "container/snapshot.h"
#include "wire/plan.h"

struct start {
	struct masu_runtime *rt;
	int dir_fd;
	const struct state *state;
	const struct spec_config *config; /* NULL: not read yet */
	const struct annotations *annotations;
	struct snapshot snap;
	int gate_fd, result_fd;
	struct pidref init; /* a process with a seccomp listener */
	int agent_sock;
	int first; /* byte that was read of init's answer, -1 = none */
};

static int load_document(void *ctx, struct err *err)
{
	struct start *s = ctx;
	int r = snapshot_load_annotated(s->dir_fd, s->state->allowed, &s->snap, err);

	s->config = s->snap.config;
	s->annotations = &s->snap.annotations;
	return r;
}

static bool needs_document(const void *ctx)
{
	const struct start *s = ctx;

	return (s->state->has_poststart || s->state->has_listener) && !s->config;
}

static int find_gate(void *ctx, struct err *err)
{
	struct start *s = ctx;
	const char *id = s->state->id;

	/* The reading end first: once the gate is open, the answer may come at any time. */
	s->result_fd = openat(s->dir_fd, DIR_RESULT_FIFO, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (s->result_fd < 0)
		return err_sys(err, "open result.fifo of container `%s`", id);
	s->gate_fd = openat(s->dir_fd, DIR_START_FIFO, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (s->gate_fd < 0 && errno == ENXIO)
		return err_set(err, EINVAL, "cannot start an already running container");
	return s->gate_fd < 0 ? err_sys(err, "open start.fifo of container `%s`", id) : 0;
}

static bool has_listener(const void *ctx)
{
	return ((const struct start *)ctx)->state->has_listener;
}

static int connect_agent(void *ctx, struct err *err)
{
	struct start *s = ctx;
	int r = pidref_open(s->rt->proc_fd, s->state->pid, s->state->start_time, &s->init);

	if (r < 0)
		return err_code(err, r, "open init of container `%s`", s->state->id);
	s->agent_sock = listener_connect(s->config->lnx->seccomp, err);
	return s->agent_sock < 0 ? s->agent_sock : 0;
}

/* The specification's example has `creating` here, which agents may look at: the program does not run yet. */
static int serve_listener(void *ctx, struct err *err)
{
	struct start *s = ctx;
	struct listener l = {
		.record_fd = s->result_fd,
		.process = &s->init,
		.sock = take_fd(&s->agent_sock),
		.seccomp = s->config->lnx->seccomp,
		.state = s->state,
		.status = STATUS_CREATING,
	};
	int r = listener_serve(&l, &s->first, err);

	cleanup_close(&l.sock);
	if (r < 0)
		pidref_kill(&s->init, SIGKILL);
	return r < 0 ? r : 0;
}

static int open_gate(void *ctx, struct err *err)
{
	struct start *s = ctx;

	return write(s->gate_fd, "s", 1) == 1 ? 0 : err_sys(err, "open the gate of container `%s`", s->state->id);
}

/* Everything up to the end of file, at most len bytes. */
static ssize_t read_answer(int fd, char *p, size_t len, struct err *err)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	size_t got = 0;

	for (;;) {
		ssize_t n;

		if (poll(&wait, 1, -1) < 0 && errno != EINTR)
			return err_sys(err, "wait for the start");
		n = read(fd, p + got, len - got);
		if (n == 0)
			return (ssize_t)got;
		if (n > 0)
			got += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			return err_sys(err, "read the answer of init");
	}
}

/* 0: the program was executed; 1 with *e filled: init reported why not. */
static int read_result(int fd, int first, struct start_error *e, struct err *err)
{
	char answer[1 + sizeof(*e)] = { (char)first };
	size_t had = first >= 0;
	ssize_t n = read_answer(fd, answer + had, sizeof(answer) - had, err);

	if (n < 0)
		return (int)n;
	n += (ssize_t)had;
	if (n == 1 && answer[0] == START_MARK[0])
		return 0;
	if (n == 0)
		return err_set(err, ECONNRESET,
			       "wait for the start: init was killed before it could execute the program");
	if (n < (ssize_t)sizeof(*e))
		return err_set(err, EPROTO, "wait for the start: %zd bytes of an answer", n);
	memcpy(e, answer + n - (ssize_t)sizeof(*e), sizeof(*e));
	return 1;
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

static void destroy(void *ctx)
{
	struct start *s = ctx;

	delete_destroy(s->rt, s->dir_fd, s->state, NULL);
}

static int wait_for_program(void *ctx, struct err *err)
{
	struct start *s = ctx;
	struct start_error e;
	int r = read_result(s->result_fd, s->first, &e, err);

	if (r < 0)
		return r;
	unlinkat(s->dir_fd, DIR_START_FIFO, 0);
	unlinkat(s->dir_fd, DIR_RESULT_FIFO, 0);
	if (r > 0 && e.hook_failed)
		destroy(s);
	return r > 0 ? take_start_error(&e, err) : 0;
}

static int run_poststart(void *ctx, struct err *err)
{
	struct start *s = ctx;
	const struct spec_hooks *h = s->config->hooks;
	AUTO(hook_output_done) struct hook_output out = HOOK_OUTPUT_INIT;
	struct hook_subject subject = { s->state, STATUS_RUNNING, s->state->pid, &out };
	struct err inner = { 0 };

	/* The program runs: an output that is gone since the create does not end it. */
	if (hook_output_open(s->annotations, &out, &inner) < 0)
		log_warn("%s", inner.text);
	return hooks_run(&subject, "poststart", h->poststart, h->poststart_len, err);
}

static bool has_poststart(const void *ctx)
{
	return ((const struct start *)ctx)->state->has_poststart;
}

/* Undo: a program whose poststart hooks failed is not left running. */
static const struct step steps[] = {
	/* name               act               undo     when */
	{ "document", load_document, NULL, needs_document },
	{ "find gate", find_gate, NULL, NULL },
	{ "connect to agent", connect_agent, NULL, has_listener },
	{ "open gate", open_gate, NULL, NULL },
	{ "seccomp listener", serve_listener, NULL, has_listener },
	{ "wait for program", wait_for_program, destroy, NULL },
	{ "poststart hooks", run_poststart, NULL, has_poststart },
};

int start_run(struct masu_runtime *rt, int dir_fd, const struct state *s, const struct spec_config *config,
	      const struct annotations *an, struct err *err)
{
	static const struct story story = { "start", steps, ARRAY_SIZE(steps) };
	struct start start = { .rt = rt,
			       .dir_fd = dir_fd,
			       .state = s,
			       .config = config,
			       .annotations = an,
			       .gate_fd = -EBADF,
			       .result_fd = -EBADF,
			       .init = PIDREF_INIT,
			       .agent_sock = -EBADF,
			       .first = -1 };
	int r;

	if (!s->has_process)
		return err_set(err, EINVAL, "start container `%s`: its document has no process to run", s->id);
	r = story_run(&story, &start, err);
	cleanup_close(&start.gate_fd);
	cleanup_close(&start.result_fd);
	cleanup_close(&start.agent_sock);
	pidref_done(&start.init);
	snapshot_done(&start.snap);
	return r;
}

static int check_startable(struct masu_runtime *rt, int dir_fd, const struct state *s, struct err *err)
{
	enum status status;
	int r = state_status(rt, dir_fd, s, &status, err);

	if (r < 0)
		return r;
	if (status == STATUS_STOPPED)
		return err_set(err, EINVAL, "cannot start a container that has stopped");
	if (status != STATUS_CREATED)
		return err_set(err, EINVAL, "cannot start an already running container");
	r = state_is_frozen(rt, s, err);
	if (r <= 0)
		return r;
	err_set(err, EBUSY, "cannot start container `%s`: its cgroup is frozen", s->id);
	err_hint(err, "thaw it with `masu resume`");
	return -EBUSY;
}

static const char *mount_label(const struct spec_config *c)
{
	return c->lnx ? c->lnx->mount_label : NULL;
}

/* The lock is given up for the wait: a container that never says READY=1 can still be stopped and deleted. */
static int start_and_notify(struct masu_runtime *rt, int dir_fd, const struct state *s, const char *host,
			    struct err *err)
{
	AUTO(notify_done) struct notify n = NOTIFY_INIT;
	AUTO(pidref_done) struct pidref init = PIDREF_INIT;
	AUTO(snapshot_done) struct snapshot snap = { 0 };
	int r = snapshot_load_annotated(dir_fd, s->allowed, &snap, err);

	if (r >= 0)
		r = pidref_open(rt->proc_fd, s->pid, s->start_time, &init);
	if (r >= 0)
		r = notify_open(rt, dir_fd, s->id, host, mount_label(snap.config), &n, err);
	if (r < 0)
		return r;
	n.main_pid = s->pid;
	r = start_run(rt, dir_fd, s, snap.config, &snap.annotations, err);
	if (r < 0)
		return r;
	flock(dir_fd, LOCK_UN);
	notify_wait_ready(&n, init.pidfd);
	return 0;
}

int masu_start(struct masu_runtime *rt, const char *id, const struct masu_start_options *o, struct masu_error *error)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct masu_start_options copy;
	autoclose int dir_fd = -EBADF;
	struct err err = { 0 };
	struct state s;
	int r = api_options(&copy, sizeof(copy), o, &err);

	if (r >= 0)
		r = dir_open_locked(rt, id, DIR_LOCK_MS, &dir_fd, &err);
	if (r >= 0)
		r = state_load(dir_fd, id, &a, &s, &err);
	if (r == -ENOENT && !err.code)
		r = err_set(&err, ENOENT, "start container `%s`: its create did not finish", id);
	if (r >= 0)
		r = check_startable(rt, dir_fd, &s, &err);
	if (r >= 0)
		r = copy.notify_socket && *copy.notify_socket
			    ? start_and_notify(rt, dir_fd, &s, copy.notify_socket, &err)
			    : start_run(rt, dir_fd, &s, NULL, NULL, &err);
	return api_return(r, &err, error);
}
