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
#include "base/pidref.h"
#include "base/procfs.h"
#include "base/story.h"
#include "container/api.h"
#include "container/checkpoint/checkpoint_plan.h"
#include "container/checkpoint/criu.h"
#include "container/checkpoint/criu_dirs.h"
#include "container/checkpoint/criu_job.h"
#include "container/checkpoint/criu_look.h"
#include "container/delete.h"
#include "container/descriptors.h"
#include "container/dir.h"
#include "container/notify.h"
#include "container/snapshot.h"
#include "container/target.h"
#include "kernel/cgroup/cgroup.h"
#include "kernel/ns/open.h"
#include "kernel/ns/plan.h"

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
	struct cgroup cg; /* disabled: it has none */
	struct pidref init;
	bool was_paused;
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
	r = target_load(c->rt, c->id, "checkpoint", true, &c->dir_fd, &c->arena, &c->state, err);
	if (r < 0)
		return r;
	r = state_status(c->rt, c->dir_fd, &c->state, &status, err);
	if (r < 0)
		return r;
	c->was_paused = status == STATUS_PAUSED;
	if (status != STATUS_RUNNING && status != STATUS_PAUSED)
		return err_set(err, EINVAL, "checkpoint container `%s`: it is %s", c->id, status_name(status));
	return snapshot_load_annotated(c->dir_fd, c->state.allowed, &c->snap, err);
}

/* A copy of our own: criu and whatever it starts must not hold it open, and the caller's stays as it is. */
static int copy_status_fd(struct checkpoint *c, struct err *err)
{
	int flags;

	if (c->o->status_fd <= 0)
		return 0;
	flags = fcntl(c->o->status_fd, F_GETFL);
	if (flags < 0)
		return err_sys(err, "use status fd %d", c->o->status_fd);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return err_set(err, EBADF, "use status fd %d: it cannot be written to", c->o->status_fd);
	c->status_fd = fd_dup_above(c->o->status_fd, 3);
	return c->status_fd < 0 ? err_code(err, c->status_fd, "use status fd %d", c->o->status_fd) : 0;
}

/* The manager that made the cgroup: what form its path has in the document depends on it. */
static int manager_of(const struct cgroup *cg)
{
	if (cgroup_is_disabled(cg))
		return MASU_CGROUP_DISABLED;
	return cg->driver == &cgroup_driver_systemd ? MASU_CGROUP_SYSTEMD : MASU_CGROUP_CGROUPFS;
}

