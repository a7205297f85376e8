/* SPDX-License-Identifier: Apache-2.0 */
/* How a container comes back from images: the table below is the story. It is that of a create up to the cgroup; then criu makes the
 * processes, and before they go on they are looked at. */

#include "container/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/procfs.h"
#include "base/story.h"
#include "base/unixsock.h"
#include "container/api.h"
#include "container/checkpoint_plan.h"
#include "container/criu.h"
#include "container/criu_cgroup2.h"
#include "container/criu_job.h"
#include "container/delete.h"
#include "container/dir.h"
#include "container/hooks.h"
#include "kernel/ns/plan.h"

#define MASTER_NAME "/dev/ptmx" /* whoever receives it wants some text beside it */

static int load(void *ctx, struct err *err)
{
	struct restore *r = ctx;

	if (!criu_is_built_in())
		return err_set(err, EOPNOTSUPP, "restore container `%s`: this masu was built without criu",
			       r->create.id);
	if (geteuid() != 0)
		return err_set(err, EPERM, "restore container `%s`: criu needs the rights of root", r->create.id);
	return create_load(ctx, err);
}

static int plan(void *ctx, struct err *err)
{
	struct restore *r = ctx;
	struct restore_inputs in = { .options = r->o,
				     .config = r->create.bundle.config,
				     .rootfs = r->create.rootfs,
				     .criu_config = r->create.bundle.annotations.criu_config };
	int e = create_plan(ctx, err);

	if (e < 0)
		return e;
	in.cgroup_path = create_wants_cgroup(ctx) ? r->create.plan.cgroup_path : NULL;
	if (r->create.options->flags & MASU_CREATE_NO_PIVOT)
		log_warn("restore: no-pivot has no effect: criu changes the root by pivot_root");
	return restore_plan(&in, &r->request, err);
}

static int open_join(const struct spec_config *c, enum spec_namespace_kind kind, const char *key,
		     struct criu_request *q, int *ret, struct err *err)
{
	const struct spec_namespace *ns = ns_find(c, kind);

	if (!ns || !ns->path)
		return 0;
	*ret = open(ns->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*ret < 0)
		return err_sys(err, "open namespace `%s`", ns->path);
	return criu_add_fd(q, key, *ret) < 0 ? err_set(err, ENOMEM, "plan the restore") : 0;
}

/* Where the saved container had pipes to the outside, the restored one has our streams. */
static int open_images(void *ctx, struct err *err)
{
	struct restore *r = ctx;
	const struct spec_config *c = r->create.bundle.config;
	int e = criu_dirs_open(r->o->image_path, r->o->work_path, false, &r->dirs, err);

	if (e >= 0)
		e = descriptors_load(r->dirs.images_fd, &r->create.arena, r->streams, err);
	for (int i = 0; e >= 0 && i < DESCRIPTORS_LEN; i++)
		if (strncmp(r->streams[i], "pipe:", 5) == 0 && criu_add_fd(&r->request, r->streams[i], i) < 0)
			e = err_set(err, ENOMEM, "plan the restore");
	if (e >= 0)
		e = open_join(c, SPEC_NS_NETWORK, CRIU_KEY_NET, &r->request, &r->net_fd, err);
	if (e >= 0)
		e = open_join(c, SPEC_NS_PID, CRIU_KEY_PID, &r->request, &r->pid_fd, err);
	if (e >= 0 && c->hooks)
		e = hook_output_open(&r->create.bundle.annotations, &r->create.hook_output, err);
	r->request.images_fd = r->dirs.images_fd;
	r->request.work_fd = r->dirs.work_fd;
	return e;
}

