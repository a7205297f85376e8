/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroupfs driver and the two that do nothing. A start costs one mkdir and one write per hierarchy, an end one rmdir;
 * killing and walking happen only when that rmdir says that something is left. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/procfs.h"
#include "kernel/cgroup/apply.h"
#include "kernel/cgroup/devices.h"
#include "kernel/cgroup/internal.h"
#include "kernel/cgroup/tree.h"

bool cgroup_is_permission(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS;
}

int cgroup_set_up(struct cgroup *cg, const struct cgroup_writes *w, const struct buf *rules, struct err *err)
{
	int main_hierarchy = cgroup_main_hierarchy(cg);
	int r = cgroup_enable_controllers(cg, w, err);

	if (r == 0)
		r = cgroup_fill_cpuset(cg, err);
	if (r == 0)
		r = cgroup_check_fit(cg, err); /* a frozen parent would hold the start for ever */
	if (r == 0)
		r = cgroup_write_limits(cg, w, err);
	if (r == 0)
		r = cgroup_write_devices(cg, rules, cg->dirs[main_hierarchy].made > 0, err);
	return r;
}

/* -EBUSY: there is something in it. Whoever else removes it has it now, or had it before. */
static int remove_dir(int at, const char *path)
{
	if (unlinkat(at, path, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENODEV)
		return 0;
	return errno == ENOTEMPTY ? -EBUSY : -errno;
}

static int remove_leaf(const struct cgroup *cg, size_t i)
{
	return remove_dir(cg->facts->hierarchies[i].fd, cgroup_rel(cg));
}

static bool is_used(int at, const char *path)
{
	autoclose int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && tree_is_used(fd) > 0;
}

/* 1: somebody else has moved in. What is said to be busy and is not gets time: nobody else would remove it later. */
static int remove_parent(int at, const char *path)
{
	int64_t end = clock_ms() + CGROUP_DESTROY_MS;
	int r;

	while ((r = remove_dir(at, path)) == -EBUSY) {
		if (is_used(at, path))
			return 1;
		if (clock_ms() >= end)
			break;
		clock_pause_us(1000);
	}
	return r;
}

/* Parents that we made go if nobody else has moved in. */
static int remove_parents(const struct cgroup *cg, size_t i, struct err *err)
{
	const struct cgroup_hierarchy *h = &cg->facts->hierarchies[i];
	char prefix[CGROUP_PATH_MAX];
	int r = 0;

	snprintf(prefix, sizeof(prefix), "%s", cgroup_rel(cg));
	for (unsigned n = 1; r == 0 && n < cg->dirs[i].made; n++) {
		char *slash = strrchr(prefix, '/');

		if (!slash)
			return 0;
		*slash = 0;
		r = remove_parent(h->fd, prefix);
	}
	return r < 0 ? err_code(err, r, "remove cgroup `/%s` in `%s`", prefix, h->mount) : 0;
}

/* Nothing of ours runs in there yet: whatever does is not ours to kill. */
void cgroup_undo_make(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->facts->hierarchies_len; i++) {
		struct err err = { 0 };
		int r = cg->dirs[i].made > 0 ? remove_leaf(cg, i) : 0;

		if (r < 0)
			err_code(&err, r, "remove cgroup `%s` in `%s`", cg->path, cg->facts->hierarchies[i].mount);
		else if (cg->dirs[i].made > 0)
			r = remove_parents(cg, i, &err);
		if (r < 0)
			log_warn("undo: %s", err.text);
		cg->undo_failed |= r < 0;
	}
}

static int go_without(struct cgroup *cg, struct err *err)
{
	log_debug("no cgroup is made for `%s`: no right to do so, and no limits are asked for", cg->path);
	err_clear(err);
	cgroup_init(cg, cg->facts, &cgroup_driver_disabled);
	return 0;
}

