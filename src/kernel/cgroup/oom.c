/* SPDX-License-Identifier: Apache-2.0 */
/* Out of memory: v1 signals an eventfd that was registered with the cgroup, v2 counts in memory.events. v1 does so whenever somebody is
 * in want, so again while who was killed for it has not gone; its count of the killed is that of the one cgroup, not of those below, so
 * it cannot tell which signals are one too many. */

#include "kernel/cgroup/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "kernel/cgroup/internal.h"

static int open_v1(int dir_fd, struct cgroup_oom *ret)
{
	autoclose int file = openat(dir_fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	autoclose int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char text[32];
	int r;

	if (file < 0 || event < 0)
		return -errno;
	snprintf(text, sizeof(text), "%d %d", event, file);
	r = io_write_file_at(dir_fd, "cgroup.event_control", text);
	if (r < 0)
		return r;
	ret->fd = take_fd(&event);
	ret->file_fd = take_fd(&file);
	ret->events = POLLIN;
	return 0;
}

/* Reading also arms the next notification. */
static int read_counter(int fd, uint64_t *ret)
{
	char text[1024];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	const char *at;

	if (n < 0)
		return -errno;
	text[n] = '\0';
	at = strstr(text, "oom_kill ");
	*ret = at ? strtoull(at + strlen("oom_kill "), NULL, 10) : 0;
	return 0;
}

static int open_v2(int dir_fd, struct cgroup_oom *ret)
{
	autoclose int fd = openat(dir_fd, "memory.events", O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = read_counter(fd, &ret->seen);
	if (r < 0)
		return r;
	ret->fd = ret->file_fd = take_fd(&fd);
	ret->events = POLLPRI;
	return 0;
}

int cgroup_oom_open(struct cgroup *cg, struct cgroup_oom *ret, struct err *err)
{
	int i = cgroup_facts_find(cg->facts, "memory");
	int fd = cgroup_fd(cg, i);
	int r;

	*ret = (struct cgroup_oom)CGROUP_OOM_INIT;
	if (fd < 0)
		return fd == -ENOENT ? 0 : err_code(err, fd, "open cgroup `%s`", cg->path);
	r = cg->facts->hierarchies[i].v2 ? open_v2(fd, ret) : open_v1(fd, ret);
	return r < 0 && r != -ENOENT ? err_code(err, r, "watch the memory of cgroup `%s`", cg->path) : 0;
}

/* The end of the cgroup is one more signal. */
static int take_v1(struct cgroup_oom *oom)
{
	uint64_t count = 0;
	char c;
	bool gone = pread(oom->file_fd, &c, 1, 0) < 0;

	if (read(oom->fd, &count, sizeof(count)) < 0)
		count = 0;
	if (gone)
		return count > 1 ? 1 : -ENODEV;
	return count > 0;
}

int cgroup_oom_take(struct cgroup_oom *oom)
{
	uint64_t before = oom->seen;

	if (oom->fd < 0)
		return 0;
	if (oom->fd != oom->file_fd)
		return take_v1(oom);
	if (read_counter(oom->fd, &oom->seen) < 0)
		return -ENODEV;
	return oom->seen > before;
}

void cgroup_oom_done(struct cgroup_oom *oom)
{
	if (oom->fd == oom->file_fd)
		oom->file_fd = -EBADF;
	cleanup_close(&oom->fd);
	cleanup_close(&oom->file_fd);
}