static int open_console(void *ctx, struct err *err)
{
	struct restore *r = ctx;
	const struct spec_process *p = r->create.bundle.config->process;
	const char *path = r->o->create.console_socket;
	bool terminal = p && p->terminal.value;

	if (path && *path) {
		if (!terminal)
			return err_set(err, EINVAL, "use console socket `%s`: the process has no terminal", path);
		r->console_sock = unixsock_connect(path, SOCK_STREAM);
		return r->console_sock < 0 ? err_code(err, r->console_sock, "connect to console socket `%s`", path) : 0;
	}
	if (!terminal || r->foreground || r->request.flags & CRIU_SHELL_JOB)
		return 0;
	err_set(err, EINVAL, "cannot allocate tty if masu will detach without setting console socket");
	err_pointer(err, "/process/terminal");
	err_hint(err, "use --console-socket, or restore in the foreground");
	return -EINVAL;
}

static int cgroup_step(void *ctx, struct err *err)
{
	struct restore *r = ctx;
	int e = create_cgroup(ctx, err);

	/* systemd decides where its units are; and without rights there may be none after all. */
	if (e >= 0)
		r->request.cgroup_root = r->create.cgroup.path;
	if (e >= 0 && cgroup_is_disabled(&r->create.cgroup)) {
		r->request.cgroup_root = NULL;
		r->request.cgroups = CRIU_CGROUPS_IGNORE;
	}
	return e;
}

/* ---- what criu tells ---- */

static int run_host_hooks(struct restore *r, struct err *err)
{
	struct create *c = &r->create;
	const struct spec_hooks *h = c->bundle.config->hooks;
	AUTO(buf_done) struct buf doc = { 0 };
	int e;

	if (!h || (!h->prestart_len && !h->create_runtime_len))
		return 0;
	c->hooks_begun = true;
	e = journal_add(&c->journal, "hooks", "begun", err);
	if (e >= 0 && state_hook_document(&c->state, STATUS_CREATING, c->init.pid, &doc) < 0)
		e = err_set(err, ENOMEM, "write the state document for hooks");
	if (e >= 0)
		e = hooks_run_to(&c->hook_output, "prestart", h->prestart, h->prestart_len, c->bundle.path, doc.data,
				 doc.len, err);
	if (e >= 0)
		e = hooks_run_to(&c->hook_output, "createRuntime", h->create_runtime, h->create_runtime_len,
				 c->bundle.path, doc.data, doc.len, err);
	return e;
}

/* The first process is there, alone, in new namespaces; criu has moved it, unless it was told not to. */
static int take_init(struct restore *r, pid_t pid, struct err *err)
{
	struct create *c = &r->create;
	char line[64];
	int e = pidref_open(c->rt->proc_fd, pid, 0, &c->init);
	char letter;

	if (e >= 0)
		e = procfs_start_time(c->rt->proc_fd, pid, &c->init.start_time, &letter);
	if (e < 0)
		return err_code(err, e, "open the restored process %d", pid);
	snprintf(line, sizeof(line), "%d %llu", pid, (unsigned long long)c->init.start_time);
	e = journal_add(&c->journal, "init", line, err);
	if (e >= 0 && c->has_cgroup && r->request.cgroups == CRIU_CGROUPS_IGNORE)
		e = cgroup_place(&c->cgroup, pid, false, err);
	if (e >= 0)
		e = rdt_place(&c->rdt, pid, err);
	if (e >= 0)
		e = restore_loopback(r, err);
	return e < 0 ? e : run_host_hooks(r, err);
}

static int take_master(struct restore *r, int fd, struct err *err)
{
	autoclose int master = fd;
	int e;

	if (master < 0)
		return err_set(err, EPROTO, "take the terminal from criu: none came");
	if (r->console_sock >= 0) {
		e = unixsock_send_fd(r->console_sock, master, MASTER_NAME, sizeof(MASTER_NAME) - 1);
		return e < 0 ? err_code(err, e, "send the terminal to `%s`", r->o->create.console_socket) : 0;
	}
	if (r->foreground && r->master_fd < 0)
		r->master_fd = take_fd(&master);
	return 0;
}

