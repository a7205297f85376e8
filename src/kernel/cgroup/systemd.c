/* SPDX-License-Identifier: Apache-2.0 */
/* The systemd driver: the cgroup is that of a transient unit. systemd is told every limit that it has a word for, since it
 * writes its files again when it is reloaded; what it has none for is written by us, as are its own values once more, exactly. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/procfs.h"
#include "kernel/cgroup/devices.h"
#include "kernel/cgroup/internal.h"
#include "kernel/cgroup/unit_call.h"

struct unit_job {
	struct arena arena;
	struct unit_props props;
	struct unit_manager manager;
};
#define UNIT_JOB_INIT                        \
	{                                    \
		.manager = UNIT_MANAGER_INIT \
	}

static void job_done(struct unit_job *j)
{
	unit_manager_done(&j->manager);
	arena_done(&j->arena);
}

static bool is_v1(const struct cgroup *cg)
{
	return cg->facts->layout != CGROUP_LAYOUT_V2;
}

/* io.bfq.weight is there when the scheduler's module is; the first cgroup that every systemd host has shows it. */
static bool has_bfq(const struct cgroup *cg)
{
	return cg->facts->unified >= 0 &&
	       faccessat(cg->facts->hierarchies[cg->facts->unified].fd, "init.scope/io.bfq.weight", F_OK, 0) == 0;
}

static int plan_props(struct cgroup *cg, const struct cgroup_limits *limits, struct unit_job *j, struct err *err)
{
	struct unit_place place = { .is_slice = cg->is_slice, .user = cg->user };
	struct unit_inputs in = {
		.place = &place,
		.id = cg->id ? cg->id : cg->unit,
		.facts = cg->facts,
		.writes = &limits->writes,
		.rules = &limits->rules,
		.extra = cg->extra,
		.bfq = has_bfq(cg),
	};

	strcpy(place.unit, cg->unit);
	strcpy(place.slice, cg->slice);
	return unit_props_plan(&in, &j->arena, &j->props, err);
}

/* An older systemd refuses the whole unit for one word that it does not know. The limit itself is written by us all the same. */
static void drop_newer(struct unit_job *j, bool is_slice)
{
	unsigned version = unit_props_since(&j->props) > UNIT_SYSTEMD_OLDEST ? unit_manager_version(&j->manager) : 0;
	size_t kept = 0;

	for (size_t i = 0; i < j->props.len; i++) {
		const struct unit_prop *p = &j->props.v[i];

		if ((p->since <= UNIT_SYSTEMD_OLDEST || p->since <= version) && !(p->only_new && is_slice))
			j->props.v[kept++] = *p;
		else
			log_debug("systemd %u is not told property `%s`", version, p->name);
	}
	j->props.len = kept;
}

static int add_pid(struct cgroup *cg, struct unit_job *j, struct err *err)
{
	struct unit_item *item = arena_new(&j->arena, struct unit_item, 1);
	struct unit_prop p = { .name = "PIDs", .type = "au", .items = item, .items_len = 1 };

	if (!item)
		return err_set(err, ENOMEM, "plan unit `%s`", cg->unit);
	item->number = (uint64_t)cg->keeper;
	return unit_props_add(&j->props, &j->arena, p);
}

/* ---- where systemd has put it ---- */

/* "0::/x", "1:name=systemd:/x": the path in the hierarchy that systemd keeps its units in. */
static const char *line_path(char *text, bool v2)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = 0;
		if (strcmp(names + 1, v2 ? "" : "name=systemd") == 0)
			return path;
	}
	return NULL;
}

static int set_path(struct cgroup *cg, const char *path, struct err *err)
{
	size_t n = strlen(path), m = strlen(cg->unit);

	if (n <= m || strcmp(path + n - m, cg->unit) != 0 || path[n - m - 1] != '/')
		return err_set(err, EIO, "start unit `%s`: its process is in cgroup `%s`", cg->unit, path);
	if (n >= sizeof(cg->path))
		return err_set(err, ENAMETOOLONG, "start unit `%s`: its cgroup's path is too long", cg->unit);
	strcpy(cg->path, path);
	return 0;
}

