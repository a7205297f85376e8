/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the directories of a cgroup in every hierarchy and what they need before a process can enter. Paths are plain
 * here: they come from the engine, and a cgroup file system has no links. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "kernel/cgroup/internal.h"

#define MAKE_TRIES 16
/* No error number: a cgroup whose limit of descendants is reached says EAGAIN. */
#define MAKE_AGAIN 1

/* Bytes of rel ("a/b/c") that its first n components take. */
static size_t prefix_len(const char *rel, unsigned n)
{
	const char *pos = rel, *name;

	while (n-- > 0)
		cgroup_path_next(&pos, &name);
	return (size_t)(pos - rel);
}

static int fail_mkdir(const struct cgroup *cg, int i, int r, struct err *err)
{
	err_code(err, r, "make cgroup `%s` in `%s`", cg->path, cg->facts->hierarchies[i].mount);
	if (r == -EACCES || r == -EPERM || r == -EROFS)
		err_hint(
			err,
			"limits need a cgroup that this user may make: use the systemd cgroup manager, or run in a delegated cgroup");
	return r;
}

/* Makes the components that the probe found missing. MAKE_AGAIN when a parent vanished meanwhile. */
static int make_in(struct cgroup *cg, int i, struct err *err)
{
	unsigned depth = cgroup_path_depth(cg->path), have = depth - cg->dirs[i].made;
	int at = cg->facts->hierarchies[i].fd;
	char prefix[CGROUP_PATH_MAX];

	for (unsigned n = have + 1; n <= depth; n++) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)prefix_len(cgroup_rel(cg), n), cgroup_rel(cg));
		if (mkdirat(at, prefix, 0755) == 0)
			continue;
		if (errno == EEXIST && n < depth) { /* another runtime was faster: then that parent is not ours */
			cg->dirs[i].made = (uint16_t)(depth - n);
			continue;
		}
		if (errno == ENOENT && n > 1)
			return MAKE_AGAIN;
		cg->dirs[i].made = (uint16_t)(n == depth && errno == EEXIST ? 0 : cg->dirs[i].made);
		return fail_mkdir(cg, i, -errno, err);
	}
	return 0;
}

/* A removed parent has to be made, too, and is then ours. */
static void recount(struct cgroup *cg, int i)
{
	unsigned depth = cgroup_path_depth(cg->path);
	char prefix[CGROUP_PATH_MAX];
	unsigned n = depth;

	for (; n > 0; n--) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)prefix_len(cgroup_rel(cg), n), cgroup_rel(cg));
		if (faccessat(cg->facts->hierarchies[i].fd, prefix, F_OK, 0) == 0)
			break;
	}
	cg->dirs[i].made = (uint16_t)(depth - n);
}

int cgroup_make(struct cgroup *cg, struct err *err)
{
	for (size_t i = 0; i < cg->facts->hierarchies_len; i++) {
		int r = cg->dirs[i].made ? make_in(cg, (int)i, err) : 0;

		for (int tries = 0; r == MAKE_AGAIN && tries < MAKE_TRIES; tries++) {
			recount(cg, (int)i);
			r = make_in(cg, (int)i, err);
		}
		if (r != 0) {
			/* What was planned for the rest does not exist: an undo must not look for it. */
			for (size_t k = i + 1; k < cg->facts->hierarchies_len; k++)
				cg->dirs[k].made = 0;
			return r == MAKE_AGAIN ? fail_mkdir(cg, (int)i, -ENOENT, err) : r;
		}
	}
	return 0;
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += len)
		if ((p == list || p[-1] == ' ') && (p[len] == 0 || p[len] == ' ' || p[len] == '\n'))
			return true;
	return false;
}

static int read_in(int at, const char *prefix, const char *file, char *ret, size_t len)
{
	char path[CGROUP_PATH_MAX + 64];
	ssize_t n;

	snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] ? "/" : "", file);
	n = io_read_file_at(at, path, ret, len);
	return n < 0 ? (int)n : 0;
}