/* Memory, files and mounts are there, credentials are not yet. A refusal makes criu end what it made. */
static int look_at_surroundings(struct restore *r, struct err *err)
{
	struct create *c = &r->create;
	const struct spec_linux_ *lnx = c->bundle.config->lnx;
	int e = 0;

	if (c->init.pid <= 0)
		return err_set(err, EPROTO, "look at the restored process: criu did not say which it is");
	/* Mode `full` brings the limits of the images. */
	if (c->has_cgroup && r->request.cgroups == CRIU_CGROUPS_FULL && lnx && lnx->resources)
		e = cgroup_update(&c->cgroup, lnx->resources, err);
	if (e >= 0 && c->has_cgroup)
		e = cgroup_check_pid(&c->cgroup, c->rt->proc_fd, c->init.pid, err);
	if (e >= 0 && c->has_cgroup)
		cgroup_settle(&c->cgroup);
	if (e >= 0)
		e = restore_sysctls(r, err);
	return e < 0 ? e : restore_verify_surroundings(r, err);
}

/* All is restored, nothing runs yet; criu traces every process and is past the point where it could take a refusal: killed now, they
 * would wait for criu, and criu for them. Frozen, they do nothing when it lets them go. */
static void look_at_rights(struct restore *r)
{
	struct create *c = &r->create;

	if (restore_verify_rights(r, &r->refused) >= 0)
		return;
	r->is_refused = true;
	if (!c->has_cgroup || cgroup_is_disabled(&c->cgroup) || cgroup_freeze(&c->cgroup, true, NULL) < 0)
		pidref_kill(&c->init, SIGSTOP);
}

static int on_notify(void *arg, const char *action, pid_t pid, int fd, struct err *err)
{
	struct restore *r = arg;

	if (strcmp(action, "orphan-pts-master") == 0)
		return take_master(r, fd, err);
	cleanup_close(&fd);
	if (strcmp(action, "setup-namespaces") == 0)
		return take_init(r, pid, err);
	if (strcmp(action, "post-restore") == 0)
		return look_at_surroundings(r, err);
	if (strcmp(action, "pre-resume") == 0)
		look_at_rights(r);
	return 0;
}

static void kill_restored(void *ctx)
{
	struct restore *r = ctx;
	struct pidref *init = &r->create.init;

	if (init->pid <= 0)
		return;
	pidref_kill(init, SIGKILL);
	if (r->is_refused && r->create.has_cgroup)
		cgroup_freeze(&r->create.cgroup, false, NULL);
	pidref_wait_exit(init, 10000);
	/* Ours only in the foreground. */
	waitpid(init->pid, NULL, WNOHANG);
}

static int run_criu(void *ctx, struct err *err)
{
	struct restore *r = ctx;
	struct criu_job job = {
		.request = &r->request,
		.log_path = r->dirs.log_path,
		.mask = r->create.mask,
		.adopt = r->foreground,
		.prepare = restore_prepare,
		.notify = on_notify,
		.arg = r,
	};
	struct criu_cgroup2 host = { 0 };
	const struct cgroup_facts *facts;
	struct err inner = { 0 };
	pid_t pid;
	int e = runtime_cgroup_facts(r->create.rt, &facts, err);

	if (e < 0)
		return e;
	criu_cgroup2_look(facts, r->create.rt->proc_fd, &host);
	e = criu_job_run(&job, &pid, err);
	if (criu_cgroup2_put_back(&host, r->create.rt->proc_fd, &inner) < 0)
		log_warn("restore: %s", inner.text);
	if (e >= 0 && pid != r->create.init.pid)
		e = err_set(err, EPROTO, "restore: criu made process %d and said %d", r->create.init.pid, pid);
	if (e >= 0 && r->is_refused) {
		e = -r->refused.code;
		if (err)
			*err = r->refused;
	}
	if (e < 0)
		kill_restored(r);
	return e;
}

static bool has_poststart(const void *ctx)
{
	return ((const struct restore *)ctx)->create.state.has_poststart;
}

static int run_poststart(void *ctx, struct err *err)
{
	struct create *c = ctx;
	const struct spec_hooks *h = c->bundle.config->hooks;
	AUTO(buf_done) struct buf doc = { 0 };

	if (state_hook_document(&c->state, STATUS_RUNNING, c->init.pid, &doc) < 0)
		return err_set(err, ENOMEM, "write the state document for hooks");
	return hooks_run_to(&c->hook_output, "poststart", h->poststart, h->poststart_len, c->bundle.path, doc.data,
			    doc.len, err);
}

