/* SPDX-License-Identifier: Apache-2.0 */
/* exec: a further process in a running container. The same program (masu-init) and the same identity steps as at create; the story on
 * this side is short. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "base/story.h"
#include "base/unixsock.h"
#include "container/api.h"
#include "container/console.h"
#include "container/exec.h"
#include "container/exec_process.h"
#include "container/image.h"
#include "container/listener.h"
#include "container/passed_fds.h"
#include "container/publish.h"
#include "container/supervise.h"
#include "container/target.h"
#include "kernel/proc/terminal_host.h"
#include "spec/decode.h"

static struct exec *exec_new(struct masu_runtime *rt, const char *id, const struct masu_exec_options *o)
{
	struct exec *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->rt = rt;
	e->id = id;
	e->o = o;
	e->dir_fd = e->root_fd = e->image_fd = e->plan_fd = e->console_fd = e->console_here = e->init_sock =
		e->wire.sock = -EBADF;
	e->agent_sock = e->record_fd = e->record_init = -EBADF;
	e->init.pidfd = e->spawned.pidfd = e->child.pidfd = -EBADF;
	return e;
}

static void close_files(struct exec *e)
{
	int *const fds[] = { &e->dir_fd,     &e->root_fd,      &e->image_fd,   &e->plan_fd,
			     &e->console_fd, &e->console_here, &e->init_sock,  &e->wire.sock,
			     &e->agent_sock, &e->record_fd,    &e->record_init };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		cleanup_close(fds[i]);
	while (e->tasks_len > 0)
		cleanup_close(&e->tasks[--e->tasks_len]);
}

static void exec_free(struct exec **p)
{
	struct exec *e = *p;

	if (!e)
		return;
	close_files(e);
	pidref_done(&e->init);
	pidref_done(&e->spawned);
	pidref_done(&e->child);
	if (e->has_cgroup)
		cgroup_done(&e->cgroup);
	buf_done(&e->flat);
	snapshot_done(&e->snap);
	arena_done(&e->arena);
	free(e);
	*p = NULL;
}

static int check_status(struct exec *e, struct err *err)
{
	enum status status;
	int r = state_status(e->rt, e->dir_fd, &e->state, &status, err);

	if (r < 0)
		return r;
	if (status == STATUS_STOPPED)
		return err_set(err, ESRCH, "cannot exec in a stopped container: container not running: `%s`", e->id);
	if (e->o->flags & MASU_EXEC_IGNORE_PAUSED)
		return 0;
	r = status == STATUS_CREATED ? state_is_frozen(e->rt, &e->state, err) : status == STATUS_PAUSED;
	if (r > 0)
		return err_set(err, EBUSY, "cannot exec in a paused container (use --ignore-paused to override)");
	return r;
}

static int load(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	int r = target_load(e->rt, e->id, "exec in", false, &e->dir_fd, &e->arena, &e->state, err);

	if (r >= 0)
		r = check_status(e, err);
	if (r >= 0)
		r = snapshot_load_annotated(e->dir_fd, e->state.allowed, &e->snap, err);
	if (r >= 0)
		r = exec_process_build(e->snap.config->process, e->o, &e->arena, &e->process, err);
	if (r >= 0) {
		struct spec_config doc = { .process = e->process };

		r = spec_refuse_unapplied(&doc, err);
	}
	if (r < 0)
		return r;
	r = pidref_open(e->rt->proc_fd, e->state.pid, e->state.start_time, &e->init);
	return r < 0 ? err_code(err, r, "exec in container `%s`: container not running", e->id) : 0;
}

/* ---- files ---- */

static int open_root(struct exec *e, struct err *err)
{
	e->root_fd = pidref_open_root(e->rt->proc_fd, &e->init);
	return e->root_fd < 0 ? err_code(err, e->root_fd, "open root of container `%s`", e->id) : 0;
}

static int open_console(struct exec *e, struct err *err)
{
	struct terminal_plan *terminal = &e->plan.process.terminal;
	int r = console_open(terminal, e->o->console_socket, &e->console_fd, &e->console_here, err);

	/* There is no start to wait for: the program may look before the relay has the master. */
	if (r >= 0 && e->console_here >= 0 && terminal_host_callers_size(&terminal->height, &terminal->width) == 0)
		terminal->has_size = 1;
	return r;
}

static int open_listener(struct exec *e, struct err *err)
{
	int fds[2];

	if (!e->plan.seccomp.notify)
		return 0;
	e->agent_sock = listener_connect(exec_seccomp(e), err);
	if (e->agent_sock < 0)
		return e->agent_sock;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "make pipe for the seccomp listener");
	e->record_fd = fds[0];
	e->plan.listener_fd = e->record_init = fds[1];
	return 0;
}

