/* SPDX-License-Identifier: Apache-2.0 */
/* exec: a further process in a running container. The same program (masu-init) and the same identity steps as at create; the story on
 * this side is short. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/procfs.h"
#include "base/story.h"
#include "base/sys.h"
#include "base/unixsock.h"
#include "container/api.h"
#include "container/dir.h"
#include "container/exec.h"
#include "container/exec_process.h"
#include "container/image.h"
#include "container/listener.h"
#include "container/passed_fds.h"
#include "container/publish.h"
#include "container/spawn.h"
#include "container/supervise.h"
#include "kernel/proc/oom.h"
#include "kernel/proc/rlimit.h"
#include "kernel/proc/terminal_host.h"
#include "kernel/rdt/rdt.h"
#include "spec/decode.h"

#define DYING_MS 100 /* a process leaves its cgroup a moment before it is dead */

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
	enum status status = state_status(e->rt, e->dir_fd, &e->state);

	if (status == STATUS_STOPPED)
		return err_set(err, ESRCH, "cannot exec in a stopped container: container not running: `%s`", e->id);
	if (status == STATUS_PAUSED && !(e->o->flags & MASU_EXEC_IGNORE_PAUSED))
		return err_set(err, EBUSY, "cannot exec in a paused container (use --ignore-paused to override)");
	return 0;
}

