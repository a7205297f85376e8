/* SPDX-License-Identifier: Apache-2.0 */
/* state and list: what can be said about containers without changing them. No lock is taken. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "container/api.h"
#include "container/dir.h"
#include "container/journal.h"
#include "container/state.h"

struct entry {
	struct state state;
	enum status status;
	char owner[64];
};

/* A directory without state.json: create is under way (or died; then delete --force removes it). */
static int load_unfinished(const char *id, int dir_fd, struct arena *a, struct entry *e, struct err *err)
{
	struct journal_entries j;
	int r = journal_load(dir_fd, a, &j, err);

	if (r < 0 && r != -ENOENT)
		return err_wrap(err, r, "container `%s`", id);
	if (r == -ENOENT && dir_is_locked(dir_fd))
		return dir_no_such(id, err); /* a create that has only begun, or the end of a delete */
	e->state = (struct state){ .id = arena_strdup(a, id), .bundle = j.bundle ? j.bundle : "", .pid = j.pid };
	e->status = STATUS_CREATING;
	return e->state.id ? 0 : err_set(err, ENOMEM, "read container `%s`", id);
}

static int load_entry(struct masu_runtime *rt, const char *id, struct arena *a, struct entry *e, struct err *err)
{
	autoclose int dir_fd = -EBADF;
	int r = dir_open(rt, id, &dir_fd, err);

	if (r < 0)
		return r;
	memset(e, 0, sizeof(*e));
	r = state_load(dir_fd, id, a, &e->state, err);
	if (r == -ENOENT && !err->code)
		return load_unfinished(id, dir_fd, a, e, err);
	if (r >= 0)
		r = state_status(rt, dir_fd, &e->state, &e->status, err);
	return r;
}

/* Only for listings: looking up a name may read files and load libraries. */
static void name_owner(struct entry *e)
{
	const struct passwd *pw = getpwuid(e->state.owner);

	if (pw)
		snprintf(e->owner, sizeof(e->owner), "%s", pw->pw_name);
	else
		snprintf(e->owner, sizeof(e->owner), "#%u", e->state.owner);
}

int masu_state(struct masu_runtime *rt, const char *id, masu_write_fn *out, void *arg, struct masu_error *error)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(jw_free) struct jw *w = NULL;
	struct err err = { 0 };
	struct entry e;
	int r = load_entry(rt, id, &a, &e, &err);

	if (r < 0)
		return api_return(r, &err, error);
	w = jw_new(JW_PRETTY, out, arg);
	state_write(w, &e.state, e.status, e.state.pid, true, NULL);
	r = jw_finish(w);
	if (r < 0)
		err_code(&err, r, "write state");
	return api_return(r, &err, error);
}

static int is_container(const struct dirent *d)
{
	return d->d_name[0] != '.' && (d->d_type == DT_DIR || d->d_type == DT_UNKNOWN);
}

typedef int each_fn(void *arg, struct entry *e);

static int for_each(struct masu_runtime *rt, each_fn *fn, void *arg, struct err *err)
{
	struct dirent **names = NULL;
	int n, r = runtime_open_root(rt, false, err);

	if (r == -ENOENT && rt->default_root) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	n = scandirat(rt->root_fd, ".", &names, is_container, alphasort);
	if (n < 0)
		return err_sys(err, "list `%s`", rt->root);
	for (int i = 0; i < n; i++) {
		AUTO(arena_done) struct arena a = { 0 };
		struct err inner = { 0 };
		struct entry e;

		if (r >= 0) {
			int loaded = load_entry(rt, names[i]->d_name, &a, &e, &inner);

			if (loaded >= 0)
				r = fn(arg, &e);
			else if (loaded != -ENOENT)
				log_error("skip container `%s`: %s", names[i]->d_name, inner.text);
		}
		free(names[i]);
	}
	free(names);
	return r < 0 && err && !err->code ? err_code(err, r, "list containers") : r;
}

struct list_arg {
	masu_list_fn *fn;
	void *arg;
};

static int list_one(void *arg, struct entry *e)
{
	struct list_arg *l = arg;
	struct masu_list_entry row;

	name_owner(e);
	row = (struct masu_list_entry){
		.size = sizeof(row),
		.id = e->state.id,
		.status = status_name(e->status),
		.bundle = e->state.bundle,
		.created = e->state.created ? e->state.created : "",
		.owner = e->owner,
		.pid = e->status == STATUS_STOPPED ? 0 : e->state.pid,
	};
	return l->fn(l->arg, &row);
}

int masu_list(struct masu_runtime *rt, masu_list_fn *fn, void *arg, struct masu_error *error)
{
	struct list_arg l = { fn, arg };
	struct err err = { 0 };

	return api_return(for_each(rt, list_one, &l, &err), &err, error);
}

static int list_json_one(void *arg, struct entry *e)
{
	name_owner(e);
	state_write(arg, &e->state, e->status, e->state.pid, true, e->owner);
	return 0;
}

int masu_list_json(struct masu_runtime *rt, masu_write_fn *out, void *arg, struct masu_error *error)
{
	AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, out, arg);
	struct err err = { 0 };
	int r;

	jw_array(w);
	r = for_each(rt, list_json_one, w, &err);
	jw_end(w);
	if (r >= 0) {
		r = jw_finish(w);
		if (r < 0)
			err_code(&err, r, "write list");
	}
	if (r >= 0)
		out(arg, "\n", 1);
	return api_return(r, &err, error);
}