/* As this process sees it, which with a cgroup namespace of its own is not what systemd would say. */
static int find_path(struct cgroup *cg, struct unit_job *j, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	autoclose int proc = procfs_open(err), fd = -EBADF;
	char file[32], path[CGROUP_PATH_MAX];
	const char *found;
	int r;

	if (cg->is_slice) {
		r = unit_cgroup(&j->manager, cg->unit, true, path, sizeof(path), err);
		return r < 0 ? r : set_path(cg, path, err);
	}
	if (proc < 0)
		return proc;
	snprintf(file, sizeof(file), "%d/cgroup", (int)cg->keeper);
	fd = procfs_open_file(proc, file, O_RDONLY);
	r = fd < 0 ? fd : io_read_all(fd, 1 << 20, &text);
	if (r < 0)
		return err_code(err, r, "read cgroups of process %d", (int)cg->keeper);
	found = text.data ? line_path(text.data, !is_v1(cg)) : NULL;
	if (!found)
		return err_set(err, ENOENT, "start unit `%s`: its cgroup is not to be seen from here", cg->unit);
	return set_path(cg, found, err);
}

static void count_missing(struct cgroup *cg)
{
	unsigned depth = cgroup_path_depth(cg->path);

	for (size_t i = 0; i < cg->facts->hierarchies_len; i++) {
		char prefix[CGROUP_PATH_MAX];
		unsigned n = 0;

		snprintf(prefix, sizeof(prefix), "%s", cgroup_rel(cg));
		while (n < depth && faccessat(cg->facts->hierarchies[i].fd, prefix, F_OK, 0) < 0) {
			char *slash = strrchr(prefix, '/');

			n++;
			if (!slash)
				break;
			*slash = 0;
		}
		cg->dirs[i].made = (uint16_t)n;
	}
}

/* Those that systemd made are given back by it, but if it leaves one, it is ours to remove; the others we make, with parents. */
static int make_dirs(struct cgroup *cg, struct err *err)
{
	int r;

	count_missing(cg);
	r = cgroup_make(cg, err);
	for (size_t i = 0; i < cg->facts->hierarchies_len; i++)
		cg->dirs[i].made = cg->dirs[i].made ? cg->dirs[i].made : 1;
	return r;
}

static int add_sub(struct cgroup *cg, struct err *err)
{
	size_t n = strlen(cg->path);

	if (snprintf(cg->path + n, sizeof(cg->path) - n, "/%s", cg->sub) >= (int)(sizeof(cg->path) - n))
		return err_set(err, ENAMETOOLONG, "make cgroup `%s`: its path is too long", cg->sub);
	for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
		cleanup_close(&cg->dirs[i].fd);
	return 0;
}

/* ---- the driver ---- */

static int start(struct cgroup *cg, struct unit_job *j, struct err *err)
{
	int r = unit_manager_open(cg->user, &j->manager, err);

	if (r == 0)
		drop_newer(j, cg->is_slice);
	if (r == 0 && !cg->is_slice)
		r = cgroup_keeper_start(cg, err);
	if (r == 0 && !cg->is_slice)
		r = add_pid(cg, j, err);
	return r < 0 ? r : unit_start(&j->manager, cg->unit, &j->props, err);
}

static int systemd_create(struct cgroup *cg, const struct cgroup_limits *limits, struct err *err)
{
	AUTO(job_done) struct unit_job j = UNIT_JOB_INIT;
	int r = plan_props(cg, limits, &j, err);

	if (r == 0)
		r = start(cg, &j, err);
	if (r < 0) {
		cgroup_settle(cg);
		return r;
	}
	r = find_path(cg, &j, err);
	if (r == 0 && cg->sub[0])
		r = add_sub(cg, err);
	if (r == 0)
		r = make_dirs(cg, err);
	/* On cgroup v2 a cgroup that passes controllers on holds no process itself. */
	if (r == 0 && cg->sub[0] && cg->keeper)
		r = cgroup_fs_place(cg, cg->keeper, false, err);
	if (r == 0)
		r = cgroup_set_up(cg, &limits->writes, &limits->rules, err);
	if (r < 0) {
		cgroup_settle(cg);
		(void)unit_stop(&j.manager, cg->unit, NULL);
		cgroup_undo_make(cg);
	}
	return r;
}

