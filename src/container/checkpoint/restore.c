/* SPDX-License-Identifier: Apache-2.0 */
/* How a container comes back from images: the table below is the story. It is that of a create up to the cgroup; then criu makes the
 * processes, and before they go on they are looked at. */

#include "container/checkpoint/restore.h"

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
#include "base/story.h"
#include "base/sys.h"
#include "base/unixsock.h"
#include "container/api.h"
#include "container/checkpoint/checkpoint_plan.h"
#include "container/checkpoint/criu.h"
#include "container/checkpoint/criu_cgroup2.h"
#include "container/checkpoint/criu_job.h"
#include "container/console.h"
#include "container/delete.h"
#include "container/dir.h"
#include "container/hooks.h"
#include "container/notify.h"
#include "kernel/ns/open.h"

/* What a create can be told and a restore cannot do. */
static int check_options(const struct restore *r, struct err *err)
{
	const struct masu_create_options *o = &r->options;

	if (o->preserve_fds || o->listen_fds)
		return err_set(
			err, EOPNOTSUPP,
			"hand on descriptors (preserve-fds, LISTEN_FDS): a restored process has those of its images");
	if (o->notify_socket)
		return err_set(err, EOPNOTSUPP, "use notify socket `%s`: whether there is one is up to the images",
			       o->notify_socket);
	return 0;
}

static int load(void *ctx, struct err *err)
{
	struct restore *r = ctx;
	int e;

	if (!criu_is_built_in())
		return err_set(err, EOPNOTSUPP, "restore container `%s`: this masu was built without criu",
			       r->create.id);
	if (geteuid() != 0)
		return err_set(err, EPERM, "restore container `%s`: criu needs the rights of root", r->create.id);
	e = check_options(r, err);
	return e < 0 ? e : create_load(ctx, err);
}

/* Where the saved container had pipes to the outside, the restored one has our streams; and where it had the mount of the notify
 * socket, the plan has it again. */
static int open_images(void *ctx, struct err *err)
{
	struct restore *r = ctx;
	int e = criu_dirs_open(r->o->image_path, r->o->work_path, false, &r->dirs, err);

	if (e >= 0)
		e = descriptors_load(r->dirs.images_fd, &r->create.arena, r->streams, err);
	for (int i = 0; e >= 0 && i < DESCRIPTORS_LEN; i++)
		if (strncmp(r->streams[i], "pipe:", 5) == 0 && criu_add_fd(&r->request, r->streams[i], i) < 0)
			e = err_set(err, ENOMEM, "plan the restore");
	if (e >= 0)
		e = notify_is_marked(r->dirs.images_fd, err);
	if (e > 0)
		r->options.notify_socket = NOTIFY_SOCKET_INSIDE;
	r->request.images_fd = r->dirs.images_fd;
	r->request.work_fd = r->dirs.work_fd;
	return e < 0 ? e : 0;
}

static int plan(void *ctx, struct err *err)
{
	struct restore *r = ctx;
	struct restore_inputs in = { .options = r->o,
				     .config = r->create.bundle.config,
				     .rootfs = r->create.rootfs,
				     .criu_config = criu_dirs_config(r->create.bundle.annotations.criu_config) };
	int e = create_plan(ctx, err);

	if (e < 0)
		return e;
	in.cgroup_path = create_wants_cgroup(ctx) ? r->create.plan.cgroup_path : NULL;
	if (r->options.flags & MASU_CREATE_NO_PIVOT)
		log_warn("restore: no-pivot has no effect: criu changes the root by pivot_root");
	return restore_plan(&in, &r->request, err);
}

/* Two kinds criu takes as descriptors, the others by a path: by one to our descriptor, so that what was verified is what is joined. */
static int add_join(struct criu_request *q, const struct ns_join *j)
{
	char path[64];

	if (j->clone_flag == SYS_CLONE_NEWNET)
		return criu_add_fd(q, CRIU_KEY_NET, j->fd);
	if (j->clone_flag == SYS_CLONE_NEWPID)
		return criu_add_fd(q, CRIU_KEY_PID, j->fd);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), j->fd);
	return criu_add_join(q, ns_flag_name(j->clone_flag), path);
}

static int open_files(void *ctx, struct err *err)
{
	struct restore *r = ctx;
	const struct spec_config *c = r->create.bundle.config;
	struct ns_plan *ns = &r->create.plan.plan.ns;
	int e = ns_open_joins(c, ns, r->create.host_kinds, err);

	for (uint32_t i = 0; e >= 0 && i < ns->joins_len; i++)
		if (add_join(&r->request, &ns->joins[i]) < 0)
			e = err_set(err, ENOMEM, "plan the restore");
	if (e >= 0 && c->hooks)
		e = hook_output_open(&r->create.bundle.annotations, &r->create.hook_output, err);
	return e;
}

/* A job of a shell has the terminal of its images, which is that of the shell. */
static int check_console(void *ctx, struct err *err)
{
	struct restore *r = ctx;

	return console_check(&r->create.plan.plan.process.terminal, r->options.console_socket,
			     r->foreground || r->request.flags & CRIU_SHELL_JOB, err);
}

