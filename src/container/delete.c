/* SPDX-License-Identifier: Apache-2.0 */
/* delete: honest about what it could not remove. The order is the specification's: everything of the container first, its directory
 * last, then the poststop hooks. */

#include "container/delete.h"

#include <errno.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/pidref.h"
#include "container/api.h"
#include "container/dir.h"
#include "container/hooks.h"
#include "container/journal.h"
#include "container/snapshot.h"
#include "kernel/cgroup/cgroup.h"

#define LOCK_TIMEOUT_MS 10000
#define KILL_TIMEOUT_MS 10000

static int kill_init(struct masu_runtime *rt, pid_t pid, uint64_t start_time, struct err *err)
{
	AUTO(pidref_done) struct pidref p = PIDREF_INIT;
	int r;

	if (pid <= 0)
		return 0;
	r = pidref_open(rt->proc_fd, pid, start_time, &p);
	if (r == -ESRCH)
		return 0;
	if (r >= 0)
		r = pidref_kill(&p, SIGKILL);
	if (r < 0 && r != -ESRCH)
		return err_code(err, r, "kill process %d", pid);
	r = pidref_wait_exit(&p, KILL_TIMEOUT_MS);
	return r < 0 ? err_code(err, r, "wait for the end of process %d", pid) : 0;
}

static int destroy_cgroup(struct masu_runtime *rt, const char *record, struct err *err)
{
	const struct cgroup_facts *facts;
	struct cgroup cg = CGROUP_INIT;
	int r;

	if (!record)
		return 0;
	r = runtime_cgroup_facts(rt, &facts, err);
	if (r >= 0)
		r = cgroup_open(facts, record, &cg, err);
	if (r < 0)
		return r;
	/* A frozen process takes no signal, not even SIGKILL on cgroup v1. */
	if (cgroup_is_frozen(&cg, NULL) > 0)
		cgroup_freeze(&cg, false, NULL);
	r = cgroup_destroy(&cg, err);
	cgroup_done(&cg);
	return r;
}

/* A frozen container is thawed before its init is waited for. */
static void thaw(struct masu_runtime *rt, const char *record)
{
	const struct cgroup_facts *facts;
	struct cgroup cg = CGROUP_INIT;

	if (!record || runtime_cgroup_facts(rt, &facts, NULL) < 0 || cgroup_open(facts, record, &cg, NULL) < 0)
		return;
	if (cgroup_is_frozen(&cg, NULL) > 0) {
		cgroup_kill(&cg, SIGKILL, NULL);
		cgroup_freeze(&cg, false, NULL);
	}
	cgroup_done(&cg);
}

static void run_poststop(const struct state *s, const struct spec_config *config)
{
	const struct spec_hooks *h = config ? config->hooks : NULL;
	AUTO(buf_done) struct buf doc = { 0 };

	if (!h || !h->poststop_len || state_hook_document(s, STATUS_STOPPED, 0, &doc) < 0)
		return;
	hooks_run_all("poststop", h->poststop, h->poststop_len, s->bundle, doc.data, doc.len);
}

int delete_destroy(struct masu_runtime *rt, int dir_fd, const struct state *s, struct err *err)
{
	AUTO(snapshot_done) struct snapshot snap = { 0 };
	struct err snap_err = { 0 };
	int r;

	/* Without the document there are no hooks to run, but everything else can still be removed. */
	if (snapshot_load(dir_fd, &snap, &snap_err) < 0)
		log_warn("delete container `%s`: poststop hooks are not known: %s", s->id, snap_err.text);
	thaw(rt, s->cgroup);
	r = kill_init(rt, s->pid, s->start_time, err);
	if (r >= 0)
		r = destroy_cgroup(rt, s->cgroup, err);
	if (r >= 0)
		r = dir_remove(rt, s->id, err);
	if (r < 0)
		return r;
	run_poststop(s, snap.config);
	return 0;
}

/* A create that died: what its journal names is undone. */
static int delete_unfinished(struct masu_runtime *rt, const char *id, int dir_fd, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct journal_entries e = { 0 };
	int r = journal_load(dir_fd, &a, &e, err);

	if (r < 0 && r != -ENOENT)
		return r;
	r = kill_init(rt, e.pid, e.start_time, err);
	if (r >= 0)
		r = destroy_cgroup(rt, e.cgroup, err);
	return r < 0 ? r : dir_remove(rt, id, err);
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