/* Between a login session and the user's own units lies a cgroup that is root's: there only systemd can move processes. */
static int systemd_place(struct cgroup *cg, pid_t pid, bool in_unified, struct err *err)
{
	AUTO(unit_manager_done) struct unit_manager m = UNIT_MANAGER_INIT;
	int r = cgroup_fs_place(cg, pid, in_unified, err);
	const char *below;

	if (!cgroup_is_permission(r))
		return r;
	err_clear(err);
	r = unit_manager_open(cg->user, &m, err);
	below = strstr(cg->path, cg->unit);
	below = below ? below + strlen(cg->unit) : "";
	return r < 0 ? r : unit_attach(&m, cg->unit, below, pid, err);
}

/* ---- update ---- */

static int field(struct cgroup *cg, const struct cgroup_write *w, const char *file, unsigned n, char *ret, size_t len)
{
	int fd = cgroup_fd(cg, w->hierarchy);
	char text[64];
	ssize_t got = fd < 0 ? fd : io_read_file_at(fd, file, text, sizeof(text));
	const char *p = text;

	if (got < 0)
		return (int)got;
	for (; n > 0; n--) {
		p += strcspn(p, " \n");
		p += strspn(p, " \n");
	}
	snprintf(ret, len, "%.*s", (int)strcspn(p, " \n"), p);
	return ret[0] ? 0 : -ENODATA;
}

/* A quota means nothing without its period, and systemd would scale the one when the other changes: both, always. */
static int complete_cpu_max(struct cgroup *cg, struct cgroup_write *w, struct arena *a)
{
	bool keep = w->flags & CGROUP_WRITE_KEEP_FIRST;
	char other[32];
	int r;

	if (strcmp(w->file, "cpu.max") != 0 || (!keep && strchr(w->value, ' ')))
		return 0;
	r = field(cg, w, "cpu.max", keep ? 0 : 1, other, sizeof(other));
	if (r < 0)
		return r;
	w->value = arena_printf(a, "%s %s", keep ? other : w->value, keep ? w->value : other);
	w->flags &= ~(unsigned)CGROUP_WRITE_KEEP_FIRST;
	return w->value ? 0 : -ENOMEM;
}

/* On v1 they are two files: the one that does not change is named to systemd only. */
static int complete_cfs(struct cgroup *cg, const struct cgroup_writes *w, struct arena *a, struct cgroup_writes *ret)
{
	static const char *const files[] = { "cpu.cfs_quota_us", "cpu.cfs_period_us" };
	const struct cgroup_write *found[2] = { NULL, NULL };
	char text[32];
	int r;

	*ret = *w;
	for (size_t i = 0; i < w->len; i++)
		for (size_t k = 0; k < 2; k++)
			if (strcmp(w->v[i].file, files[k]) == 0)
				found[k] = &w->v[i];
	for (size_t k = 0; k < 2; k++) {
		struct cgroup_write *v;

		if (found[k] || !found[!k])
			continue;
		r = field(cg, found[!k], files[k], 0, text, sizeof(text));
		v = arena_new(a, struct cgroup_write, w->len + 1);
		if (r < 0 || !v)
			return r < 0 ? r : -ENOMEM;
		memcpy(v, w->v, w->len * sizeof(*v));
		v[w->len] = *found[!k];
		v[w->len].file = files[k];
		v[w->len].value = arena_strdup(a, text);
		*ret = (struct cgroup_writes){ .v = v, .len = w->len + 1, .cap = w->len + 1 };
		return v[w->len].value ? 0 : -ENOMEM;
	}
	return 0;
}

/* What systemd is told of the writes. */
static int tell(struct cgroup *cg, const struct cgroup_writes *w, const struct buf *rules, struct unit_job *j,
		struct err *err)
{
	struct cgroup_writes told;
	size_t kept = 0;
	int r = complete_cfs(cg, w, &j->arena, &told);

