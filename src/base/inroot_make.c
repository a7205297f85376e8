/* SPDX-License-Identifier: Apache-2.0 */
/* Making directories and files inside an untrusted root. Existing parts are always resolved by the kernel from the root
 * fd; new ones are made by one component below a directory fd, where no link can be followed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inroot.h"
#include "base/mutation.h"
#include "base/sys.h"

#define INROOT_LINKS 40  /* as many as the kernel follows */
#define INROOT_RACES 128 /* times that something made may vanish under our hands */
#define INROOT_DIR_MODE 0755
#define WALK_TURN (-4096) /* no errno */

struct inroot_walk {
	int root_fd;
	char prefix[PATH_MAX]; /* exists; "" is the root */
	char rest[PATH_MAX];   /* still to do */
	bool file;             /* the last component is a file */
	mode_t mode;           /* of what is made as last component if file, else of all */
	uid_t uid;
	gid_t gid;
	unsigned links, races, made;
};

static const char *walk_skip(const char *p)
{
	for (;;) {
		p += strspn(p, "/");
		if (p[0] != '.' || (p[1] != '/' && p[1]))
			return p;
		p++;
	}
}

/* Takes the next component out of rest; 0 when there is none, 1, or -ENAMETOOLONG. */
static int walk_next(struct inroot_walk *w, char *name, bool *last)
{
	const char *p = walk_skip(w->rest);
	size_t n = strcspn(p, "/");

	if (!n)
		return 0;
	if (n > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, p, n);
	name[n] = '\0';
	p = walk_skip(p + n); /* "a/", "a/." and "a" name the same thing here */
	memmove(w->rest, p, strlen(p) + 1);
	*last = !w->rest[0];
	return 1;
}

/* What is missing is not made only to be left again by a "..": where the rest stands once it has been left, or NULL.
 * Below something that is missing there are no links, so counting is exact. */
static const char *walk_turn(const struct inroot_walk *w)
{
	size_t depth = 1;

	for (const char *p = walk_skip(w->rest); *p;) {
		size_t n = strcspn(p, "/");

		depth = n == 2 && p[0] == '.' && p[1] == '.' ? depth - 1 : depth + 1;
		p = walk_skip(p + n);
		if (!depth)
			return p;
	}
	return NULL;
}

static int walk_enter(struct inroot_walk *w, const char *name)
{
	size_t len = strlen(w->prefix), n = strlen(name);

	if (len + n + 2 > sizeof(w->prefix))
		return -ENAMETOOLONG;
	w->prefix[len] = '/';
	memcpy(w->prefix + len + 1, name, n + 1);
	return 0;
}

static void walk_leave(struct inroot_walk *w, size_t len)
{
	w->prefix[len] = '\0';
}

/* name in dir_fd is a link that leads nowhere yet: its target goes before the rest. An absolute target starts at the
 * root again. 1 when name is no link (any more). */
static int walk_expand(struct inroot_walk *w, int dir_fd, const char *name)
{
	char target[PATH_MAX];
	autoclose int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	size_t rest = strlen(w->rest);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 1 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISLNK(st.st_mode))
		return 1;
	if (++w->links > INROOT_LINKS)
		return -ELOOP;
	n = readlinkat(fd, "", target, sizeof(target));
	if (n < 0)
		return -errno;
	if ((size_t)n + 1 + rest + 1 > sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + n + 1, w->rest, rest + 1);
	memcpy(w->rest, target, (size_t)n);
	w->rest[n] = '/';
	if (target[0] == '/')
		walk_leave(w, 0);
	return 0;
}

/* Only what differs is changed: file systems with fixed owners or modes refuse even a change to the same. */
struct made_change {
	bool mode;
	uid_t uid;
	gid_t gid;
};

static int made_compare(const struct inroot_walk *w, int fd, mode_t mode, struct made_change *c)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	c->mode = (st.st_mode & 07777) != mode;
	c->uid = w->uid == st.st_uid ? (uid_t)-1 : w->uid;
	c->gid = w->gid == st.st_gid ? (gid_t)-1 : w->gid;
	return c->mode || c->uid != (uid_t)-1 || c->gid != (gid_t)-1;
}

