/* SPDX-License-Identifier: Apache-2.0 */
/* References to processes: the pidfd pins the process, the start time proves that it is the one that was meant. */
#include "base/pidref.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/procfs.h"
#include "base/sys.h"

/* A pidfd becomes readable when the last thread has ended, which is when the process is a zombie or gone. The state
 * letter of stat would not do: it also says Z for a leader whose other threads go on. */
static int pidfd_wait(int pidfd, int timeout_ms)
{
	int64_t end = timeout_ms > 0 ? clock_ms() + timeout_ms : 0;
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	for (;;) {
		int r = poll(&p, 1, timeout_ms);

		if (r > 0)
			return p.revents & POLLNVAL ? -EBADF : 0;
		if (r == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
		if (timeout_ms > 0) {
			int64_t left = end - clock_ms();

			timeout_ms = left > 0 ? (int)left : 0;
		}
	}
}

int pidref_open(int proc_fd, pid_t pid, uint64_t start_time, struct pidref *ret)
{
	autoclose int fd = -EBADF;
	uint64_t ticks;
	int r;

	if (pid <= 0)
		return -ESRCH;
	fd = sys_pidfd_open(pid, 0);
	if (fd < 0) /* EINVAL, ENOENT: the number belongs to a thread by now, so the process is gone */
		return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;
	r = procfs_start_time(proc_fd, pid, &ticks, NULL);
	if (r < 0)
		return r;
	if (start_time && ticks != start_time)
		return -ESRCH;
	/* Alive now means that the number was not reused in between, so stat spoke of the process of the pidfd. */
	r = pidfd_wait(fd, 0);
	if (r != -ETIMEDOUT)
		return r < 0 ? r : -ESRCH;
	ret->pid = pid;
	ret->pidfd = take_fd(&fd);
	ret->start_time = ticks;
	return 0;
}

int pidref_kill(const struct pidref *p, int sig)
{
	return sys_pidfd_send_signal(p->pidfd, sig) < 0 ? -errno : 0;
}

bool pidref_alive(const struct pidref *p)
{
	return p->pidfd >= 0 && pidfd_wait(p->pidfd, 0) == -ETIMEDOUT;
}

int pidref_wait_exit(const struct pidref *p, int timeout_ms)
{
	return p->pidfd < 0 ? -EBADF : pidfd_wait(p->pidfd, timeout_ms);
}

int pidref_open_root(int proc_fd, const struct pidref *p)
{
	autoclose int dir = -EBADF, root = -EBADF;
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)p->pid);
	dir = procfs_open_file(proc_fd, name, O_PATH | O_DIRECTORY);
	if (dir < 0)
		return dir == -ENOENT ? -ESRCH : dir;
	root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	/* The number may have gone to somebody else since. */
	return pidref_alive(p) ? take_fd(&root) : -ESRCH;
}

void pidref_done(struct pidref *p)
{
	if (p->pidfd >= 0)
		cleanup_close(&p->pidfd);
	p->pid = 0;
	p->pidfd = -1;
	p->start_time = 0;
}