	j->props.len = 0;
	if (r == 0)
		r = unit_props_limits(cg->facts, &told, has_bfq(cg), &j->arena, &j->props, err);
	if (r == 0 && rules && !cg->user)
		r = unit_props_devices(rules, is_v1(cg), &j->arena, &j->props, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < j->props.len; i++)
		if (!j->props.v[i].only_new)
			j->props.v[kept++] = j->props.v[i];
	j->props.len = kept;
	drop_newer(j, cg->is_slice);
	return unit_set(&j->manager, cg->unit, &j->props, err);
}

/* systemd's v1 device list goes through "nothing allowed": nobody may run then. */
static int change_devices(struct cgroup *cg, struct cgroup_change *c, struct unit_job *j, struct err *err)
{
	const struct cgroup_writes none = { 0 };
	bool still = is_v1(cg) && cgroup_is_frozen(cg, NULL) == 0 && cgroup_freeze(cg, true, NULL) == 0;
	int r;

	c->devices_open = !cg->user; /* a user's manager is not told */
	r = tell(cg, &none, &c->rules, j, err);
	if (r == 0)
		r = cgroup_change_devices(cg, c, err);
	if (still)
		(void)cgroup_freeze(cg, false, NULL);
	return r;
}

static int change(struct cgroup *cg, struct cgroup_change *c, struct unit_job *j, struct err *err)
{
	int r = tell(cg, &c->writes, NULL, j, err);

	if (r == 0)
		r = cgroup_write_limits(cg, &c->writes, err);
	if (r == 0 && c->devices)
		r = change_devices(cg, c, j, err);
	if (r < 0) {
		struct err inner = { 0 };

		cgroup_change_revert(cg, c, tell(cg, &c->before, NULL, j, &inner), err);
	}
	return r;
}

static int systemd_update(struct cgroup *cg, const struct spec_resources *res, struct err *err)
{
	AUTO(job_done) struct unit_job j = UNIT_JOB_INIT;
	struct cgroup_change c = { .arena = &j.arena };
	int r;

	if (cgroup_is_disabled(cg))
		return err_set(err, ENOENT, "update unit `%s`: its cgroup is not known", cg->unit);
	r = cgroup_change_plan(cg, res, &c, err);
	if (r == 0)
		r = cgroup_change_begin(cg, &c, err);
	for (size_t i = 0; r == 0 && i < c.writes.len; i++) {
		r = complete_cpu_max(cg, &c.writes.v[i], &j.arena);
		if (r < 0)
			err_code(err, r, "read `cpu.max` of cgroup `%s`", cg->path);
	}
	if (r == 0)
		r = unit_manager_open(cg->user, &j.manager, err);
	if (r == 0)
		r = change(cg, &c, &j, err);
	buf_done(&c.rules);
	return r;
}

/* ---- the end ---- */

static bool is_gone(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->facts->hierarchies_len; i++)
		if (faccessat(cg->facts->hierarchies[i].fd, cgroup_rel(cg), F_OK, 0) == 0)
			return false;
	return true;
}

static int systemd_destroy(struct cgroup *cg, struct err *err)
{
	AUTO(unit_manager_done) struct unit_manager m = UNIT_MANAGER_INIT;
	bool known = !cgroup_is_disabled(cg);
	int r;

	cgroup_settle(cg);
	/* First the processes, frozen ones too: a stop would ask them politely and wait a minute and a half for each that
	 * does not listen. */
	if (known)
		(void)cgroup_kill(cg, SIGKILL, NULL);
	r = unit_manager_open(cg->user, &m, err);
	if (r == 0)
		r = unit_stop(&m, cg->unit, err);
	if (r < 0 && known && is_gone(cg)) {
		log_warn("%s; its cgroup is gone in any case", err ? err->text : "systemd does not answer");
		err_clear(err);
		return 0;
	}
	return r < 0 || !known ? r : cgroup_fs_destroy(cg, err);
}

const struct cgroup_driver cgroup_driver_systemd = {
	.name = "systemd",
	.create = systemd_create,
	.place = systemd_place,
	.update = systemd_update,
	.destroy = systemd_destroy,
};
