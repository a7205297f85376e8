/* SPDX-License-Identifier: Apache-2.0 */
/* Claiming, opening, locking and removing a container's directory. What is in the files is not known here. */

#include "container/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "container/id.h"

#define DEPTH_MAX 32

static int open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int dir_claim(struct masu_runtime *rt, const char *id, int *ret_fd, struct err *err)
{
	autoclose int fd = -EBADF;
	int r = id_check(id, err);

	if (r < 0)
		return r;
	r = runtime_open_root(rt, true, err);
	if (r < 0)
		return r;
	if (mkdirat(rt->root_fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return err_set(err, EEXIST, "container with given ID already exists: `%s`", id);
		return err_sys(err, "make directory `%s/%s`", rt->root, id);
	}
	fd = open_dir(rt->root_fd, id);
	if (fd < 0)
		return err_code(err, fd, "open directory `%s/%s`", rt->root, id);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(err, "lock directory `%s/%s`", rt->root, id);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int no_such_container(const char *id, struct err *err)
{
	return err_set(err, ENOENT, "container `%s` does not exist", id);
}

int dir_open(struct masu_runtime *rt, const char *id, int *ret_fd, struct err *err)
{
	int fd, r = id_check(id, err);

	if (r < 0)
		return r;
	r = runtime_open_root(rt, false, err);
	if (r == -ENOENT)
		return no_such_container(id, err);
	if (r < 0)
		return r;
	fd = open_dir(rt->root_fd, id);
	if (fd == -ENOENT)
		return no_such_container(id, err);
	if (fd < 0)
		return err_code(err, fd, "open directory `%s/%s`", rt->root, id);
	*ret_fd = fd;
	return 0;
}

/* flock(2) has no timeout; the holders are short, so a few sleeps do. */
static int lock_within(int fd, int timeout_ms)
{
	for (int waited = 0;; waited += 5) {
		struct timespec pause = { .tv_nsec = 5000000 };

		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (waited >= timeout_ms)
			return -EBUSY;
		nanosleep(&pause, NULL);
	}
}

int dir_open_locked(struct masu_runtime *rt, const char *id, int timeout_ms, int *ret_fd, struct err *err)
{
	autoclose int fd = -EBADF;
	struct stat st;
	int r = dir_open(rt, id, &fd, err);

	if (r < 0)
		return r;
	r = lock_within(fd, timeout_ms);
	if (r < 0)
		return err_set(err, -r, "lock container `%s`: another operation on it is under way", id);
	/* Whoever held the lock may have deleted the container. */
	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return no_such_container(id, err);
	*ret_fd = take_fd(&fd);
	return 0;
}

bool dir_is_locked(int dir_fd)
{
	if (flock(dir_fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	flock(dir_fd, LOCK_UN);
	return false;
}

/* Directories are few and flat; a container that got write access to the one it sees decides what is in there, hence the bound. */
static int remove_entries(int dir_fd, int depth)
{
	int copy = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!d) {
		cleanup_close(&copy);
		return -errno;
	}
	rewinddir(d);
	while ((e = readdir(d))) {
		autoclose int below = -EBADF;

		if (e->d_name[0] == '.' && (!e->d_name[1] || (e->d_name[1] == '.' && !e->d_name[2])))
			continue;
		if (unlinkat(dir_fd, e->d_name, 0) == 0 || depth == 0)
			continue;
		below = open_dir(dir_fd, e->d_name);
		if (below >= 0)
			remove_entries(below, depth - 1);
		unlinkat(dir_fd, e->d_name, AT_REMOVEDIR);
	}
	closedir(d);
	return 0;
}

int dir_remove(struct masu_runtime *rt, const char *id, struct err *err)
{
	static const char *const known[] = { DIR_STATE, DIR_START_FIFO, DIR_RESULT_FIFO, DIR_CONFIG, DIR_JOURNAL };
	autoclose int fd = open_dir(rt->root_fd, id);

	if (fd < 0)
		return fd == -ENOENT ? 0 : err_code(err, fd, "open directory `%s/%s`", rt->root, id);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		unlinkat(fd, known[i], 0);
	if (unlinkat(rt->root_fd, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	remove_entries(fd, DEPTH_MAX);
	if (unlinkat(rt->root_fd, id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "remove directory `%s/%s`", rt->root, id);
	return 0;
}