static int fs_create(struct cgroup *cg, const struct cgroup_limits *limits, struct err *err)
{
	bool may_go_without = cg->rootless_tolerant && limits->writes.len == 0;
	int r;

	if (cg->facts->hierarchies_len == 0) {
		if (may_go_without)
			return go_without(cg, err);
		err_set(err, EOPNOTSUPP, "make cgroup `%s`: no cgroup file system is mounted", cg->path);
		err_hint(err, "to run without limits and device rules, say --cgroup-manager=disabled");
		return -EOPNOTSUPP;
	}
	r = cgroup_make(cg, err);
	if (r == 0)
		r = cgroup_set_up(cg, &limits->writes, &limits->rules, err);
	if (r < 0)
		cgroup_undo_make(cg);
	return cgroup_is_permission(r) && may_go_without ? go_without(cg, err) : r;
}

static int place_in(struct cgroup *cg, size_t i, const char *pid)
{
	char path[CGROUP_PATH_MAX + 16];

	if (cg->dirs[i].fd >= 0)
		return io_write_file_at(cg->dirs[i].fd, "cgroup.procs", pid);
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup_rel(cg));
	return io_write_file_at(cg->facts->hierarchies[i].fd, path, pid);
}

int cgroup_fs_place(struct cgroup *cg, pid_t pid, bool in_unified, struct err *err)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < cg->facts->hierarchies_len; i++) {
		const struct cgroup_hierarchy *h = &cg->facts->hierarchies[i];
		int r = h->v2 && in_unified ? 0 : place_in(cg, i, text);

		if (r < 0)
			return err_code(err, r, "move process %d into cgroup `%s` in `%s`", (int)pid, cg->path,
					h->mount);
	}
	return 0;
}

static int fs_update(struct cgroup *cg, const struct spec_resources *res, struct err *err)
{
	AUTO(arena_done) struct arena arena = { 0 };
	struct cgroup_change c = { .arena = &arena };
	int r = cgroup_change_plan(cg, res, &c, err);

	if (r == 0)
		r = cgroup_change_begin(cg, &c, err);
	if (r == 0) {
		r = cgroup_write_limits(cg, &c.writes, err);
		if (r == 0 && c.devices)
			r = cgroup_change_devices(cg, &c, err);
		if (r < 0)
			cgroup_change_revert(cg, &c, 0, err);
	}
	buf_done(&c.rules);
	return r;
}

/* Kills what that hierarchy shows. True if there was anything. */
static bool kill_at(struct cgroup *cg, size_t i)
{
	size_t n = 0;

	return cgroup_signal_at(cg, (int)i, SIGKILL, &n) < 0 || n > 0;
}

/* One attempt: 0 when there is nothing left that we have to remove. */
static int clear_at(struct cgroup *cg, size_t i)
{
	int fd, r;

	if (cg->dirs[i].made == 0)
		return kill_at(cg, i) ? -EBUSY : 0;
	r = remove_leaf(cg, i);
	if (r != -EBUSY)
		return r;
	kill_at(cg, i);
	fd = cgroup_fd(cg, (int)i);
	r = fd < 0 ? fd : tree_remove_below(fd);
	if (r == 0)
		r = remove_leaf(cg, i);
	return r == -EAGAIN ? -EBUSY : r == -ENOENT ? 0 : r;
}

/* Of many it is the one that does not die. */
static pid_t holder_of(int proc_fd, const struct buf *pids)
{
	const pid_t *v = (const pid_t *)(const void *)pids->data;
	size_t n = pids->len / sizeof(*v);

	for (size_t i = 0; i < n; i++) {
		char state = 0;

		if (procfs_start_time(proc_fd, v[i], NULL, &state) == 0 && state == 'D')
			return v[i];
	}
	return n > 0 ? v[0] : 0;
}

pid_t cgroup_holder(struct cgroup *cg, int proc_fd)
{
	AUTO(buf_done) struct buf pids = { 0 };

	if (cgroup_is_disabled(cg) || cg->facts->hierarchies_len == 0 ||
	    cgroup_procs_at(cg, cgroup_main_hierarchy(cg), true, &pids) < 0)
		return 0;
	return holder_of(proc_fd, &pids);
}

