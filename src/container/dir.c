/* SPDX-License-Identifier: Apache-2.0 */
/* Claiming, opening, locking and removing a container's directory. What is in the files is not known here. */

#include "container/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "container/id.h"
#include "container/trust.h"

#define DEPTH_MAX 32
#define CLAIM_TRIES 1000
#define CLAIM_TIMEOUT_MS 10000

static int open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* flock(2) has no timeout; the holders are short, so a few sleeps do. */
int dir_lock(int dir_fd, int timeout_ms)
{
	int64_t end = clock_ms() + timeout_ms;

	for (;;) {
		if (flock(dir_fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (clock_ms() >= end)
			return -EBUSY;
		clock_pause_us(5000);
	}
}

bool dir_is_gone(int dir_fd)
{
	struct stat st;

	return fstat(dir_fd, &st) == 0 && st.st_nlink == 0;
}

static int already_exists(const struct masu_runtime *rt, const char *id, struct err *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" DIR_STATE, id);
	if (faccessat(rt->root_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		err_hint(
			err,
			"its create is under way, or did not come to its end: then delete --force %s removes what is left",
			id);
	return err_set(err, EEXIST, "container with given ID already exists: `%s`", id);
}

/* -EAGAIN: a delete --force that came between mkdir and the lock has taken the empty directory away. */
static int claim_once(struct masu_runtime *rt, const char *id, int *ret_fd, struct err *err)
{
	autoclose int fd = -EBADF;
	int r;

	if (mkdirat(rt->root_fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return already_exists(rt, id, err);
		return err_sys(err, "make directory `%s/%s`", rt->root, id);
	}
	fd = open_dir(rt->root_fd, id);
	if (fd == -ENOENT)
		return -EAGAIN;
	r = fd < 0 ? fd : dir_lock(fd, CLAIM_TIMEOUT_MS);
	if (r >= 0 && dir_is_gone(fd))
		return -EAGAIN;
	/* A delete and another create may both have come in between, and this is the other's: who is first here begins the journal. */
	if (r >= 0 && faccessat(fd, DIR_JOURNAL, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return already_exists(rt, id, err);
	if (r < 0) {
		unlinkat(rt->root_fd, id, AT_REMOVEDIR);
		return err_code(err, r, "%s directory `%s/%s`", fd < 0 ? "open" : "lock", rt->root, id);
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int dir_claim(struct masu_runtime *rt, const char *id, int *ret_fd, struct err *err)
{
	int r = id_check(id, err);

	if (r < 0)
		return r;
	r = runtime_open_root(rt, true, err);
	if (r < 0)
		return r;
	for (int i = 0; i < CLAIM_TRIES; i++) {
		r = claim_once(rt, id, ret_fd, err);
		if (r != -EAGAIN)
			return r;
	}
	return err_set(err, EBUSY, "make directory `%s/%s`: somebody removes it each time", rt->root, id);
}

int dir_no_such(const char *id, struct err *err)
{
	return err_set(err, ENOENT, "container `%s` does not exist", id);
}

int dir_open(struct masu_runtime *rt, const char *id, int *ret_fd, struct err *err)
{
	autoclose int fd = -EBADF;
	int r = id_check(id, err);
	char path[PATH_MAX];

	if (r < 0)
		return r;
	r = runtime_open_root(rt, false, err);
	if (r == -ENOENT)
		return dir_no_such(id, err);
	if (r < 0)
		return r;
	fd = open_dir(rt->root_fd, id);
	if (fd == -ENOENT)
		return dir_no_such(id, err);
	if (fd < 0)
		return err_code(err, fd, "open directory `%s/%s`", rt->root, id);
	snprintf(path, sizeof(path), "%s/%s", rt->root, id);
	r = trust_check(fd, TRUST_DIRECTORY, path, err);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

int dir_open_locked(struct masu_runtime *rt, const char *id, int timeout_ms, int *ret_fd, struct err *err)
{
	autoclose int fd = -EBADF;
	int r = dir_open(rt, id, &fd, err);

	if (r < 0)
		return r;
	r = dir_lock(fd, timeout_ms);
	if (r < 0)
		return err_set(err, -r, "lock container `%s`: another operation on it is under way", id);
	/* Whoever held the lock may have deleted the container. */
	if (dir_is_gone(fd))
		return dir_no_such(id, err);
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

/* The state goes last: until then who asks hears of a stopped container, and who comes after our death finds all that it needs. */
int dir_remove(struct masu_runtime *rt, const char *id, struct err *err)
{
	static const char *const known[] = { DIR_START_FIFO, DIR_RESULT_FIFO, DIR_JOURNAL, DIR_CONFIG, DIR_STATE };
	autoclose int fd = -EBADF;
	char path[NAME_MAX + 32];

	/* By names, so that it works when there are no descriptors left, which may be why it has to. */
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		snprintf(path, sizeof(path), "%s/%s", id, known[i]);
		unlinkat(rt->root_fd, path, 0);
	}
	if (unlinkat(rt->root_fd, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	fd = open_dir(rt->root_fd, id);
	if (fd < 0)
		return fd == -ENOENT ? 0 : err_code(err, fd, "open directory `%s/%s`", rt->root, id);
	remove_entries(fd, DEPTH_MAX);
	if (unlinkat(rt->root_fd, id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "remove directory `%s/%s`", rt->root, id);
	return 0;
}
