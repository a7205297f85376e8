/* SPDX-License-Identifier: Apache-2.0 */
/* events: statistics at intervals and reports of memory that ran out, as lines of JSON. No lock is taken. */

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pidref.h"
#include "container/api.h"
#include "container/stats/stats.h"
#include "container/target.h"
#include "kernel/cgroup/oom.h"

#define INTERVAL_MS 5000
#define PAGE_SIZES_MAX 16
#define HUGEPAGES "/sys/kernel/mm/hugepages"

/* Where the lines go, and what holds for all of them. */
struct events {
	struct masu_runtime *rt;
	masu_write_fn *out;
	void *arg;
	char sizes[PAGE_SIZES_MAX][16];
	const char *page_sizes[PAGE_SIZES_MAX + 1];
};

struct watch {
	struct target target;
	struct pidref init;
	struct cgroup_oom oom;
	bool ended;
};
static const struct watch watch_none = { .target = TARGET_INIT, .init = PIDREF_INIT, .oom = CGROUP_OOM_INIT };

static void find_page_sizes(struct events *e)
{
	DIR *d = opendir(HUGEPAGES);
	struct dirent *entry;
	size_t n = 0;

	while (d && n < PAGE_SIZES_MAX && (entry = readdir(d)))
		if (stats_page_size(entry->d_name, e->sizes[n], sizeof(e->sizes[n])) == 0) {
			e->page_sizes[n] = e->sizes[n];
			n++;
		}
	if (d)
		closedir(d);
}

static ssize_t read_file(void *arg, const char *controller, const char *file, char *p, size_t len)
{
	return cgroup_read(arg, controller, file, p, len);
}

static bool file_is_v2(void *arg, const char *controller)
{
	return cgroup_is_v2(arg, controller);
}

static void write_head(struct jw *w, const char *type, const char *id)
{
	jw_object(w);
	jw_key(w, "type");
	jw_str(w, type);
	jw_key(w, "id");
	jw_str(w, id);
}

static int write_line(struct events *e, struct jw *w, struct buf *line, struct err *err)
{
	int r = jw_finish(w);

	buf_adds(line, "\n");
	if (r >= 0)
		r = line->error;
	if (r >= 0)
		r = e->out(e->arg, line->data, line->len);
	return r < 0 ? err_code(err, r, "write event") : 0;
}

static int put_stats(struct events *e, struct watch *w, struct err *err)
{
	const struct stats_source source = { read_file, file_is_v2, &w->target.cg, e->page_sizes };
	AUTO(buf_done) struct buf line = { 0 };
	AUTO(jw_free) struct jw *jw = jw_new(JW_COMPACT, jw_to_buf, &line);
	int r;

	write_head(jw, "stats", w->target.state.id);
	jw_key(jw, "data");
	r = stats_write(jw, &source);
	jw_end(jw);
	/* Closed until the next time: many containers shall not need very many descriptors. */
	cgroup_done(&w->target.cg);
	return r < 0 ? err_code(err, r, "read statistics of container `%s`", w->target.state.id)
		     : write_line(e, jw, &line, err);
}

static int put_oom(struct events *e, const struct watch *w, struct err *err)
{
	AUTO(buf_done) struct buf line = { 0 };
	AUTO(jw_free) struct jw *jw = jw_new(JW_COMPACT, jw_to_buf, &line);

	write_head(jw, "oom", w->target.state.id);
	jw_end(jw);
	return write_line(e, jw, &line, err);
}

static void watch_done(struct watch *w)
{
	cgroup_oom_done(&w->oom);
	pidref_done(&w->init);
	target_done(&w->target);
}

static int watch_open(struct events *e, const char *id, struct watch *w, struct err *err)
{
	const struct state *s = &w->target.state;
	int r = target_open(e->rt, id, "watch", false, &w->target, err);

	if (r < 0)
		return r;
	r = w->target.status == STATUS_STOPPED ? -ESRCH : pidref_open(e->rt->proc_fd, s->pid, s->start_time, &w->init);
	if (r == -ESRCH)
		return err_set(err, ESRCH, "container with id %s is not running", id);
	if (r < 0)
		return err_code(err, r, "open process %d of container `%s`", (int)s->pid, id);
	cleanup_close(&w->target.dir_fd);
	r = cgroup_oom_open(&w->target.cg, &w->oom, err);
	cgroup_done(&w->target.cg);
	return r;
}

static int put_once(struct events *e, const char *id, struct err *err)
{
	AUTO(watch_done) struct watch w = watch_none;
	int r = watch_open(e, id, &w, err);

	return r < 0 ? r : put_stats(e, &w, err);
}

/* The end of init is looked at first: what it died of must not be missed by looking too early. */
static int look_at(struct events *e, struct watch *w, struct err *err)
{
	bool ended = !pidref_alive(&w->init);
	int r = cgroup_oom_take(&w->oom);

	w->ended = ended || r == -ENODEV;
	return r > 0 ? put_oom(e, w, err) : 0;
}

static int put_all_stats(struct events *e, struct watch *v, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!v[i].ended)
			r = put_stats(e, &v[i], err);
	return r;
}