static int fail_held(struct cgroup *cg, size_t i, struct err *err)
{
	AUTO(buf_done) struct buf pids = { 0 };
	autoclose int proc_fd = procfs_open(NULL);
	const char *mount = cg->facts->hierarchies[i].mount;
	char who[192];
	pid_t pid;

	(void)cgroup_procs_at(cg, (int)i, true, &pids);
	pid = holder_of(proc_fd, &pids);
	if (pid == 0)
		return err_set(err, EBUSY, "remove cgroup `%s` in `%s`: still busy after %d s", cg->path, mount,
			       CGROUP_DESTROY_MS / 1000);
	procfs_describe(proc_fd, pid, who, sizeof(who));
	return err_set(err, EBUSY, "remove cgroup `%s` in `%s`: held by %s", cg->path, mount, who);
}

/* One attempt in every hierarchy. *ret_busy: how many are not clear; *ret_last: one of them. */
static int clear_pass(struct cgroup *cg, size_t *ret_busy, size_t *ret_last, struct err *err)
{
	*ret_busy = 0;
	for (size_t i = 0; i < cg->facts->hierarchies_len; i++) {
		int r = clear_at(cg, i);

		if (r < 0 && r != -EBUSY)
			return err_code(err, r, "remove cgroup `%s` in `%s`", cg->path,
					cg->facts->hierarchies[i].mount);
		*ret_busy += r < 0;
		*ret_last = r < 0 ? i : *ret_last;
	}
	return 0;
}

/* Killed processes leave when they get to run. The time limit counts from the last progress: a pass over many sub-cgroups
 * may take long by itself. */
static int clear_all(struct cgroup *cg, struct err *err)
{
	size_t busy, last = 0, before = SIZE_MAX;
	unsigned pause_us = 200;
	int64_t end = 0;

	(void)cgroup_kill(cg, SIGKILL, NULL);
	for (;;) {
		int r = clear_pass(cg, &busy, &last, err);

		if (r < 0 || busy == 0)
			return r;
		if (busy < before) {
			before = busy;
			end = clock_ms() + CGROUP_DESTROY_MS;
		}
		if (clock_ms() >= end)
			return fail_held(cg, last, err);
		cgroup_thaw_for_kill(cg);
		clock_pause_us(pause_us);
		pause_us = pause_us < 20000 ? pause_us * 2 : pause_us;
	}
}

int cgroup_fs_destroy(struct cgroup *cg, struct err *err)
{
	bool left = false;
	int r;

	for (size_t i = 0; i < cg->facts->hierarchies_len; i++)
		left |= cg->dirs[i].made == 0 || remove_leaf(cg, i) < 0;
	r = left ? clear_all(cg, err) : 0;
	if (r < 0)
		return r;
	for (size_t i = 0; i < cg->facts->hierarchies_len; i++) {
		int e = remove_parents(cg, i, r < 0 ? NULL : err);

		r = r < 0 ? r : e;
	}
	if (cg->facts->unified >= 0 && cg->dirs[cg->facts->unified].made == 0 && cgroup_fd(cg, cg->facts->unified) >= 0)
		(void)devices_detach_v2(cgroup_fd(cg, cg->facts->unified));
	return r;
}

const struct cgroup_driver cgroup_driver_fs = {
	.name = "cgroupfs",
	.create = fs_create,
	.place = cgroup_fs_place,
	.update = fs_update,
	.destroy = cgroup_fs_destroy,
};

static int none_place(struct cgroup *cg, pid_t pid, bool in_unified, struct err *err)
{
	(void)cg;
	(void)pid;
	(void)in_unified;
	(void)err;
	return 0;
}

static int none_update(struct cgroup *cg, const struct spec_resources *res, struct err *err)
{
	(void)cg;
	(void)res;
	return err_set(err, EOPNOTSUPP, "update limits: the container has no cgroup");
}

static int none_destroy(struct cgroup *cg, struct err *err)
{
	(void)cg;
	(void)err;
	return 0;
}

const struct cgroup_driver cgroup_driver_disabled = {
	.name = "disabled",
	.place = none_place,
	.update = none_update,
	.destroy = none_destroy,
};
const struct cgroup_driver cgroup_driver_view = {
	.name = "view",
	.place = cgroup_fs_place,
	.update = none_update,
	.destroy = none_destroy,
};