static int write_in(int at, const char *prefix, const char *file, const char *value)
{
	char path[CGROUP_PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] ? "/" : "", file);
	return io_write_file_at(at, path, value);
}

/* On pure v2 also those whose files `stats` reads. On a hybrid host nothing is turned on that nobody asked for. */
static const char *const wanted[] = { "cpu", "io", "memory", "pids" };

/* A user gets the controllers that systemd's administrator passes on to the user's manager. controllers: "+cpu +io ". */
static void hint_delegation(const struct cgroup *cg, const char *controllers, struct err *err)
{
	static const char *const known[] = { "cpu", "cpuset", "io", "memory", "pids" };
	char copy[512], *save = NULL;

	if (!strstr(cg->path, "/user@"))
		return;
	snprintf(copy, sizeof(copy), "%s", controllers);
	for (char *c = strtok_r(copy, "+ ", &save); c; c = strtok_r(NULL, "+ ", &save)) {
		bool found = false;

		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			found |= strcmp(c, known[i]) == 0;
		if (!found) {
			err_hint(err, "systemd can pass on cpu, cpuset, io, memory and pids to users; `%s` needs root",
				 c);
			return;
		}
	}
	err_hint(err,
		 "let systemd pass it on: Delegate=cpu cpuset io memory pids, under [Service] in "
		 "/etc/systemd/system/user@.service.d/delegate.conf; then systemctl daemon-reload, and log in anew");
}

/* First pass collects "+a +b" of what is needed and not on at this level. */
static int missing_at(const struct cgroup *cg, const char *prefix, const char *on, const struct cgroup_writes *w,
		      char *need, size_t need_len, struct err *err)
{
	char available[512];
	size_t used = 0;
	int r = 0;

	need[0] = available[0] = 0;
	for (size_t i = 0; w && i < w->len; i++) {
		const char *c = w->v[i].controller;
		char one[64];

		snprintf(one, sizeof(one), "+%s ", c);
		if (w->v[i].hierarchy != cg->facts->unified || !c[0] || has_word(on, c) || strstr(need, one))
			continue;
		if (!available[0])
			r = read_in(cg->facts->hierarchies[cg->facts->unified].fd, prefix, "cgroup.controllers",
				    available, sizeof(available));
		if (r < 0)
			return err_code(err, r, "read `cgroup.controllers` of `/%s`", prefix);
		if (!has_word(available, c)) {
			err_set(err, EOPNOTSUPP, "set `%s`: controller `%s` is not available in cgroup `/%s` (%s)",
				w->v[i].file, c, prefix, cgroup_layout_name(cg->facts->layout));
			err_pointer(err, "%s", w->v[i].pointer);
			hint_delegation(cg, c, err);
			return -EOPNOTSUPP;
		}
		if (used + strlen(one) < need_len)
			used += (size_t)sprintf(need + used, "%s", one);
	}
	return 0;
}

/* The root aside, a cgroup that holds processes passes on threaded controllers at most (cpu, pids), and then those below it can hold
 * none: the kernel makes it the root of a threaded tree. So nothing is turned on there at all. */
static bool holds_processes(int at, const char *prefix)
{
	char text[16] = "";
	int r = prefix[0] ? read_in(at, prefix, "cgroup.procs", text, sizeof(text)) : 0;

	return r == -EFBIG || (r == 0 && text[0]);
}

static int enable_needed(const struct cgroup *cg, const char *prefix, const char *need, struct err *err)
{
	int at = cg->facts->hierarchies[cg->facts->unified].fd;
	int r = holds_processes(at, prefix) ? -EBUSY : write_in(at, prefix, "cgroup.subtree_control", need);

	if (cgroup_is_permission(r))
		hint_delegation(cg, need, err);
	if (r == -EBUSY)
		err_hint(err,
			 "a cgroup that holds processes itself cannot pass controllers on: choose another parent in "
			 "cgroupsPath");
	return r < 0 ? err_code(err, r, "write `%s` to `cgroup.subtree_control` of `/%s`", need, prefix) : 0;
}