static int made_apply(int fd, mode_t mode, const struct made_change *c)
{
	if (c->mode && fchmod(fd, mode) < 0)
		return -errno;
	if ((c->uid != (uid_t)-1 || c->gid != (gid_t)-1) && fchownat(fd, "", c->uid, c->gid, AT_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

/* 1 yes, 0 no, -errno. */
static int dir_is_empty(int fd)
{
	enum { RECLEN_AT = 16, NAME_AT = 19 }; /* struct linux_dirent64, which no header exports */
	_Alignas(8) char entries[2048];
	long n = syscall(SYS_getdents64, fd, entries, sizeof(entries));
	uint16_t len;

	if (n < 0)
		return -errno;
	for (long at = 0; at + NAME_AT < n; at += len) {
		memcpy(&len, entries + at + RECLEN_AT, sizeof(len));
		if (strcmp(entries + at + NAME_AT, ".") && strcmp(entries + at + NAME_AT, ".."))
			return 0;
	}
	return 1;
}

/* mkdirat gives no fd, so another directory may stand there by now. One that is on the same mount, no link and empty
 * is as good as ours; anything else must not get our mode or owner. */
static int made_dir_adjust(const struct inroot_walk *w, int dir_fd, const char *name, mode_t mode)
{
	struct sys_open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve =
			SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_XDEV | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS,
	};
	autoclose int fd = sys_openat2(dir_fd, name, &how);
	struct made_change change;
	int r;

	if (fd < 0)
		return -errno;
	r = made_compare(w, fd, mode, &change);
	if (r <= 0)
		return r;
	r = dir_is_empty(fd);
	if (r <= 0)
		return r < 0 ? r : -EBUSY;
	return made_apply(fd, mode, &change);
}

/* 0 = made, -EEXIST = something is there (perhaps a link to nowhere), -errno. */
static int walk_make(struct inroot_walk *w, int dir_fd, const char *name, bool file)
{
	mode_t mode = w->file && !file ? INROOT_DIR_MODE : w->mode;
	struct made_change change;
	int r;

	if (file) {
		autoclose int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

		if (fd < 0)
			return -errno;
		w->made++;
		r = made_compare(w, fd, mode, &change);
		return r > 0 ? made_apply(fd, mode, &change) : r;
	}
	if (mkdirat(dir_fd, name, mode) < 0)
		return -errno;
	w->made++;
	return made_dir_adjust(w, dir_fd, name, mode);
}

/* Opens prefix/name as the kernel sees it from the root. A file wanted: anything but a directory will do. */
static int walk_open(struct inroot_walk *w, bool file)
{
	autoclose int fd = inroot_open(w->root_fd, w->prefix, file ? O_PATH : O_PATH | O_DIRECTORY, 0);
	struct stat st;

	if (fd < 0 || !file)
		return take_fd(&fd);
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? -EISDIR : take_fd(&fd);
}

/* Goes one component on from dir_fd, the fd of prefix: gives the fd of prefix/name, or WALK_TURN when the rest has
 * changed (a link was put into it, or a ".." taken out) and goes on from the prefix that is left. */
static int walk_step(struct inroot_walk *w, int dir_fd, const char *name, bool file)
{
	size_t len = strlen(w->prefix);
	const char *turn;
	int r;

	for (unsigned tries = 0;; tries++) {
		int fd;

		if (tries > 1 && ++w->races > INROOT_RACES)
			return -ELOOP;
		r = walk_enter(w, name);
		if (r < 0)
			return r;
		fd = walk_open(w, file);
		if (fd != -ENOENT || !strcmp(name, ".."))
			return fd;
		turn = walk_turn(w);
		r = turn ? -EEXIST : walk_make(w, dir_fd, name, file);
		if (r < 0 && r != -EEXIST)
			return r;
		walk_leave(w, len);
		if (!r)
			continue; /* made: now the kernel has to find it */
		r = walk_expand(w, dir_fd, name);
		if (r > 0 && turn) {
			memmove(w->rest, turn, strlen(turn) + 1);
			r = 0;
		}
		if (r <= 0)
			return r < 0 ? r : WALK_TURN;
	}
}

static int walk_run(struct inroot_walk *w)
{
	autoclose int dir_fd = inroot_open(w->root_fd, "/", O_PATH | O_DIRECTORY, 0);
	char name[NAME_MAX + 1];
	bool last = false;
	int r, fd;

	if (dir_fd < 0)
		return dir_fd;
	while ((r = walk_next(w, name, &last)) > 0) {
		fd = walk_step(w, dir_fd, name, w->file && last);
		if (fd == WALK_TURN)
			fd = inroot_open(w->root_fd, w->prefix[0] ? w->prefix : "/", O_PATH | O_DIRECTORY, 0);
		else if (fd >= 0 && w->file && last)
			return fd;
		if (fd < 0)
			return fd;
		close(dir_fd);
		dir_fd = fd;
	}
	if (r < 0)
		return r;
	return w->file ? -EISDIR : take_fd(&dir_fd);
}

static int inroot_make(struct inroot_walk *w, const char *path, unsigned *ret_made)
{
	size_t n = strlen(path);
	int fd;

	if (ret_made)
		*ret_made = 0;
	if (!n)
		return -ENOENT;
	if (n >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memcpy(w->rest, path, n + 1);
	w->prefix[0] = '\0';
	fd = walk_run(w);
	if (ret_made)
		*ret_made = w->made;
	return fd;
}

int inroot_mkdir_p(int root_fd, const char *path, mode_t mode, uid_t uid, gid_t gid, unsigned *ret_made)
{
	struct inroot_walk w;
	int fd = inroot_open(root_fd, path, O_PATH | O_DIRECTORY, 0);

	if (MUTATION(A20) && fd == -ENOENT) { /* looked at above, made by its path here */
		mkdirat(root_fd, path + 1, mode);
		return openat(root_fd, path + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd != -ENOENT) {
		if (ret_made)
			*ret_made = 0;
		return fd;
	}
	w = (struct inroot_walk){ .root_fd = root_fd, .mode = mode & 07777, .uid = uid, .gid = gid };
	return inroot_make(&w, path, ret_made);
}

int inroot_mkfile_p(int root_fd, const char *path, mode_t file_mode, uid_t uid, gid_t gid, unsigned *ret_made)
{
	if (MUTATION(A10))
		return openat(root_fd, path + 1, O_RDWR | O_CREAT | O_CLOEXEC, file_mode);
	struct inroot_walk w = { .root_fd = root_fd, .file = true, .mode = file_mode & 07777, .uid = uid, .gid = gid };

	return inroot_make(&w, path, ret_made);
}
