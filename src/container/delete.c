/* SPDX-License-Identifier: Apache-2.0 */
/* delete: honest about what it could not remove. The table below is the story. Its order is the specification's: everything of the
 * container first, its directory last, then the poststop hooks. */

#include "container/delete.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/pidref.h"
#include "base/procfs.h"
#include "base/story.h"
#include "container/api.h"
#include "container/dir.h"
#include "container/hooks.h"
#include "container/journal.h"
#include "container/snapshot.h"
#include "kernel/cgroup/cgroup.h"
#include "kernel/rdt/rdt.h"

#define KILL_TIMEOUT_MS 10000

/* What is known of the container, from state.json or from the journal of a create that died. */
struct delete
{
	struct masu_runtime *rt;
	int dir_fd;
	struct state state;
	bool hooks;   /* the poststop hooks are to be run */
	bool damaged; /* there is a state.json that cannot be read */
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

/* The first process of a pid namespace waits for all others, so the one to name may be another. */
static int fail_alive(struct delete *d, int r, struct err *err)
{
	struct cgroup cg = CGROUP_INIT;
	pid_t pid = 0;
	char who[192];

	if (d->state.cgroup && open_cgroup(d, &cg, NULL) >= 0)
		pid = cgroup_holder(&cg, d->rt->proc_fd);
	cgroup_done(&cg);
	procfs_describe(d->rt->proc_fd, pid ? pid : d->state.pid, who, sizeof(who));
	if (r != -ETIMEDOUT)
		return err_code(err, r, "wait for the end of %s", who);
	return err_set(err, EBUSY, "end process %d: held by %s, killed %d s ago", d->state.pid, who,
		       KILL_TIMEOUT_MS / 1000);
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
	return r < 0 ? fail_alive(d, r, err) : 0;
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

	/* As long as it is there the journal has to know more than that a create began. */
	if (d->damaged && unlinkat(d->dir_fd, DIR_STATE, 0) < 0)
		(void)unlinkat(d->dir_fd, DIR_STATE, AT_REMOVEDIR);
	return dir_remove(d->rt, d->state.id, err);
}

static int run_poststop(void *ctx, struct err *err)
{
	struct delete *d = ctx;
	const struct spec_hooks *h = d->snap.config ? d->snap.config->hooks : NULL;
	AUTO(hook_output_done) struct hook_output out = HOOK_OUTPUT_INIT;
	struct hook_subject s = { &d->state, STATUS_STOPPED, 0, &out };
	struct err inner = { 0 };

	if (!h || !h->poststop_len)
		return 0;
	if (hook_output_open(&d->snap.annotations, &out, &inner) < 0)
		log_warn("%s", inner.text);
	d->state.annotations = d->snap.config->annotations;
	d->state.annotations_len = d->snap.config->annotations_len;
	return hooks_run_all(&s, "poststop", h->poststop, h->poststop_len, err);
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

	return dir_is_gone(dir_fd) ? 0 : run_story(&d, err);
}

void delete_own(struct masu_runtime *rt, int dir_fd, const struct state *s, bool locked)
{
	struct err err = { 0 };
	int r = locked ? 0 : dir_lock(dir_fd, DIR_LOCK_MS);

	if (r < 0)
		log_error("delete container `%s`: another operation on it is under way", s->id);
	else if (delete_destroy(rt, dir_fd, s, &err) < 0)
		log_error("delete container `%s`: %s", s->id, err.text);
}

/* A create that came to its end has a process, and none of it may be left without a word. Without a copy of the document no create
 * ever got as far as that. */
static int check_known(struct delete *d, const struct journal_entries *e, int loaded, struct err *err)
{
	if (!d->damaged || e->pid || e->cgroup)
		return 0;
	if (loaded == -ENOENT && faccessat(d->dir_fd, DIR_CONFIG, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	err_clear(err);
	return err_set(err, EUCLEAN,
		       "its process and its cgroup are not known: neither state.json nor the journal can be read");
}

/* A create that died: what its journal names is undone. */
static int delete_unfinished(struct masu_runtime *rt, const char *id, int dir_fd, bool damaged, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct journal_entries e = { 0 };
	struct delete d = { .rt = rt, .dir_fd = dir_fd, .damaged = damaged };
	int loaded = journal_load(dir_fd, &a, &e, err);
	int r = check_known(&d, &e, loaded, err);

	if (r == 0 && loaded != -ENOENT)
		r = loaded;
	if (r < 0) {
		err_hint(err, "end what is left of it, then remove the directory `%s/%s`", rt->root, id);
		return err_wrap(err, r, "delete container `%s`", id);
	}
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
	enum status status;
	int r = state_status(rt, dir_fd, s, &status, err);

	if (r < 0)
		return r;
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
		return delete_unfinished(rt, id, dir_fd, false, err);
	if (r < 0 && force) {
		/* A damaged state file: the journal still knows the process and the cgroup. */
		log_warn("%s; using the journal instead", err->text);
		err_clear(err);
		return delete_unfinished(rt, id, dir_fd, true, err);
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
	int r = api_flags(flags, MASU_DELETE_FORCE, &err);

	if (r >= 0)
		r = dir_open_locked(rt, id, DIR_LOCK_MS, &dir_fd, &err);
	if (r == -ENOENT && force)
		return 0;
	if (r >= 0)
		r = delete_locked(rt, id, dir_fd, force, &err);
	return api_return(r, &err, error);
}