static int enable_at(const struct cgroup *cg, const char *prefix, const struct cgroup_writes *w, struct err *err)
{
	int at = cg->facts->hierarchies[cg->facts->unified].fd, r;
	char on[512], need[512], more[128] = "";

	r = read_in(at, prefix, "cgroup.subtree_control", on, sizeof(on));
	if (r < 0)
		return err_code(err, r, "read `cgroup.subtree_control` of `/%s`", prefix);
	r = missing_at(cg, prefix, on, w, need, sizeof(need), err);
	if (r == 0 && need[0])
		r = enable_needed(cg, prefix, need, err);
	if (r < 0 || cg->facts->layout != CGROUP_LAYOUT_V2)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		char one[32];

		snprintf(one, sizeof(one), "+%s ", wanted[i]);
		if (!has_word(on, wanted[i]) && !strstr(need, one))
			strcat(more, one);
	}
	if (!more[0] || holds_processes(at, prefix))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(wanted);
	     i++) { /* one by one: what the tree does not have is no reason to miss the others */
		char one[32];

		snprintf(one, sizeof(one), "+%s ", wanted[i]);
		if (strstr(more, one))
			(void)write_in(at, prefix, "cgroup.subtree_control", one);
	}
	return 0;
}

int cgroup_enable_controllers(const struct cgroup *cg, const struct cgroup_writes *w, struct err *err)
{
	unsigned depth = cgroup_path_depth(cg->path);
	char prefix[CGROUP_PATH_MAX];
	bool any = cg->facts->layout == CGROUP_LAYOUT_V2;

	if (cg->facts->unified < 0)
		return 0;
	for (size_t i = 0; w && i < w->len; i++)
		any |= w->v[i].hierarchy == cg->facts->unified && w->v[i].controller[0];
	for (unsigned n = 0; any && n < depth; n++) {
		int r;

		snprintf(prefix, sizeof(prefix), "%.*s", (int)prefix_len(cgroup_rel(cg), n), cgroup_rel(cg));
		r = enable_at(cg, prefix, w, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Copies one file from the nearest ancestor with a value down to the leaf; looking starts where the tree was before us. */
static int fill_from_above(int at, const char *rel, unsigned depth, unsigned made, const char *file)
{
	char prefix[CGROUP_PATH_MAX], value[4096];
	unsigned from = depth - made;
	int r;

	for (;; from--) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)prefix_len(rel, from), rel);
		r = read_in(at, prefix, file, value, sizeof(value));
		if (r < 0 || value[strspn(value, " \n")] || from == 0)
			break;
	}
	value[r < 0 ? 0 : strcspn(value, "\n")] = 0;
	for (unsigned n = from + 1; r == 0 && n <= depth; n++) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)prefix_len(rel, n), rel);
		r = write_in(at, prefix, file, value);
	}
	return r;
}

int cgroup_fill_cpuset(const struct cgroup *cg, struct err *err)
{
	static const char *const files[2][2] = { { "cpuset.cpus", "cpuset.mems" }, { "cpus", "mems" } };
	int i = cgroup_facts_find_v1(cg->facts, "cpuset");
	const struct cgroup_hierarchy *h = i < 0 ? NULL : &cg->facts->hierarchies[i];

	for (size_t k = 0; h && k < 2; k++) {
		const char *file = files[h->noprefix][k];
		int r = fill_from_above(h->fd, cgroup_rel(cg), cgroup_path_depth(cg->path), cg->dirs[i].made, file);

		if (r < 0)
			return err_code(err, r, "fill `%s` of cgroup `%s`", file, cg->path);
	}
	return 0;
}