/* Waits for the next statistics or for news of a container. */
static int wait_news(struct watch *v, struct pollfd *polls, size_t n, int64_t until, struct err *err)
{
	int64_t left = until - clock_ms();

	for (size_t i = 0; i < n; i++) {
		polls[2 * i] = (struct pollfd){ .fd = v[i].ended ? -1 : v[i].init.pidfd, .events = POLLIN };
		polls[2 * i + 1] = (struct pollfd){ .fd = v[i].ended ? -1 : v[i].oom.fd, .events = v[i].oom.events };
	}
	if (poll(polls, 2 * n, left <= 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left) < 0 && errno != EINTR)
		return err_sys(err, "wait for events");
	return 0;
}

static int follow(struct events *e, struct watch *v, size_t n, unsigned interval_ms, struct err *err)
{
	autofree struct pollfd *polls = calloc(n, 2 * sizeof(*polls));
	int64_t next = clock_ms();

	if (!polls)
		return err_set(err, ENOMEM, "watch containers: out of memory");
	for (;;) {
		size_t left = 0;
		int r = 0;

		for (size_t i = 0; r == 0 && i < n; i++) {
			if (!v[i].ended)
				r = look_at(e, &v[i], err);
			left += !v[i].ended;
		}
		if (r < 0 || left == 0)
			return r;
		if (clock_ms() >= next) {
			r = put_all_stats(e, v, n, err);
			next = clock_ms() + interval_ms;
		}
		if (r == 0)
			r = wait_news(v, polls, n, next, err);
		if (r < 0)
			return r;
	}
}

/* Ids of a listing: a container that ends or fails before its turn is none of them. */
struct ids {
	struct arena arena;
	const char **v;
	size_t n, room;
};

static void ids_done(struct ids *ids)
{
	arena_done(&ids->arena);
	free(ids->v);
}

static int add_id(struct ids *ids, const char *id)
{
	const char *copy = arena_strdup(&ids->arena, id);

	if (ids->n == ids->room) {
		size_t room = ids->room ? ids->room * 2 : 16;
		const char **v = reallocarray(ids->v, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		ids->v = v;
		ids->room = room;
	}
	ids->v[ids->n++] = copy;
	return copy ? 0 : -ENOMEM;
}

static int add_if_running(void *arg, const struct masu_list_entry *entry)
{
	bool runs = strcmp(entry->status, status_name(STATUS_RUNNING)) == 0 ||
		    strcmp(entry->status, status_name(STATUS_PAUSED)) == 0;

	return runs ? add_id(arg, entry->id) : 0;
}

/* Whether the container is left out of --all: it is going or has no cgroup. */
static bool is_left_out(const char *id, int r, const struct err *err)
{
	if (r == -EOPNOTSUPP)
		log_warn("skip container `%s`: %s", id, err->text);
	return r == -ESRCH || r == -ENOENT || r == -EBUSY || r == -EOPNOTSUPP;
}

static int run_once(struct events *e, const struct ids *ids, bool all, struct err *err)
{
	for (size_t i = 0; i < ids->n; i++) {
		int r = put_once(e, ids->v[i], err);

		if (r < 0 && !(all && is_left_out(ids->v[i], r, err)))
			return r;
		err_clear(err);
	}
	return 0;
}

static int open_all(struct events *e, const struct ids *ids, bool all, struct watch *v, size_t *ret_n, struct err *err)
{
	for (size_t i = 0; i < ids->n; i++) {
		struct watch *w = &v[*ret_n];
		int r;

		*w = watch_none;
		r = watch_open(e, ids->v[i], w, err);
		if (r >= 0) {
			++*ret_n;
			continue;
		}
		watch_done(w);
		if (!all || !is_left_out(ids->v[i], r, err))
			return r;
		err_clear(err);
	}
	return 0;
}

static int run_follow(struct events *e, const struct ids *ids, bool all, unsigned interval_ms, struct err *err)
{
	autofree struct watch *v = calloc(ids->n + 1, sizeof(*v));
	size_t n = 0;
	int r;

	if (!v)
		return err_set(err, ENOMEM, "watch containers: out of memory");
	r = open_all(e, ids, all, v, &n, err);
	if (r >= 0 && n > 0)
		r = follow(e, v, n, interval_ms, err);
	for (size_t i = 0; i < n; i++)
		watch_done(&v[i]);
	return r;
}

int masu_events(struct masu_runtime *rt, const char *const *ids, const struct masu_events_options *o,
		masu_write_fn *out, void *arg, struct masu_error *error)
{
	struct events e = { .rt = rt, .out = out, .arg = arg };
	AUTO(ids_done) struct ids chosen = { .n = 0 };
	struct masu_events_options copy;
	struct err err = { 0 };
	int r = api_options(&copy, sizeof(copy), o, &err);
	bool all = copy.flags & MASU_EVENTS_ALL;

	if (r >= 0)
		r = api_flags(copy.flags, MASU_EVENTS_ONCE | MASU_EVENTS_ALL, &err);
	if (r < 0)
		return api_return(r, &err, error);
	if (all)
		r = masu_list(rt, add_if_running, &chosen, error);
	if (r < 0)
		return r;
	for (; !all && r >= 0 && ids && *ids; ids++)
		r = add_id(&chosen, *ids);
	if (r < 0)
		err_code(&err, r, "watch containers");
	find_page_sizes(&e);
	if (r >= 0 && copy.flags & MASU_EVENTS_ONCE)
		r = run_once(&e, &chosen, all, &err);
	else if (r >= 0)
		r = run_follow(&e, &chosen, all, copy.interval_ms ? copy.interval_ms : INTERVAL_MS, &err);
	return api_return(r, &err, error);
}