static int open_files(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	int fds[2], r = open_root(e, err);

	if (r >= 0)
		r = open_console(e, err);
	if (r >= 0)
		r = open_listener(e, err);
	if (r >= 0)
		r = e->image_fd = image_open(err);
	if (r < 0)
		return r;
	r = frame_pair(fds);
	if (r < 0)
		return err_code(err, r, "make socket pair for masu-init");
	e->wire.sock = fds[0];
	e->init_sock = fds[1];
	return 0;
}

static int open_cgroup(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	const struct cgroup_facts *facts;
	struct cgroup own = CGROUP_INIT;
	int r;

	if (!e->state.cgroup)
		return e->o->cgroup
			       ? err_set(err, EINVAL, "exec in cgroup `%s`: the container has no cgroup", e->o->cgroup)
			       : 0;
	r = runtime_cgroup_facts(e->rt, &facts, err);
	if (r >= 0)
		r = cgroup_open(facts, e->state.cgroup, &own, err);
	if (r < 0)
		return r;
	if (!e->o->cgroup) {
		e->cgroup = own;
		e->has_cgroup = true;
		return 0;
	}
	r = cgroup_open_sub(&own, e->o->cgroup, &e->cgroup, err);
	e->has_cgroup = r >= 0;
	cgroup_done(&own);
	return r;
}

static int publish(void *ctx, struct err *err)
{
	struct exec *e = ctx;

	return container_publish(e->o->pid_file, e->o->pidfd_socket, "setns", &e->child, err);
}

static const struct step steps[] = {
	/* name               act            undo        when */
	{ "load", load, NULL, NULL },
	{ "plan", exec_plan, NULL, NULL },
	{ "open files", open_files, NULL, NULL },
	{ "cgroup", open_cgroup, NULL, NULL },
	{ "spawn", exec_spawn, exec_kill_child, NULL },
	{ "find process", exec_find_child, NULL, NULL },
	{ "place", exec_place, NULL, NULL },
	{ "wait for program", exec_wait, NULL, NULL },
	{ "publish", publish, NULL, NULL },
};

static int exec_foreground(struct exec *e, const struct story *story, struct supervise *s, struct err *err)
{
	autoclose int master_fd = -EBADF;
	int code = 0, r = story_run(story, e, err);
	char name[64];

	if (r < 0)
		return r;
	s->pid = e->child.pid;
	s->pidfd = e->child.pidfd;
	if (e->console_here >= 0) {
		ssize_t n = unixsock_recv_fd(e->console_here, name, sizeof(name), &master_fd);

		if (n < 0 || master_fd < 0) {
			exec_kill_child(e);
			return err_code(err, n < 0 ? (int)n : -EPROTO, "receive the terminal");
		}
		s->master_fd = master_fd;
		r = supervise_terminal(s, master_fd, err);
		if (r < 0)
			exec_kill_child(e);
	}
	if (r >= 0)
		r = supervise_wait(s, &code, err);
	return r < 0 ? r : code;
}

static int take_options(const struct masu_exec_options *o, struct masu_exec_options *ret, struct err *err)
{
	int r = api_options(ret, sizeof(*ret), o, err);

	if (r >= 0)
		r = api_flags(ret->flags, MASU_RUN_DETACH | MASU_EXEC_IGNORE_PAUSED, err);
	return r < 0 ? r : passed_fds_check(ret->listen_fds, ret->preserve_fds, err);
}

int masu_exec(struct masu_runtime *rt, const char *id, const struct masu_exec_options *o, struct masu_error *error)
{
	static const struct story story = { "exec", steps, ARRAY_SIZE(steps) };
	AUTO(exec_free) struct exec *e = NULL;
	AUTO(supervise_cancel) struct supervise s = SUPERVISE_INIT;
	struct masu_exec_options copy;
	struct err err = { 0 };
	int r = take_options(o, &copy, &err);

	if (r >= 0) {
		e = exec_new(rt, id, &copy);
		r = e ? 0 : -ENOMEM;
	}
	if (r >= 0 && (copy.flags & MASU_RUN_DETACH))
		r = story_run(&story, e, &err);
	else if (r >= 0) {
		e->foreground = true;
		r = supervise_prepare(&s, &err);
		if (r >= 0)
			r = exec_foreground(e, &story, &s, &err);
	}
	if (r < 0 && e && pidref_wait_exit(&e->init, r == -ECONNRESET ? 500 : 0) == 0)
		err_wrap(&err, r, "container not running: `%s` has ended", id);
	return api_return(r, &err, error);
}
