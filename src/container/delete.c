/* SPDX-License-Identifier: Apache-2.0 */
/* delete: honest about what it could not remove. The table below is the story. Its order is the specification's: everything of the
 * container first, its directory last, then the poststop hooks. */

#include "container/delete.h"

#include <errno.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/pidref.h"
#include "base/story.h"
#include "container/api.h"
#include "container/dir.h"
#include "container/hooks.h"
#include "container/journal.h"
#include "container/snapshot.h"
#include "kernel/cgroup/cgroup.h"
#include "kernel/rdt/rdt.h"

#define LOCK_TIMEOUT_MS 10000
#define KILL_TIMEOUT_MS 10000

/* What is known of the container, from state.json or from the journal of a create that died. */
struct delete
{
	struct masu_runtime *rt;
	int dir_fd;
	struct state state;
	bool hooks; /* the poststop hooks are to be run */
	struct snapshot snap;
};

static int load_document(void *ctx, struct err *err)
{
	struct delete *d = ctx;
	struct err inner = { 0 };

	(void)err;
	/* Without the document there are no hooks to run, but everything else can still be removed. */
	if (snapshot_load_annotated(d->dir_fd, d->state.allowed, &d->snap, &inner) < 0)
		log_warn("delete container `%s`: poststop hooks are not known: %s", d->state.id, inner.text);
	return 0;
}

static bool has_hooks(const void *ctx)
{
	return ((const struct delete *)ctx)->hooks;
}

static int open_cgroup(struct delete *d, struct cgroup *ret, struct err *err)
{
	const struct cgroup_facts *facts;
	int r = runtime_cgroup_facts(d->rt, &facts, err);

	return r < 0 ? r : cgroup_open(facts, d->state.cgroup, ret, err);
}

/* A frozen process takes no signal, not even SIGKILL on cgroup v1. */
static int thaw(void *ctx, struct err *err)
{
	struct delete *d = ctx;
	struct cgroup cg = CGROUP_INIT;

	(void)err;
	if (open_cgroup(d, &cg, NULL) < 0)
		return 0;
	if (cgroup_is_frozen(&cg, NULL) > 0) {
		cgroup_kill(&cg, SIGKILL, NULL);
		cgroup_freeze(&cg, false, NULL);
	}
	cgroup_done(&cg);
	return 0;
}

static bool has_cgroup(const void *ctx)
{
	return ((const struct delete *)ctx)->state.cgroup;
}

static int kill_init(void *ctx, struct err *err)
{
	struct delete *d = ctx;
	AUTO(pidref_done) struct pidref p = PIDREF_INIT;
	int r = pidref_open(d->rt->proc_fd, d->state.pid, d->state.start_time, &p);

	if (r == -ESRCH)
		return 0;
	if (r >= 0)
		r = pidref_kill(&p, SIGKILL);
	if (r < 0 && r != -ESRCH)
		return err_code(err, r, "kill process %d", d->state.pid);
	r = pidref_wait_exit(&p, KILL_TIMEOUT_MS);
	return r < 0 ? err_code(err, r, "wait for the end of process %d", d->state.pid) : 0;
}

static bool has_init(const void *ctx)
{
	return ((const struct delete *)ctx)->state.pid > 0;
}

static int destroy_cgroup(void *ctx, struct err *err)
{
	struct cgroup cg = CGROUP_INIT;
	int r = open_cgroup(ctx, &cg, err);

	if (r < 0)
		return r;
	r = cgroup_destroy(&cg, err);
	cgroup_done(&cg);
	return r;
}

static int remove_rdt(void *ctx, struct err *err)
{
	struct delete *d = ctx;

	return rdt_remove(d->state.rdt_own ? d->state.rdt_group : NULL, d->state.rdt_monitor, err);
}

static bool has_rdt(const void *ctx)
{
	const struct delete *d = ctx;

	return d->state.rdt_monitor || d->state.rdt_own;
}

static int remove_directory(void *ctx, struct err *err)
{
	struct delete *d = ctx;

	return dir_remove(d->rt, d->state.id, err);
}