static int load(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	int r = dir_open(e->rt, e->id, &e->dir_fd, err);

	if (r >= 0) {
		r = state_load(e->dir_fd, e->id, &e->arena, &e->state, err);
		if (r == -ENOENT)
			r = err_set(err, EBUSY, "exec in container `%s`: it is not created yet", e->id);
	}
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
	autoclose int dir_fd = -EBADF;
	char name[32];

	snprintf(name, sizeof(name), "%d", e->state.pid);
	dir_fd = procfs_open_file(e->rt->proc_fd, name, O_PATH | O_DIRECTORY);
	if (dir_fd < 0)
		return err_code(err, dir_fd, "open /proc/%s", name);
	e->root_fd = openat(dir_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return e->root_fd < 0 ? err_sys(err, "open root of container `%s`", e->id) : 0;
}

static int open_console(struct exec *e, struct err *err)
{
	struct terminal_plan *terminal = &e->plan.process.terminal;
	const char *path = e->o->console_socket;
	int fds[2];

	if (path && *path && !terminal->enabled)
		return err_set(err, EINVAL, "use console socket `%s`: the process has no terminal", path);
	if (!terminal->enabled)
		return 0;
	if (path && *path) {
		e->console_fd = unixsock_connect(path, SOCK_STREAM);
		return e->console_fd < 0 ? err_code(err, e->console_fd, "connect to console socket `%s`", path) : 0;
	}
	if (!e->foreground)
		return err_set(err, EINVAL, "cannot allocate tty if masu will detach without setting console socket");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(err, "make socket pair for the terminal");
	e->console_here = fds[0];
	e->console_fd = fds[1];
	/* There is no start to wait for: the program may look before the relay has the master. */
	if (terminal_host_callers_size(&terminal->height, &terminal->width) == 0)
		terminal->has_size = 1;
	return 0;
}

static const struct spec_seccomp *seccomp_of(const struct exec *e)
{
	return e->snap.config->lnx ? e->snap.config->lnx->seccomp : NULL;
}

static int open_listener(struct exec *e, struct err *err)
{
	int fds[2];

	if (!e->plan.seccomp.notify)
		return 0;
	e->agent_sock = listener_connect(seccomp_of(e), err);
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

/* ---- the process ---- */

static int write_plan(struct exec *e, struct err *err)
{
	int r;

	if (e->flat.error || e->flat.len > INT32_MAX)
		return err_set(err, e->flat.error ? ENOMEM : E2BIG, "build the plan");
	e->plan.tasks_len = (uint32_t)e->tasks_len;
	for (size_t i = 0; i < e->tasks_len; i++)
		e->plan.tasks[i] = e->tasks[i];
	e->plan.console_fd = e->console_fd;
	e->plan.root_fd = e->root_fd;
	e->plan.size = (uint32_t)e->flat.len;
	memcpy(e->flat.data, &e->plan, sizeof(e->plan));
	cleanup_close(&e->plan_fd);
	e->plan_fd = sys_memfd_create("masu-plan", MFD_CLOEXEC);
	if (e->plan_fd < 0)
		return err_sys(err, "make memfd for the plan");
	r = io_write_full(e->plan_fd, e->flat.data, e->flat.len);
	return r < 0 ? err_code(err, r, "write the plan") : 0;
}

static int open_tasks(struct exec *e, bool in_unified, struct err *err)
{
	while (e->tasks_len > 0)
		cleanup_close(&e->tasks[--e->tasks_len]);
	return e->has_cgroup ? cgroup_open_tasks(&e->cgroup, in_unified, e->tasks, PLAN_TASKS_MAX, &e->tasks_len, err)
			     : 0;
}

static int try_spawn(struct exec *e, struct err *err)
{
	/* An affinity for the way into the cgroup must be there before the process is. */
	int cgroup_fd = e->has_cgroup && !e->initial.set && !e->place_late ? cgroup_dir_fd(&e->cgroup) : -1;
	int fds[4 + PLAN_TASKS_MAX] = { e->console_fd, e->root_fd, e->init.pidfd, e->record_init };
	int r = open_tasks(e, cgroup_fd >= 0 || e->place_late, err);
	struct spawn s = {
		.cgroup_fd = cgroup_fd,
		.affinity = &e->initial,
		.image_fd = e->image_fd,
		.sock_fd = e->init_sock,
		.peer_fd = e->wire.sock,
		.fds = fds,
		.fds_len = 4 + e->tasks_len,
		.keep_from_3 = e->o->preserve_fds + e->o->listen_fds,
		.mask = e->mask,
	};

	if (r >= 0)
		r = write_plan(e, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < e->tasks_len; i++)
		fds[4 + i] = e->tasks[i];
	s.plan_fd = e->plan_fd;
	return spawn_init(&s, &e->spawned, err);
}

/* Where the container delegates controllers to sub-cgroups, its own cgroup takes no processes (cgroup v2): then the new process goes
 * where the container's first one is. */
static int spawn(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	const struct cgroup_facts *facts;
	int r = try_spawn(e, err);

	if (r == -EBUSY && e->has_cgroup && !e->o->cgroup) {
		err_clear(err);
		cgroup_done(&e->cgroup);
		r = runtime_cgroup_facts(e->rt, &facts, err);
		if (r >= 0)
			r = cgroup_open_pid(facts, e->rt->proc_fd, e->state.pid, &e->cgroup, err);
		e->has_cgroup = r >= 0;
		if (r >= 0)
			r = try_spawn(e, err);
	}
	if ((r == -EACCES || r == -EPERM) && e->has_cgroup && cgroup_can_place_late(&e->cgroup, r)) {
		err_clear(err);
		e->place_late = true;
		r = try_spawn(e, err);
	}
	if (r < 0)
		return r;
	cleanup_close(&e->init_sock);
	cleanup_close(&e->console_fd);
	cleanup_close(&e->record_init);
	return 0;
}

static void kill_child(void *ctx)
{
	struct exec *e = ctx;
	struct pidref *const all[] = { &e->spawned, &e->child };

	cleanup_close(&e->wire.sock);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i]->pid <= 0)
			continue;
		pidref_kill(all[i], SIGKILL);
		while (waitpid(all[i]->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
}

static int find_child(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	pid_t pid = 0;
	int r = wire_hear(&e->wire, WIRE_SPAWNED, NULL, 0, NULL, &pid, err);

	if (r < 0)
		return r;
	if (!e->plan.ns.stage) {
		e->child = e->spawned;
		e->spawned = (struct pidref)PIDREF_INIT;
		return 0;
	}
	if (pid <= 0)
		return err_set(err, EPROTO, "find the process: its id is not visible here");
	r = pidref_open(e->rt->proc_fd, pid, 0, &e->child);
	if (r == -ESRCH && wire_last_words(&e->wire, err))
		return r;
	if (r < 0)
		return err_code(err, r, "open process %d", pid);
	while (waitpid(e->spawned.pid, NULL, 0) < 0 && errno == EINTR)
		;
	e->spawned.pid = 0;
	return 0;
}

static int place_class(const struct exec *e, struct err *err)
{
	struct rdt rdt = { 0 };

	snprintf(rdt.group, sizeof(rdt.group), "%s", e->state.rdt_group ? e->state.rdt_group : "");
	snprintf(rdt.monitor, sizeof(rdt.monitor), "%s", e->state.rdt_monitor ? e->state.rdt_monitor : "");
	return rdt_place(&rdt, e->child.pid, err);
}

static int place(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	struct flat f = { .base = e->flat.data, .len = e->flat.len };
	int r = e->place_late ? cgroup_place(&e->cgroup, e->child.pid, false, err) : 0;

	if (r >= 0 && e->has_cgroup)
		r = cgroup_check_pid(&e->cgroup, e->rt->proc_fd, e->child.pid, err);

	/* What is dead is in no cgroup: its own words say more. */
	if (r < 0 && pidref_wait_exit(&e->child, DYING_MS) == 0 && wire_last_words(&e->wire, err))
		return r;
	if (r >= 0)
		r = place_class(e, err);
	if (r >= 0)
		r = affinity_place(e->child.pid, &e->final, err);
	if (r >= 0 && e->plan.sched.by_host)
		r = sched_apply(e->child.pid, &e->plan.sched, err);
	if (r >= 0 && e->plan.process.has_oom)
		r = oom_place(e->rt->proc_fd, e->child.pid, e->plan.process.oom_score_adj, err);
	if (r >= 0 && e->plan.process.rlimits.rows.count)
		r = rlimit_place_raise(e->child.pid, &f, &e->plan.process.rlimits, err);
	return r < 0 ? r : wire_say(&e->wire, WIRE_PLACED, NULL, 0, err);
}

static int serve_listener(struct exec *e, struct err *err)
{
	struct listener l = {
		.record_fd = e->record_fd,
		.process = &e->child,
		.sock = take_fd(&e->agent_sock),
		.seccomp = seccomp_of(e),
		.state = &e->state,
		.status = STATUS_RUNNING,
	};
	int first, r = listener_serve(&l, &first, err);

	cleanup_close(&l.sock);
	return r;
}

/* CREATED, then the end of the socket: the program was executed. */
static int wait_executed(void *ctx, struct err *err)
{
	struct exec *e = ctx;
	int r = wire_hear(&e->wire, WIRE_CREATED, NULL, 0, NULL, NULL, err);

	if (r >= 0 && e->plan.seccomp.notify)
		r = serve_listener(e, err);
	return r < 0 ? r : wire_hear_end(&e->wire, err);
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
	{ "spawn", spawn, kill_child, NULL },
	{ "find process", find_child, NULL, NULL },
	{ "place", place, NULL, NULL },
	{ "wait for program", wait_executed, NULL, NULL },
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
			kill_child(e);
			return err_code(err, n < 0 ? (int)n : -EPROTO, "receive the terminal");
		}
		s->master_fd = master_fd;
		r = supervise_terminal(s, master_fd, err);
	}
	if (r >= 0)
		r = supervise_wait(s, &code, err);
	return r < 0 ? r : code;
}

int masu_exec(struct masu_runtime *rt, const char *id, const struct masu_exec_options *o, struct masu_error *error)
{
	static const struct story story = { "exec", steps, ARRAY_SIZE(steps) };
	AUTO(exec_free) struct exec *e = exec_new(rt, id, o);
	AUTO(supervise_cancel) struct supervise s = SUPERVISE_INIT;
	struct err err = { 0 };
	int r = e ? passed_fds_check(o->listen_fds, o->preserve_fds, &err) : -ENOMEM;

	if (r >= 0 && (o->flags & MASU_RUN_DETACH))
		r = story_run(&story, e, &err);
	else if (r >= 0) {
		e->foreground = true;
		r = supervise_prepare(&s, &err);
		e->mask = supervise_original_mask(&s);
		if (r >= 0)
			r = exec_foreground(e, &story, &s, &err);
	}
	return api_return(r, &err, error);
}
