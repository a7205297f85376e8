/* SPDX-License-Identifier: Apache-2.0 */
/* A cgroup as one line of text for the journal and state.json, and the other ways to get at an existing cgroup. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/mutation.h"
#include "base/parse.h"
#include "base/procfs.h"
#include "kernel/cgroup/internal.h"

static const struct cgroup_driver *driver_find(const char *name, size_t len)
{
	const struct cgroup_driver *const drivers[] = { &cgroup_driver_fs, &cgroup_driver_disabled,
							&cgroup_driver_systemd };

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (strlen(drivers[i]->name) == len && memcmp(drivers[i]->name, name, len) == 0)
			return drivers[i];
	return NULL;
}

int cgroup_record(const struct cgroup *cg, char *ret, size_t len)
{
	int n = snprintf(ret, len, "%s", cg->driver ? cg->driver->name : "disabled");

	if (cg->driver && cg->unit[0] && n < (int)len)
		n += snprintf(ret + n, len - (size_t)n, " unit=%s%s", cg->unit, cg->user ? " user" : "");
	for (size_t i = 0; !cgroup_is_disabled(cg) && i < cg->facts->hierarchies_len; i++)
		if (cg->dirs[i].made && n < (int)len)
			n += snprintf(ret + n, len - (size_t)n, " %s:%u", cg->facts->hierarchies[i].name,
				      cg->dirs[i].made);
	if (!cgroup_is_disabled(cg) && n < (int)len)
		n += snprintf(ret + n, len - (size_t)n, " %s", cg->path);
	return n < (int)len ? 0 : -ENAMETOOLONG;
}

static int hierarchy_by_name(const struct cgroup_facts *f, const char *name)
{
	for (size_t i = 0; i < f->hierarchies_len; i++)
		if (strcmp(f->hierarchies[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* "memory:1", "unit=x" or "user". A hierarchy that is no longer mounted has nothing to give back. */
static int record_word(struct cgroup *cg, const char *word)
{
	const char *colon = strrchr(word, ':');
	char name[64];
	uint64_t n;
	int i;

	if (strncmp(word, "unit=", 5) == 0) {
		if (strlen(word + 5) >= sizeof(cg->unit))
			return -EINVAL;
		strcpy(cg->unit, word + 5);
		return 0;
	}
	if (strcmp(word, "user") == 0) {
		cg->user = true;
		return 0;
	}
	if (!colon || (size_t)(colon - word) >= sizeof(name) || parse_u64(colon + 1, 512, &n) < 0)
		return -EINVAL;
	snprintf(name, sizeof(name), "%.*s", (int)(colon - word), word);
	i = hierarchy_by_name(cg->facts, name);
	if (i >= 0)
		cg->dirs[i].made = (uint16_t)n;
	return 0;
}

/* The path was checked when it was planned; it is checked again, since a record leads to a removal. */
static int record_path(struct cgroup *cg, const char *path)
{
	unsigned depth = cgroup_path_depth(path);
	int r = cgroup_path_plan(path, "", cg->path, sizeof(cg->path), NULL);

	for (size_t i = 0; r == 0 && i < CGROUP_HIERARCHIES_MAX; i++)
		if (cg->dirs[i].made > depth)
			r = -EINVAL;
	return r;
}

int cgroup_open(const struct cgroup_facts *facts, const char *recorded, struct cgroup *ret, struct err *err)
{
	const struct cgroup_driver *d = driver_find(recorded, strcspn(recorded, " "));
	const char *p = recorded + strcspn(recorded, " ");
	int r = 0;

	ret->driver = NULL;
	cgroup_init(ret, facts, d ? d : &cgroup_driver_disabled);
	if (!d)
		return err_set(err, EINVAL, "read cgroup record `%s`: unknown cgroup manager", recorded);
	while (r == 0 && *p == ' ') {
		char word[320];
		size_t n;

		p++;
		if (*p == '/') {
			r = record_path(ret, p);
			break;
		}
		n = strcspn(p, " ");
		snprintf(word, sizeof(word), "%.*s", n < sizeof(word) ? (int)n : 0, p);
		r = record_word(ret, word);
		p += n;
	}
	/* The place of a user's unit is not known before systemd has made it. */
	if (r == 0 && d != &cgroup_driver_disabled && !ret->path[0] && !ret->unit[0])
		r = -EINVAL;
	return r < 0 ? err_code(err, r, "read cgroup record `%s`", recorded) : 0;
}

typedef int line_fn(void *arg, int hierarchy, const char *path);

/* Lines "3:memory:/a/b" and "0::/a/b" of /proc/PID/cgroup, for the hierarchies that are mounted. */
static int proc_lines(const struct cgroup_facts *f, int proc_fd, pid_t pid, line_fn *fn, void *arg, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	autoclose int fd = -1;
	char *save = NULL, file[32];
	int r;

	snprintf(file, sizeof(file), "%d/cgroup", (int)pid);
	fd = procfs_open_file(proc_fd, file, O_RDONLY);
	r = fd < 0 ? fd : io_read_all(fd, 1u << 20, &text);
	if (r < 0)
		return err_code(err, r, "read cgroups of process %d", (int)pid);
	for (char *line = strtok_r(text.data, "\n", &save); r == 0 && line; line = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
		int i;

		if (!path)
			continue;
		*path++ = 0;
		names++;
		i = names[0] ? hierarchy_by_name(f, names) : f->unified;
		if (i >= 0)
			r = fn(arg, i, path);
	}
	return r;
}

static int open_line(void *arg, int i, const char *path)
{
	struct cgroup *cg = arg;
	const char *rel = path[1] ? path + 1 : ".";

	cg->dirs[i].fd = openat(cg->facts->hierarchies[i].fd, rel, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (cg->dirs[i].fd < 0)
		return -errno;
	if (!cg->path[0] || i == cg->facts->unified)
		snprintf(cg->path, sizeof(cg->path), "%s", path);
	return 0;
}

int cgroup_open_pid(const struct cgroup_facts *facts, int proc_fd, pid_t pid, struct cgroup *ret, struct err *err)
{
	int r;

	ret->driver = NULL;
	cgroup_init(ret, facts, &cgroup_driver_view);
	r = proc_lines(facts, proc_fd, pid, open_line, ret, err);
	if (r < 0) {
		cgroup_done(ret);
		err_wrap(err, r, "open cgroups of process %d", (int)pid);
	}
	return r;
}

struct check_line_arg {
	const struct cgroup *cg;
	int bad;
	char path[256];
};

static int check_line(void *arg, int i, const char *path)
{
	struct check_line_arg *c = arg;
	size_t n = strlen(c->cg->path);

	if (c->bad < 0 && (strncmp(path, c->cg->path, n) != 0 || (path[n] && path[n] != '/'))) {
		c->bad = i;
		snprintf(c->path, sizeof(c->path), "%s", path);
	}
	return 0;
}

int cgroup_check_pid(const struct cgroup *cg, int proc_fd, pid_t pid, struct err *err)
{
	struct check_line_arg c = { .cg = cg, .bad = -1 };

	if (MUTATION(CGROUP))
		return mutation_leave_cgroup(pid);
	int r = cgroup_is_disabled(cg) ? 0 : proc_lines(cg->facts, proc_fd, pid, check_line, &c, err);

	if (r == 0 && c.bad >= 0)
		return err_set(err, EIO, "check cgroups of process %d: it is in `%s` instead of `%s` (%s)", (int)pid,
			       c.path, cg->path, cg->facts->hierarchies[c.bad].mount);
	return r;
}
