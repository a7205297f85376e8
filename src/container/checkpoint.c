/* SPDX-License-Identifier: Apache-2.0 */
/* How a container is saved: the table below is the story. criu does the work; here is what it is told and what becomes of the
 * container afterwards. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/story.h"
#include "container/api.h"
#include "container/checkpoint_plan.h"
#include "container/criu.h"
#include "container/criu_dirs.h"
#include "container/criu_job.h"
#include "container/criu_look.h"
#include "container/delete.h"
#include "container/descriptors.h"
#include "container/dir.h"
#include "container/snapshot.h"
#include "kernel/cgroup/cgroup.h"
#include "kernel/ns/open.h"

#define LOCK_TIMEOUT_MS 10000

struct checkpoint {
	struct masu_runtime *rt;
	const char *id;
	const struct masu_checkpoint_options *o;
	struct arena arena;
	struct state state;
	struct snapshot snap;
	struct create_plan plan;
	struct criu_request request;
	struct criu_dirs dirs;
	int dir_fd, root_fd, status_fd;
	char freeze[4096];
};

static int load(void *ctx, struct err *err)
{
	struct checkpoint *c = ctx;
	enum status status;
	int r;

	if (!criu_is_built_in())
		return err_set(err, EOPNOTSUPP, "checkpoint container `%s`: this masu was built without criu", c->id);
	if (geteuid() != 0)
		return err_set(err, EPERM, "checkpoint container `%s`: criu needs the rights of root", c->id);
	r = dir_open_locked(c->rt, c->id, LOCK_TIMEOUT_MS, &c->dir_fd, err);
	if (r >= 0)
		r = state_load(c->dir_fd, c->id, &c->arena, &c->state, err);
	if (r == -ENOENT && err && !err->code)
		r = err_set(err, EBUSY, "checkpoint container `%s`: it is not created yet", c->id);
	if (r < 0)
		return r;
	status = state_status(c->rt, c->dir_fd, &c->state);
	if (status != STATUS_RUNNING && status != STATUS_PAUSED)
		return err_set(err, EINVAL, "checkpoint container `%s`: it is %s", c->id, status_name(status));
	return snapshot_load_annotated(c->dir_fd, c->state.allowed, &c->snap, err);
}

/* The status descriptor is ours alone: criu and whatever it starts must not hold it open. */
static int check_status_fd(struct checkpoint *c, struct err *err)
{
	int flags;

	if (c->o->status_fd <= 0)
		return 0;
	flags = fcntl(c->o->status_fd, F_GETFL);
	if (flags < 0)
		return err_sys(err, "use status fd %d", c->o->status_fd);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return err_set(err, EBADF, "use status fd %d: it cannot be written to", c->o->status_fd);
	c->status_fd = c->o->status_fd;
	fd_set_cloexec(c->status_fd, true);
	return 0;
}

/* The manager that made the cgroup: what form its path has in the document depends on it. */
static int manager_of(const struct state *s)
{
	if (!s->cgroup || strncmp(s->cgroup, "disabled", 8) == 0)
		return MASU_CGROUP_DISABLED;
	return strncmp(s->cgroup, "systemd ", 8) == 0 ? MASU_CGROUP_SYSTEMD : MASU_CGROUP_CGROUPFS;
}

