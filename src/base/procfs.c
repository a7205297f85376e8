/* SPDX-License-Identifier: Apache-2.0 */
/* /proc through one verified handle. What a container may have mounted over parts of it is never read or written. */
#include "base/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/mutation.h"
#include "base/sys.h"

#define PROCFS_MAGIC 0x9fa0
#define PROCFS_ROOT_INO 1
#define PROCFS_PATH_MAX 512

int procfs_open(struct err *err)
{
	autoclose int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return err_sys(err, "open `/proc`");
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat `/proc`");
	if (!fd_is_fstype(fd, PROCFS_MAGIC) || st.st_ino != PROCFS_ROOT_INO)
		return err_set(err, EINVAL, "verify `/proc`: not the root of a proc file system");
	return take_fd(&fd);
}

/* "self" is a link. Its text is the pid in the pid namespace of this very mount, which getpid() need not be. */
static int procfs_resolve_self(int proc_fd, const char *path, char *out, size_t len)
{
	const char *rest = path + strlen("self");
	char pid[16];
	ssize_t n;

	if (strncmp(path, "self", strlen("self")) || (*rest && *rest != '/')) {
		rest = path;
		pid[0] = '\0';
	} else {
		n = readlinkat(proc_fd, "self", pid, sizeof(pid));
		if (n < 0)
			return -errno;
		if (n == 0 || (size_t)n >= sizeof(pid))
			return -EPROTO;
		pid[n] = '\0';
		if (pid[strspn(pid, "0123456789")])
			return -EPROTO;
	}
	return (size_t)snprintf(out, len, "%s%s", pid, rest) < len ? 0 : -ENAMETOOLONG;
}

int procfs_check_pids(int proc_fd, struct err *err)
{
	char seen[16], own[16];
	int r = procfs_resolve_self(proc_fd, "self", seen, sizeof(seen));

	snprintf(own, sizeof(own), "%d", (int)getpid());
	if (r == 0 && strcmp(seen, own) == 0)
		return 0;
	err_set(err, EXDEV, "use /proc: it is that of another pid namespace");
	err_hint(err, "mount a new one: mount -t proc proc /proc");
	return -EXDEV;
}

int procfs_open_file(int proc_fd, const char *path, int flags)
{
	struct sys_open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.resolve =
			SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_XDEV | SYS_RESOLVE_NO_SYMLINKS | SYS_RESOLVE_NO_MAGICLINKS,
	};
	char name[PROCFS_PATH_MAX];
	int r = procfs_resolve_self(proc_fd, path, name, sizeof(name));

	if (r < 0)
		return r;
	if (MUTATION(A25)) { /* whatever /proc is by now, and whatever lies on it */
		char full[PROCFS_PATH_MAX + 8];

		snprintf(full, sizeof(full), "/proc/%s", path);
		r = openat(AT_FDCWD, full, flags | O_CLOEXEC);
		return r < 0 ? -errno : r;
	}
	r = sys_openat2(proc_fd, name, &how);
	return r < 0 ? -errno : r;
}

static int procfs_open_ns_dir(int proc_fd, pid_t pid)
{
	char path[32] = "self/ns";

	if (pid)
		snprintf(path, sizeof(path), "%d/ns", (int)pid);
	return procfs_open_file(proc_fd, path, O_PATH | O_DIRECTORY);
}

int procfs_open_ns(int proc_fd, pid_t pid, const char *kind)
{
	autoclose int dir = procfs_open_ns_dir(proc_fd, pid);
	int fd;

	if (dir < 0)
		return dir;
	fd = openat(dir, kind, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int procfs_stat_ns(int proc_fd, pid_t pid, const char *kind, struct stat *ret)
{
	autoclose int dir = procfs_open_ns_dir(proc_fd, pid);

	if (dir < 0)
		return dir;
	return fstatat(dir, kind, ret, 0) < 0 ? -errno : 0;
}

/* The directory of our own descriptors, and the name of one of them in it. */
static int open_own_fds(int proc_fd, int fd, char (*ret_name)[16])
{
	snprintf(*ret_name, sizeof(*ret_name), "%d", fd);
	return procfs_open_file(proc_fd, "self/fd", O_PATH | O_DIRECTORY);
}

int procfs_fd_path(int proc_fd, int fd, char *out, size_t len)
{
	char name[16];
	autoclose int dir = open_own_fds(proc_fd, fd, &name);
	ssize_t n;

	if (dir < 0)
		return dir;
	n = readlinkat(dir, name, out, len);
	if (n < 0)
		return -errno;
	/* A name that fills all the room may have been cut. */
	if ((size_t)n >= len)
		return -ENAMETOOLONG;
	out[n] = '\0';
	return 0;
}

int procfs_reopen(int proc_fd, int fd, int flags)
{
	char name[16];
	autoclose int dir = open_own_fds(proc_fd, fd, &name);
	int r;

	if (dir < 0)
		return dir;
	r = openat(dir, name, flags | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

ssize_t procfs_read(int proc_fd, const char *path, char *p, size_t len)
{
	autoclose int fd = procfs_open_file(proc_fd, path, O_RDONLY);

	return fd < 0 ? fd : io_read_file(fd, p, len);
}

int procfs_write(int proc_fd, const char *path, const char *value)
{
	autoclose int fd = procfs_open_file(proc_fd, path, O_WRONLY);

	return fd < 0 ? fd : io_write_once(fd, value);
}

/* Field n (from 1) of what follows the command name, which may itself hold blanks and parentheses. */
static const char *stat_field(const char *after, unsigned n)
{
	while (--n) {
		after = strchr(after, ' ');
		if (!after)
			return NULL;
		after++;
	}
	return after;
}

int procfs_start_time(int proc_fd, pid_t pid, uint64_t *ret_ticks, char *ret_state)
{
	char path[32], text[2048];
	const char *state, *ticks;
	uint64_t v = 0;
	ssize_t r;

	snprintf(path, sizeof(path), "%d/stat", (int)pid);
	r = pid > 0 ? procfs_read(proc_fd, path, text, sizeof(text)) : -ESRCH;
	if (r < 0)
		return r == -ENOENT ? -ESRCH : (int)r;
	state = strrchr(text, ')');
	state = state && state[1] == ' ' ? state + 2 : NULL;
	ticks = state ? stat_field(state, 22 - 2) : NULL;
	if (!ticks || *ticks < '0' || *ticks > '9')
		return -EPROTO;
	while (*ticks >= '0' && *ticks <= '9')
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*ticks++ - '0'), &v))
			return -EPROTO;
	if (ret_ticks)
		*ret_ticks = v;
	if (ret_state)
		*ret_state = *state;
	return 0;
}

void procfs_describe(int proc_fd, pid_t pid, char *out, size_t len)
{
	char path[32], comm[64] = "?", wchan[64] = "", state = '?';
	uint64_t ticks;

	snprintf(path, sizeof(path), "%d/comm", (int)pid);
	if (procfs_read(proc_fd, path, comm, sizeof(comm)) > 0)
		comm[strcspn(comm, "\n")] = '\0';
	(void)procfs_start_time(proc_fd, pid, &ticks, &state);
	snprintf(path, sizeof(path), "%d/wchan", (int)pid);
	if (procfs_read(proc_fd, path, wchan, sizeof(wchan)) <= 0 || strcmp(wchan, "0") == 0)
		wchan[0] = '\0';
	snprintf(out, len, "process %d (%s, state %c%s%s)", (int)pid, comm, state, wchan[0] ? ", waits in " : "",
		 wchan);
}