static bool has_notify_dir(const struct checkpoint *c)
{
	return faccessat(c->dir_fd, DIR_NOTIFY, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
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

	rt.cgroup_manager = manager_of(&c->cg);
	if ((size_t)snprintf(b.path, sizeof(b.path), "%s", c->state.bundle) >= sizeof(b.path))
		return err_code(err, -ENAMETOOLONG, "use bundle `%s`", c->state.bundle);
	if (has_notify_dir(c))
		o.notify_socket = DIR_NOTIFY;
	return plan_build(&in, &c->plan, err);
}

/* The number of the namespace of that kind, 0 when it is one of the container's own. */
static int find_joined(const struct checkpoint *c, enum spec_namespace_kind kind, const char *name, uint64_t *ret,
		       struct err *err)
{
	const struct spec_namespace *ns = spec_find_namespace(c->snap.config->lnx, kind);
	struct stat st;
	int r;

	if (!ns || !ns->path)
		return 0;
	r = procfs_stat_ns(c->rt->proc_fd, c->state.pid, name, &st);
	if (r < 0)
		return err_code(err, r, "look at the %s namespace of container `%s`", name, c->id);
	*ret = st.st_ino;
	return 0;
}

/* The cgroup, and the directory through which criu stops the processes: below the freezer on v1. */
static int open_cgroup(struct checkpoint *c, struct err *err)
{
	const struct cgroup_facts *facts;
	int i, r = runtime_cgroup_facts(c->rt, &facts, err);

	if (r >= 0)
		r = cgroup_open(facts, c->state.cgroup, &c->cg, err);
	if (r < 0)
		return r;
	i = cgroup_facts_find(facts, "freezer");
	if (i >= 0 && !cgroup_is_disabled(&c->cg) &&
	    (size_t)snprintf(c->freeze, sizeof(c->freeze), "%s%s", facts->hierarchies[i].mount, c->cg.path) >=
		    sizeof(c->freeze))
		return err_code(err, -ENAMETOOLONG, "find the freezer of container `%s`", c->id);
	return 0;
}

static int open_init(struct checkpoint *c, struct err *err)
{
	int r = pidref_open(c->rt->proc_fd, c->state.pid, c->state.start_time, &c->init);

	if (r >= 0)
		r = c->root_fd = pidref_open_root(c->rt->proc_fd, &c->init);
	return r < 0 ? err_code(err, r, "open the root of container `%s`", c->id) : 0;
}

static int plan(void *ctx, struct err *err)
{
	struct checkpoint *c = ctx;
	struct flat flat;
	struct criu_look look = { .proc_fd = c->rt->proc_fd, .prefix = "" };
	struct checkpoint_inputs in = {
		.options = c->o,
		.rootfs = c->state.rootfs,
		.criu_config = criu_dirs_config(c->snap.annotations.criu_config),
		.has_listener = c->state.has_listener,
		.pid = c->state.pid,
	};
	int r = copy_status_fd(c, err);

	if (r >= 0 && c->state.cgroup)
		r = open_cgroup(c, err);
	if (r >= 0)
		r = plan_again(c, err);
	if (r >= 0)
		r = open_init(c, err);
	if (r >= 0)
		r = find_joined(c, SPEC_NS_NETWORK, "net", &in.joined.net, err);
	if (r >= 0)
		r = find_joined(c, SPEC_NS_PID, "pid", &in.joined.pid, err);
	if (r < 0)
		return r;
	look.root_fd = c->root_fd;
	flat = (struct flat){ .base = c->plan.flat.data, .len = c->plan.flat.len };
	in.mounts = (struct criu_mounts){
		.config = c->snap.config,
		.flat = &flat,
		.mounts = &c->plan.plan.mount,
		.devices = &c->plan.plan.dev,
		.look = criu_look,
		.arg = &look,
	};
	in.has_cgroup = !cgroup_is_disabled(&c->cg);
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
	int r = notify_mark(c->dirs.images_fd, has_notify_dir(c), err);

	return r < 0 ? r : descriptors_save(c->dirs.images_fd, c->state.descriptors, err);
}

/* Not finished, it must not look as if it were. */
static void remove_descriptors(void *ctx)
{
	struct checkpoint *c = ctx;

	unlinkat(c->dirs.images_fd, DESCRIPTORS_FILE, 0);
	notify_mark(c->dirs.images_fd, false, NULL);
}

static bool dumps_all(const void *ctx)
{
	return ((const struct checkpoint *)ctx)->request.kind == CRIU_DUMP;
}

static int on_notify(void *arg, const char *action, pid_t pid, int fd, struct err *err)
{
	struct checkpoint *c = arg;
	ssize_t n;

	(void)pid;
	(void)err;
	cleanup_close(&fd);
	if (c->status_fd < 0 || strncmp(action, "status-ready", 12) != 0)
		return 0;
	while ((n = write(c->status_fd, "", 1)) < 0 && errno == EINTR)
		;
	if (n < 0)
		log_warn("write to status fd %d: %s", c->o->status_fd, strerror(errno));
	cleanup_close(&c->status_fd);
	return 0;
}

/* criu stops the processes through the freezer; when it dies on its way, it leaves them there. */
static void thaw(struct checkpoint *c)
{
	struct err inner = { 0 };

	if (!c->was_paused && !cgroup_is_disabled(&c->cg) && cgroup_is_frozen(&c->cg, NULL) == 1 &&
	    cgroup_freeze(&c->cg, false, &inner) < 0)
		log_warn("undo: %s", inner.text);
}

static int run_criu(void *ctx, struct err *err)
{
	struct checkpoint *c = ctx;
	struct criu_job job = { .request = &c->request, .log_path = c->dirs.log_path, .notify = on_notify, .arg = c };
	pid_t none;
	int r;

	/* criu goes by the number alone. */
	if (!pidref_alive(&c->init))
		return err_set(err, ESRCH, "checkpoint container `%s`: it has ended", c->id);
	r = criu_job_run(&job, &none, err);
	if (r < 0)
		thaw(c);
	return r;
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
	cgroup_done(&c->cg);
	pidref_done(&c->init);
	cleanup_close(&c->root_fd);
	cleanup_close(&c->status_fd);
	cleanup_close(&c->dir_fd);
}

int masu_checkpoint(struct masu_runtime *rt, const char *id, const struct masu_checkpoint_options *o,
		    struct masu_error *error)
{
	static const struct story story = { "checkpoint", steps, ARRAY_SIZE(steps) };
	struct masu_checkpoint_options copy;
	AUTO(checkpoint_done)
	struct checkpoint c = { .rt = rt,
				.id = id,
				.o = &copy,
				.request = CRIU_REQUEST_INIT,
				.dirs = CRIU_DIRS_INIT,
				.cg = CGROUP_INIT,
				.init = PIDREF_INIT,
				.dir_fd = -EBADF,
				.root_fd = -EBADF,
				.status_fd = -EBADF };
	struct err err = { 0 };
	int r = api_options(&copy, sizeof(copy), o, &err);

	if (r >= 0)
		r = runtime_proc(rt, &err);
	r = r < 0 ? r : story_run(&story, &c, &err);
	return api_return(r < 0 ? r : 0, &err, error);
}

int masu_has_criu(void)
{
	return criu_is_built_in();
}