/* The mount plan of the create, made again from the same document. */
static int plan_again(struct checkpoint *c, struct err *err)
{
	struct bundle b = { .config = c->snap.config, .annotations = c->snap.annotations };
	struct masu_create_options o = { .size = sizeof(o) };
	struct masu_runtime rt = *c->rt;
	struct plan_inputs in = {
		.rt = &rt,
		.bundle = &b,
		.id = c->id,
		.options = &o,
		.seccomp_cache_fd = -EBADF,
		.created = c->state.created,
		.host_kinds = ns_host_kinds(c->snap.config),
	};

	rt.cgroup_manager = manager_of(&c->state);
	snprintf(b.path, sizeof(b.path), "%s", c->state.bundle);
	if (faccessat(c->dir_fd, DIR_NOTIFY, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		o.notify_socket = DIR_NOTIFY;
	return plan_build(&in, &c->plan, err);
}

static uint64_t joined(const struct checkpoint *c, enum spec_namespace_kind kind, const char *name)
{
	const struct spec_config *config = c->snap.config;
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "%d/ns/%s", c->state.pid, name);
	for (size_t i = 0; config->lnx && i < config->lnx->namespaces_len; i++)
		if (config->lnx->namespaces[i].type.value == (int64_t)kind && config->lnx->namespaces[i].path &&
		    fstatat(c->rt->proc_fd, path, &st, 0) == 0)
			return st.st_ino;
	return 0;
}

/* The directory through which criu stops the processes: below the freezer on v1. */
static int find_freezer(struct checkpoint *c, struct err *err)
{
	const struct cgroup_facts *facts;
	struct cgroup cg = CGROUP_INIT;
	int i, r = runtime_cgroup_facts(c->rt, &facts, err);

	if (r >= 0)
		r = cgroup_open(facts, c->state.cgroup, &cg, err);
	if (r < 0)
		return r;
	i = cgroup_facts_find(facts, "freezer");
	if (i >= 0 && !cgroup_is_disabled(&cg))
		snprintf(c->freeze, sizeof(c->freeze), "%s%s", facts->hierarchies[i].mount, cg.path);
	cgroup_done(&cg);
	return 0;
}

static int plan(void *ctx, struct err *err)
{
	struct checkpoint *c = ctx;
	struct flat flat;
	struct criu_look look = { .prefix = "" };
	struct checkpoint_inputs in = {
		.options = c->o,
		.joined = { joined(c, SPEC_NS_NETWORK, "net"), joined(c, SPEC_NS_PID, "pid") },
		.rootfs = c->state.rootfs,
		.criu_config = c->snap.annotations.criu_config,
		.has_listener = c->state.has_listener,
		.pid = c->state.pid,
	};
	char path[64];
	int r = check_status_fd(c, err);

	if (r >= 0 && c->state.cgroup)
		r = find_freezer(c, err);
	if (r >= 0)
		r = plan_again(c, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%d/root", c->state.pid);
	look.root_fd = c->root_fd = openat(c->rt->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->root_fd < 0)
		return err_sys(err, "open the root of container `%s`", c->id);
	flat = (struct flat){ .base = c->plan.flat.data, .len = c->plan.flat.len };
	in.mounts = (struct criu_mounts){
		.config = c->snap.config,
		.flat = &flat,
		.mounts = &c->plan.plan.mount,
		.devices = &c->plan.plan.dev,
		.look = criu_look,
		.arg = &look,
	};
	in.has_cgroup = c->freeze[0];
	in.freeze_cgroup = c->freeze[0] ? c->freeze : NULL;
	return checkpoint_plan(&in, &c->request, err);
}

static int open_dirs(void *ctx, struct err *err)
{
	struct checkpoint *c = ctx;
	struct stat st;
	int r = criu_dirs_open(c->o->image_path, c->o->work_path, true, &c->dirs, err);

	if (r < 0)
		return r;
	c->request.images_fd = c->dirs.images_fd;
	c->request.work_fd = c->dirs.work_fd;
	if (!c->request.parent)
		return 0;
	/* criu itself takes a parent that is not there for none, and writes everything. */
	if (fstatat(c->dirs.images_fd, c->request.parent, &st, 0) < 0)
		return err_sys(err, "use parent `%s` of `%s`", c->request.parent, c->dirs.image_path);
	return S_ISDIR(st.st_mode) ? 0
				   : err_set(err, ENOTDIR, "use parent `%s` of `%s`: it is not a directory",
					     c->request.parent, c->dirs.image_path);
}

static int save_descriptors(void *ctx, struct err *err)
{
	struct checkpoint *c = ctx;

	return descriptors_save(c->dirs.images_fd, c->state.descriptors, err);
}

/* Not finished, it must not look as if it were. */
static void remove_descriptors(void *ctx)
{
	struct checkpoint *c = ctx;

	unlinkat(c->dirs.images_fd, DESCRIPTORS_FILE, 0);
}

static bool dumps_all(const void *ctx)
{
	return ((const struct checkpoint *)ctx)->request.kind == CRIU_DUMP;
}

static int on_notify(void *arg, const char *action, pid_t pid, int fd, struct err *err)
{
	struct checkpoint *c = arg;

	(void)pid;
	(void)err;
	cleanup_close(&fd);
	if (c->status_fd < 0 || strncmp(action, "status-ready", 12) != 0)
		return 0;
	if (write(c->status_fd, "", 1) != 1)
		log_warn("write to status fd %d: %s", c->status_fd, strerror(errno));
	cleanup_close(&c->status_fd);
	return 0;
}

static int run_criu(void *ctx, struct err *err)
{
	struct checkpoint *c = ctx;
	struct criu_job job = { .request = &c->request, .log_path = c->dirs.log_path, .notify = on_notify, .arg = c };
	pid_t none;

	return criu_job_run(&job, &none, err);
}

static bool ends(const void *ctx)
{
	const struct checkpoint *c = ctx;

	return c->request.kind == CRIU_DUMP && !(c->request.flags & CRIU_LEAVE_RUNNING);
}

/* The images are complete and its processes are gone: what cannot be removed is no failure of the checkpoint. */
static int destroy(void *ctx, struct err *err)
{
	struct checkpoint *c = ctx;
	struct err inner = { 0 };

	(void)err;
	if (delete_destroy(c->rt, c->dir_fd, &c->state, &inner) < 0)
		log_warn("delete container `%s`: %s", c->id, inner.text);
	return 0;
}

static const struct step steps[] = {
	/* name              act               undo                when */
	{ "load", load, NULL, NULL },
	{ "plan", plan, NULL, NULL },
	{ "open images", open_dirs, NULL, NULL },
	{ "descriptors", save_descriptors, remove_descriptors, dumps_all },
	{ "save processes", run_criu, NULL, NULL },
	{ "delete container", destroy, NULL, ends },
};

static void checkpoint_done(struct checkpoint *c)
{
	create_plan_done(&c->plan);
	criu_request_done(&c->request);
	criu_dirs_done(&c->dirs);
	snapshot_done(&c->snap);
	arena_done(&c->arena);
	cleanup_close(&c->root_fd);
	cleanup_close(&c->status_fd);
	cleanup_close(&c->dir_fd);
}

int masu_checkpoint(struct masu_runtime *rt, const char *id, const struct masu_checkpoint_options *o,
		    struct masu_error *error)
{
	static const struct story story = { "checkpoint", steps, ARRAY_SIZE(steps) };
	AUTO(checkpoint_done)
	struct checkpoint c = { .rt = rt,
				.id = id,
				.o = o,
				.request = CRIU_REQUEST_INIT,
				.dirs = CRIU_DIRS_INIT,
				.dir_fd = -EBADF,
				.root_fd = -EBADF,
				.status_fd = -EBADF };
	struct err err = { 0 };
	int r = runtime_proc(rt, &err);

	r = r < 0 ? r : story_run(&story, &c, &err);
	return api_return(r < 0 ? r : 0, &err, error);
}

int masu_has_criu(void)
{
	return criu_is_built_in();
}