static const struct step steps[] = {
	/* name              act               undo                when */
	{ "load", load, NULL, NULL },
	{ "plan", plan, NULL, NULL },
	{ "claim id", create_claim, create_unclaim, NULL },
	{ "snapshot", create_snapshot, NULL, NULL },
	{ "notify directory", create_notify_dir, NULL, create_wants_notify },
	{ "open images", open_images, NULL, NULL },
	{ "console", open_console, NULL, NULL },
	{ "cgroup", cgroup_step, create_destroy_cgroup, create_wants_cgroup },
	{ "class of service", create_rdt, create_undo_rdt, create_wants_rdt },
	{ "processes", run_criu, kill_restored, NULL },
	{ "save state", create_save_state, create_unsave_state, NULL },
	{ "publish", create_publish, create_unpublish, NULL },
	{ "poststart hooks", run_poststart, NULL, has_poststart },
};

static void restore_free(struct restore **p)
{
	struct restore *r = *p;

	if (!r)
		return;
	cleanup_close(&r->net_fd);
	cleanup_close(&r->pid_fd);
	cleanup_close(&r->console_sock);
	cleanup_close(&r->master_fd);
	criu_request_done(&r->request);
	criu_dirs_done(&r->dirs);
	create_done(&r->create);
	free(r);
	*p = NULL;
}

static int restore_run(struct restore *r, struct err *err)
{
	static const struct story story = { "restore", steps, ARRAY_SIZE(steps) };
	int e = story_run(&story, r, err);

	if (e < 0)
		create_poststop(&r->create);
	return e;
}

static int stay(struct masu_runtime *rt, struct restore *r, struct supervise *s, struct err *err)
{
	struct create *c = &r->create;
	autoclose int dir_fd = -EBADF;
	struct err inner = { 0 };
	int code = 0, e;

	s->pid = c->init.pid;
	s->pidfd = c->init.pidfd;
	s->master_fd = r->master_fd;
	flock(c->dir_fd, LOCK_UN);
	e = supervise_wait(s, &code, err);
	if (r->o->create.flags & MASU_RUN_KEEP)
		return e < 0 ? e : code;
	if (dir_open_locked(rt, c->id, 10000, &dir_fd, NULL) >= 0 && delete_destroy(rt, dir_fd, &c->state, &inner) < 0)
		log_warn("delete container `%s`: %s", c->id, inner.text);
	return e < 0 ? e : code;
}

static struct restore *restore_new(struct masu_runtime *rt, const char *id, const struct masu_restore_options *o)
{
	struct restore *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	create_set_up(&r->create, rt, id, &o->create);
	r->o = o;
	r->request = (struct criu_request)CRIU_REQUEST_INIT;
	r->dirs = (struct criu_dirs)CRIU_DIRS_INIT;
	r->net_fd = r->pid_fd = r->console_sock = r->master_fd = -EBADF;
	return r;
}

int masu_restore(struct masu_runtime *rt, const char *id, const struct masu_restore_options *o,
		 struct masu_error *error)
{
	AUTO(restore_free) struct restore *r = restore_new(rt, id, o);
	AUTO(supervise_cancel) struct supervise s = SUPERVISE_INIT;
	bool detach = o->create.flags & MASU_RUN_DETACH;
	struct err err = { 0 };
	int e = r ? runtime_proc(rt, &err) : -ENOMEM;

	if (e >= 0 && !detach) {
		r->foreground = &s;
		s.subreaper = !(o->create.flags & MASU_RUN_NO_SUBREAPER);
		e = supervise_prepare(&s, &err);
		r->create.mask = supervise_original_mask(&s);
	}
	if (e >= 0)
		e = restore_run(r, &err);
	if (e >= 0)
		e = detach ? 0 : stay(rt, r, &s, &err);
	return api_return(e, &err, error);
}