static int run_poststop(void *ctx, struct err *err)
{
	struct delete *d = ctx;
	const struct spec_hooks *h = d->snap.config ? d->snap.config->hooks : NULL;
	AUTO(hook_output_done) struct hook_output out = HOOK_OUTPUT_INIT;
	AUTO(buf_done) struct buf doc = { 0 };
	struct err inner = { 0 };
	int r;

	if (!h || !h->poststop_len)
		return 0;
	if (hook_output_open(&d->snap.annotations, &out, &inner) < 0)
		log_warn("%s", inner.text);
	d->state.annotations = d->snap.config->annotations;
	d->state.annotations_len = d->snap.config->annotations_len;
	r = state_hook_document(&d->state, STATUS_STOPPED, 0, &doc);
	if (r < 0)
		return err_code(err, r, "write the state document for hooks");
	hooks_run_all(&out, "poststop", h->poststop, h->poststop_len, d->state.bundle, doc.data, doc.len);
	return 0;
}

/* No undo: what could not be finished stays in the directory and is repeated by the next delete. */
static const struct step steps[] = {
	/* name             act               undo  when */
	{ "document", load_document, NULL, has_hooks },      { "thaw", thaw, NULL, has_cgroup },
	{ "kill init", kill_init, NULL, has_init },          { "cgroup", destroy_cgroup, NULL, has_cgroup },
	{ "class of service", remove_rdt, NULL, has_rdt },   { "directory", remove_directory, NULL, NULL },
	{ "poststop hooks", run_poststop, NULL, has_hooks },
};

static int run_story(struct delete *d, struct err *err)
{
	static const struct story story = { "delete", steps, ARRAY_SIZE(steps) };
	int r = story_run(&story, d, err);

	snapshot_done(&d->snap);
	return r;
}

int delete_destroy(struct masu_runtime *rt, int dir_fd, const struct state *s, struct err *err)
{
	struct delete d = { .rt = rt, .dir_fd = dir_fd, .state = *s, .hooks = true };

	return run_story(&d, err);
}

/* A create that died: what its journal names is undone. */
static int delete_unfinished(struct masu_runtime *rt, const char *id, int dir_fd, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct journal_entries e = { 0 };
	struct delete d = { .rt = rt, .dir_fd = dir_fd };
	int r = journal_load(dir_fd, &a, &e, err);

	if (r < 0 && r != -ENOENT)
		return r;
	d.hooks = e.hooks && e.bundle;
	d.state = (struct state){ .id = id,
				  .bundle = e.bundle,
				  .cgroup = e.cgroup,
				  .pid = e.pid,
				  .start_time = e.start_time,
				  .rdt_group = e.rdt_group,
				  .rdt_monitor = e.rdt_monitor,
				  .rdt_own = e.rdt_group };
	return run_story(&d, err);
}

static int check_status(struct masu_runtime *rt, int dir_fd, const struct state *s, struct err *err)
{
	enum status status = state_status(rt, dir_fd, s);

	if (status == STATUS_STOPPED || status == STATUS_CREATED)
		return 0;
	err_set(err, EBUSY, "cannot delete container `%s` that is not stopped: %s", s->id, status_name(status));
	err_hint(err, "stop it with `masu kill`, or use delete --force");
	return -EBUSY;
}

static int delete_locked(struct masu_runtime *rt, const char *id, int dir_fd, bool force, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct state s;
	int r = state_load(dir_fd, id, &a, &s, err);

	if (r == -ENOENT)
		return delete_unfinished(rt, id, dir_fd, err);
	if (r < 0 && force) {
		/* A damaged state file: the journal still knows the process and the cgroup. */
		log_warn("%s; using the journal instead", err->text);
		err_clear(err);
		return delete_unfinished(rt, id, dir_fd, err);
	}
	if (r >= 0 && !force)
		r = check_status(rt, dir_fd, &s, err);
	return r < 0 ? r : delete_destroy(rt, dir_fd, &s, err);
}

int masu_delete(struct masu_runtime *rt, const char *id, unsigned flags, struct masu_error *error)
{
	bool force = flags & MASU_DELETE_FORCE;
	autoclose int dir_fd = -EBADF;
	struct err err = { 0 };
	int r = dir_open_locked(rt, id, LOCK_TIMEOUT_MS, &dir_fd, &err);

	if (r == -ENOENT && force)
		return 0;
	if (r >= 0)
		r = delete_locked(rt, id, dir_fd, force, &err);
	return api_return(r, &err, error);
}
