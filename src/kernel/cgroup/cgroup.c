/* SPDX-License-Identifier: Apache-2.0 */
/* The facade: everything that is the same for every driver, working on the directories. */
#include "kernel/cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "kernel/cgroup/internal.h"
#include "kernel/cgroup/tree.h"

#define WALK_TRIES 8

void cgroup_init(struct cgroup *cg, const struct cgroup_facts *facts, const struct cgroup_driver *driver)
{
	bool tolerant = cg->driver && cg->rootless_tolerant;

	cgroup_done(cg);
	memset(cg, 0, sizeof(*cg));
	cg->facts = facts;
	cg->driver = driver;
	cg->rootless_tolerant = tolerant;
	for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
		cg->dirs[i].fd = -EBADF;
}

void cgroup_done(struct cgroup *cg)
{
	if (!cg->driver)
		return;
	cgroup_settle(cg);
	for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
		cleanup_close(&cg->dirs[i].fd);
}

bool cgroup_is_disabled(const struct cgroup *cg)
{
	return !cg->driver || cg->path[0] == 0;
}

bool cgroup_is_new(const struct cgroup *cg)
{
	return !cgroup_is_disabled(cg) && cg->facts->unified >= 0 && cg->dirs[cg->facts->unified].made > 0;
}

int cgroup_fd(struct cgroup *cg, int i)
{
	if (i < 0 || cgroup_is_disabled(cg))
		return -ENOENT;
	if (cg->dirs[i].fd < 0) {
		int fd = openat(cg->facts->hierarchies[i].fd, cgroup_rel(cg),
				O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			return -errno;
		cg->dirs[i].fd = fd;
	}
	return cg->dirs[i].fd;
}

int cgroup_main_hierarchy(const struct cgroup *cg)
{
	int i = cg->facts->unified >= 0 ? cg->facts->unified : cgroup_facts_find_v1(cg->facts, "devices");

	return i >= 0 ? i : 0;
}

int cgroup_procs_at(struct cgroup *cg, int i, bool recursive, struct buf *ret)
{
	int fd = cgroup_fd(cg, i);
	int r = fd;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	for (unsigned t = 0; t < WALK_TRIES; t++) {
		size_t before = ret->len;

		r = tree_procs(fd, recursive, ret);
		if (r != -EAGAIN)
			return r;
		ret->len = before;
	}
	return r;
}

/* What is there already must be empty, below as well. */
static int check_empty(struct cgroup *cg, int i, struct err *err)
{
	AUTO(buf_done) struct buf pids = { 0 };
	const char *mount = cg->facts->hierarchies[i].mount;
	pid_t first;
	int r = cgroup_procs_at(cg, i, true, &pids);

	if (r < 0)
		return err_code(err, r, "read processes of cgroup `%s` in `%s`", cg->path, mount);
	if (pids.len < sizeof(first))
		return 0;
	memcpy(&first, pids.data, sizeof(first));
	err_set(err, EBUSY, "use cgroup `%s`: process %d is in it (%s)", cg->path, (int)first, mount);
	err_pointer(err, "/linux/cgroupsPath");
	return -EBUSY;
}

/* Counts how many of the last components are missing. */
static int probe_at(struct cgroup *cg, int i, struct err *err)
{
	unsigned depth = cgroup_path_depth(cg->path), n = 0;
	char prefix[CGROUP_PATH_MAX];
	int r = cgroup_fd(cg, i);

	if (r >= 0)
		return check_empty(cg, i, err);
	snprintf(prefix, sizeof(prefix), "%s", cgroup_rel(cg));
	for (n = 1; r == -ENOENT && n < depth; n++) {
		char *slash = strrchr(prefix, '/');

		*slash = 0;
		if (faccessat(cg->facts->hierarchies[i].fd, prefix, F_OK, 0) == 0)
			break;
		r = -errno;
	}
	if (r != -ENOENT)
		return err_code(err, r, "look up cgroup `%s` in `%s`", cg->path, cg->facts->hierarchies[i].mount);
	cg->dirs[i].made = (uint16_t)n;
	return 0;
}

int cgroup_check_fit(struct cgroup *cg, struct err *err)
{
	int r = cgroup_is_frozen(cg, err);

	if (r <= 0)
		return r;
	err_set(err, EBUSY, "use cgroup `%s`: it is frozen", cg->path);
	err_hint(err, "thaw it first; for a paused container that is `resume`");
	return -EBUSY;
}

/* Whether the name is taken is systemd's to say, when the unit is started. */
static int probe_unit(struct cgroup *cg, const struct cgroup_options *o, struct err *err)
{
	if (o->unit->user && cg->facts->layout != CGROUP_LAYOUT_V2) {
		err_set(err, EOPNOTSUPP, "use the user's systemd: not possible with %s",
			cgroup_layout_name(cg->facts->layout));
		err_hint(err, "only cgroup v2 can be delegated to users");
		return -EOPNOTSUPP;
	}
	strcpy(cg->unit, o->unit->unit);
	strcpy(cg->slice, o->unit->slice);
	strcpy(cg->path, o->unit->user ? "" : o->unit->path);
	cg->user = o->unit->user;
	cg->is_slice = o->unit->is_slice;
	if (snprintf(cg->sub, sizeof(cg->sub), "%s", o->sub ? o->sub : "") >= (int)sizeof(cg->sub))
		return err_set(err, ENAMETOOLONG, "use cgroup `%s`: its name is too long", o->sub);
	cg->id = o->id;
	cg->extra = o->extra;
	return 0;
}

int cgroup_probe(const struct cgroup_facts *facts, const char *path, const struct cgroup_options *o, struct cgroup *ret,
		 struct err *err)
{
	bool exists = false;
	int r = 0;

	ret->driver = NULL;
	cgroup_init(ret, facts, o && o->driver ? o->driver : &cgroup_driver_fs);
	ret->rootless_tolerant = o && o->rootless_tolerant;
	if (ret->driver == &cgroup_driver_systemd)
		return probe_unit(ret, o, err);
	if (path[0] != '/' || !path[1] || strlen(path) >= sizeof(ret->path))
		return err_set(err, EINVAL, "use cgroup `%s`: not a cgroup path", path);
	strcpy(ret->path, path);
	for (size_t i = 0; r == 0 && i < facts->hierarchies_len; i++) {
		r = probe_at(ret, (int)i, err);
		exists |= ret->dirs[i].made == 0;
	}
	if (r == 0 && exists)
		r = cgroup_check_fit(ret, err);
	if (r < 0)
		cgroup_done(ret);
	return r;
}

int cgroup_create(struct cgroup *cg, const struct cgroup_limits *limits, struct err *err)
{
	return cg->driver->create(cg, limits, err);
}

int cgroup_dir_fd(struct cgroup *cg)
{
	int fd = cgroup_is_disabled(cg) ? -1 : cgroup_fd(cg, cg->facts->unified);

	return fd < 0 ? -1 : fd;
}

int cgroup_place(struct cgroup *cg, pid_t pid, bool in_unified, struct err *err)
{
	return cg->driver->place(cg, pid, in_unified, err);
}

bool cgroup_can_place_late(const struct cgroup *cg, int r)
{
	return r == -EAGAIN || (cg->driver == &cgroup_driver_systemd && cgroup_is_permission(r));
}

int cgroup_destroy(struct cgroup *cg, struct err *err)
{
	return cg->driver->destroy(cg, err);
}

int cgroup_update(struct cgroup *cg, const struct spec_resources *res, struct err *err)
{
	return cg->driver->update(cg, res, err);
}

int cgroup_procs(struct cgroup *cg, bool recursive, pid_t **ret, size_t *ret_n, struct err *err)
{
	AUTO(buf_done) struct buf pids = { 0 };
	int r;

	*ret = NULL;
	*ret_n = 0;
	if (cgroup_is_disabled(cg) || cg->facts->hierarchies_len == 0)
		return err_set(err, EOPNOTSUPP, "list processes: the container has no cgroup");
	r = cgroup_procs_at(cg, cgroup_main_hierarchy(cg), recursive, &pids);
	if (r < 0)
		return err_code(err, r, "list processes of cgroup `%s`", cg->path);
	*ret_n = pids.len / sizeof(pid_t);
	*ret = pids.len ? (pid_t *)take_ptr(&pids.data) : NULL;
	return 0;
}

bool cgroup_is_v2(const struct cgroup *cg, const char *controller)
{
	return cg->facts->unified >= 0 && cgroup_facts_find(cg->facts, controller) == cg->facts->unified;
}

ssize_t cgroup_read(struct cgroup *cg, const char *controller, const char *file, char *ret, size_t len)
{
	int i = strcmp(controller, "cgroup2") == 0 ? cg->facts->unified : cgroup_facts_find(cg->facts, controller);
	int fd = cgroup_fd(cg, i);

	return fd < 0 ? fd : io_read_file_at(fd, file, ret, len);
}

static int open_tasks_at(struct cgroup *cg, size_t i)
{
	const char *file = cg->facts->hierarchies[i].v2 ? "cgroup.procs" : "tasks";
	char path[CGROUP_PATH_MAX + 16];

	if (cg->dirs[i].fd >= 0)
		return openat(cg->dirs[i].fd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	snprintf(path, sizeof(path), "%s/%s", cgroup_rel(cg), file);
	return openat(cg->facts->hierarchies[i].fd, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
}

int cgroup_open_tasks(struct cgroup *cg, bool in_unified, int *fds, size_t max, size_t *ret_len, struct err *err)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && !cgroup_is_disabled(cg) && i < cg->facts->hierarchies_len; i++) {
		const struct cgroup_hierarchy *h = &cg->facts->hierarchies[i];

		if (h->v2 && in_unified)
			continue;
		if (n == max)
			r = err_set(err, ENOSPC, "open cgroup `%s`: more than %zu hierarchies", cg->path, max);
		else if ((fds[n] = open_tasks_at(cg, i)) < 0)
			r = err_sys(err, "open cgroup `%s` in `%s`", cg->path, h->mount);
		else
			n++;
	}
	while (r < 0 && n > 0)
		close(fds[--n]);
	*ret_len = n;
	return r;
}