static int open_console(void *ctx, struct err *err)
{
	struct restore *r = ctx;
	const char *path = r->options.console_socket;

	return path && *path ? console_connect(path, &r->console_sock, err) : 0;
}

static int cgroup_step(void *ctx, struct err *err)
{
	struct restore *r = ctx;
	int e = create_cgroup(ctx, err);

	/* systemd decides where its units are; and without rights there may be none after all. */
	if (e >= 0 && !cgroup_is_disabled(&r->create.cgroup)) {
		r->request.cgroup_root = r->create.cgroup.path;
	} else if (e >= 0) {
		r->request.cgroup_root = NULL;
		e = checkpoint_cgroups_mode(r->o->cgroups_mode, false, &r->request.cgroups, err);
	}
	return e;
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
		.notify = restore_told,
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
		restore_kill(r);
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
	struct hook_subject s = { &c->state, STATUS_RUNNING, c->init.pid, &c->hook_output };

	return hooks_run(&s, "poststart", h->poststart, h->poststart_len, err);
}

static const struct step steps[] = {
	/* name              act               undo                when */
	{ "load", load, NULL, NULL },
	{ "open images", open_images, NULL, NULL },
	{ "plan", plan, NULL, NULL },
	{ "check console", check_console, NULL, NULL },
	{ "claim id", create_claim, create_unclaim, NULL },
	{ "snapshot", create_snapshot, NULL, NULL },
	{ "notify directory", create_notify_dir, NULL, create_wants_notify },
	{ "open files", open_files, NULL, NULL },
	{ "console", open_console, NULL, NULL },
	{ "cgroup", cgroup_step, create_destroy_cgroup, create_wants_cgroup },
	{ "class of service", create_rdt, create_undo_rdt, create_wants_rdt },
	{ "processes", run_criu, restore_kill, NULL },
	{ "save state", create_save_state, create_unsave_state, NULL },
	{ "publish", create_publish, create_unpublish, NULL },
	{ "poststart hooks", run_poststart, NULL, has_poststart },
};

static void restore_free(struct restore **p)
{
	struct restore *r = *p;

	if (!r)
		return;
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
		create_failed(&r->create, err);
	return e;
}

static int stay(struct masu_runtime *rt, struct restore *r, struct supervise *s, struct err *err)
{
	struct create *c = &r->create;
	int code = 0, e;

	s->pid = c->init.pid;
	s->pidfd = c->init.pidfd;
	s->master_fd = r->master_fd;
	flock(c->dir_fd, LOCK_UN);
	e = supervise_wait(s, &code, err);
	if (r->options.flags & MASU_RUN_KEEP)
		return e < 0 ? e : code;
	delete_own(rt, c->dir_fd, &c->state, false);
	return e < 0 ? e : code;
}

static struct restore *restore_new(struct masu_runtime *rt, const char *id, const struct masu_restore_options *o,
				   const struct masu_create_options *create)
{
	struct restore *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	create_set_up(&r->create, rt, id, &r->options);
	r->o = o;
	r->options = *create;
	r->request = (struct criu_request)CRIU_REQUEST_INIT;
	r->dirs = (struct criu_dirs)CRIU_DIRS_INIT;
	r->console_sock = r->master_fd = -EBADF;
	return r;
}

static int check_flags(const struct masu_create_options *o, struct err *err)
{
	return api_flags(o->flags,
			 MASU_RUN_DETACH | MASU_RUN_KEEP | MASU_RUN_NO_SUBREAPER | MASU_CREATE_NO_PIVOT |
				 MASU_CREATE_NO_NEW_KEYRING,
			 err);
}

static int run(struct masu_runtime *rt, const char *id, const struct masu_restore_options *o,
	       const struct masu_create_options *create, struct err *err)
{
	AUTO(restore_free) struct restore *r = restore_new(rt, id, o, create);
	AUTO(supervise_cancel) struct supervise s = SUPERVISE_INIT;
	bool detach = create->flags & MASU_RUN_DETACH;
	int e = r ? runtime_proc(rt, err) : err_set(err, ENOMEM, "restore container `%s`", id);

	if (e >= 0 && !detach) {
		r->foreground = &s;
		s.subreaper = !(create->flags & MASU_RUN_NO_SUBREAPER);
		e = supervise_prepare(&s, err);
		r->create.mask = supervise_original_mask(&s);
	}
	if (e >= 0)
		e = restore_run(r, err);
	if (e >= 0)
		e = detach ? 0 : stay(rt, r, &s, err);
	return e;
}

int masu_restore(struct masu_runtime *rt, const char *id, const struct masu_restore_options *o,
		 struct masu_error *error)
{
	struct masu_restore_options copy;
	struct masu_create_options create;
	struct err err = { 0 };
	int e = api_options(&copy, sizeof(copy), o, &err);

	if (e >= 0)
		e = api_options(&create, sizeof(create), copy.create, &err);
	if (e >= 0)
		e = check_flags(&create, &err);
	if (e >= 0)
		e = run(rt, id, &copy, &create, &err);
	return api_return(e, &err, error);
}
