/* SPDX-License-Identifier: Apache-2.0 */
/* Both freezers. A host with the v1 freezer mounted uses that one (its state is what tools there look at), else cgroup v2. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "kernel/cgroup/internal.h"
#include "kernel/cgroup/tree.h"

static int event_parse(const char *text, const char *key, int *ret)
{
	size_t len = strlen(key);

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strncmp(p, key, len) == 0 && p[len] == ' ') {
			*ret = p[len + 1] == '1';
			return 0;
		}
	return -ENODATA;
}

int cgroup_event(int dir_fd, const char *key, int *ret)
{
	char text[256];
	ssize_t n = io_read_file_at(dir_fd, "cgroup.events", text, sizeof(text));

	return n < 0 ? (int)n : event_parse(text, key, ret);
}

int cgroup_event_wait(int dir_fd, const char *key, int want, int timeout_ms)
{
	autoclose int fd = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t end = clock_ms() + timeout_ms;

	if (fd < 0)
		return -errno;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		int64_t now = clock_ms();
		char text[256];
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
		int have, r;

		if (n < 0)
			return -errno;
		text[n] = 0;
		r = event_parse(text, key, &have);
		if (r < 0 || have == want)
			return r;
		if (now >= end)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)(end - now)) < 0 && errno != EINTR)
			return -errno;
	}
}

static int v1_state(int dir_fd, char *ret, size_t len)
{
	ssize_t n = io_read_file_at(dir_fd, "freezer.state", ret, len);

	if (n < 0)
		return (int)n;
	ret[strcspn(ret, "\n")] = 0;
	return 0;
}

/* A task in the middle of vfork or of a trace keeps the state at FREEZING until it is asked again; sometimes only a short
 * thaw lets it reach a point where it can stop. */
static int v1_freeze_until(int dir_fd)
{
	int64_t end = clock_ms() + CGROUP_FREEZE_MS;
	char state[32];

	for (unsigned i = 1; clock_ms() < end; i++) {
		int r = io_write_file_at(dir_fd, "freezer.state", "FROZEN");

		if (r < 0)
			return r;
		r = v1_state(dir_fd, state, sizeof(state));
		if (r < 0)
			return r;
		if (strcmp(state, "FROZEN") == 0)
			return 0;
		if (i % 50 == 0)
			(void)io_write_file_at(dir_fd, "freezer.state", "THAWED");
		clock_pause_us(i < 20 ? 50 : 2000);
	}
	return -EBUSY;
}

/* Whoever is told that it did not work must not find it frozen. */
static int v1_freeze(int dir_fd)
{
	int r = v1_freeze_until(dir_fd);

	if (r < 0)
		(void)io_write_file_at(dir_fd, "freezer.state", "THAWED");
	return r;
}

/* -EDEADLK: what stands above decides. */
static int v1_thaw(int dir_fd)
{
	char above[8] = "0";
	int r = io_write_file_at(dir_fd, "freezer.state", "THAWED");

	if (r < 0)
		return r;
	return io_read_file_at(dir_fd, "freezer.parent_freezing", above, sizeof(above)) > 0 && above[0] == '1'
		       ? -EDEADLK
		       : 0;
}

/* The root of the hierarchy has no such file, nor has what it is mounted on. */
static bool v2_above_is_frozen(int dir_fd)
{
	autoclose int at = openat(dir_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char text[8];

	while (at >= 0 && io_read_file_at(at, "cgroup.freeze", text, sizeof(text)) > 0) {
		int above;

		if (text[0] == '1')
			return true;
		above = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = above;
	}
	return false;
}

static int v2_freeze(int dir_fd, bool on)
{
	int r = io_write_file_at(dir_fd, "cgroup.freeze", on ? "1" : "0");

	if (r < 0)
		return r;
	if (!on && v2_above_is_frozen(dir_fd))
		return -EDEADLK;
	r = cgroup_event_wait(dir_fd, "frozen", on, CGROUP_FREEZE_MS);
	if (r < 0 && on)
		(void)io_write_file_at(dir_fd, "cgroup.freeze", "0");
	return r == -ETIMEDOUT ? -EBUSY : r;
}

int cgroup_freeze(struct cgroup *cg, bool on, struct err *err)
{
	int i = cgroup_facts_find_v1(cg->facts, "freezer");
	int r = -EOPNOTSUPP;
	int fd;

	if (cgroup_is_disabled(cg))
		return err_set(err, EOPNOTSUPP, "freeze container: it has no cgroup");
	fd = cgroup_fd(cg, i >= 0 ? i : cg->facts->unified);
	if (i < 0 && cg->facts->unified < 0)
		return err_set(err, EOPNOTSUPP, "freeze cgroup `%s`: no freezer is mounted", cg->path);
	if (fd < 0)
		r = fd;
	else if (i < 0)
		r = v2_freeze(fd, on);
	else
		r = on ? v1_freeze(fd) : v1_thaw(fd);
	if (r == -EDEADLK)
		return err_set(err, EBUSY, "thaw cgroup `%s`: a cgroup above it is frozen", cg->path);
	if (r == -EBUSY)
		return err_set(err, EBUSY, "%s cgroup `%s`: not done after %d s", on ? "freeze" : "thaw", cg->path,
			       CGROUP_FREEZE_MS / 1000);
	return r < 0 ? err_code(err, r, "%s cgroup `%s`", on ? "freeze" : "thaw", cg->path) : 0;
}

/* A cgroup that was removed since it was opened (no file any more, or -ENODEV from a file) is not frozen, like one that is not there; nor is
 * the root of a hierarchy, which has neither file. */
static bool is_gone(int r)
{
	return r == -ENODEV || r == -ENOENT;
}

int cgroup_frozen_at(struct cgroup *cg, struct err *err)
{
	int i = cgroup_facts_find_v1(cg->facts, "freezer");
	int fd = i >= 0 ? cgroup_fd(cg, i) : -ENOENT;
	int frozen = 0, r;
	char state[32];

	if (fd >= 0) {
		r = v1_state(fd, state, sizeof(state));
		if (r < 0 && !is_gone(r))
			return err_code(err, r, "read `freezer.state` of cgroup `%s`", cg->path);
		if (r == 0 && strcmp(state, "THAWED") != 0)
			return 1;
	}
	fd = cgroup_fd(cg, cg->facts->unified);
	if (fd < 0)
		return 0;
	r = cgroup_event(fd, "frozen", &frozen);
	if (is_gone(r))
		return 0;
	return r < 0 ? err_code(err, r, "read `cgroup.events` of cgroup `%s`", cg->path) : frozen;
}

int cgroup_is_frozen(struct cgroup *cg, struct err *err)
{
	return cgroup_is_disabled(cg) ? 0 : cgroup_frozen_at(cg, err);
}

/* cgroup v2 lets a frozen process die; the v1 freezer does not, and the container may have frozen its own sub-cgroups. */
void cgroup_thaw_for_kill(struct cgroup *cg)
{
	int i = cgroup_facts_find_v1(cg->facts, "freezer");
	int fd = i >= 0 ? cgroup_fd(cg, i) : -ENOENT;

	if (fd >= 0)
		(void)tree_write(fd, "freezer.state", "THAWED");
}
