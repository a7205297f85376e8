/* SPDX-License-Identifier: Apache-2.0 */
/* Tries on paths: stat, open, read, write, make, list, execute. */
#include "probe.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *type_of(mode_t m)
{
	switch (m & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	default:
		return "socket";
	}
}

static void print_stat(const struct stat *st)
{
	char mode[8];

	out_open('{');
	out_key("type");
	out_str(type_of(st->st_mode));
	snprintf(mode, sizeof(mode), "%04o", st->st_mode & 07777);
	out_key("mode");
	out_str(mode);
	out_key("uid");
	out_unum(st->st_uid);
	out_key("gid");
	out_unum(st->st_gid);
	out_key("ino");
	out_unum(st->st_ino);
	out_key("size");
	out_num(st->st_size);
	out_key("major");
	out_unum(major(st->st_rdev));
	out_key("minor");
	out_unum(minor(st->st_rdev));
	out_close('}');
}

static void try_stat(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		out_errno(errno);
	else
		print_stat(&st);
}

static void try_lstat(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		out_errno(errno);
	else
		print_stat(&st);
}

/* open:PATH, openw:PATH, openrw:PATH: "ok" or the error. */
static void try_flags(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);

	out_result(fd);
	if (fd >= 0)
		close(fd);
}

static void try_open(const char *path)
{
	try_flags(path, O_RDONLY);
}

static void try_openw(const char *path)
{
	try_flags(path, O_WRONLY);
}

static void try_openrw(const char *path)
{
	try_flags(path, O_RDWR);
}

static void try_create(const char *path)
{
	try_flags(path, O_WRONLY | O_CREAT);
}

/* The text without its last newline, or the error as {"error":"EACCES"}. */
static void try_read(const char *path)
{
	static char text[65536];
	long n = read_file(path, text, sizeof(text));

	if (n < 0) {
		out_open('{');
		out_key("error");
		out_errno((int)-n);
		out_close('}');
		return;
	}
	if (n && text[n - 1] == '\n')
		n--;
	out_strn(text, (size_t)n);
}

/* write:PATH=TEXT into what exists. */
static void try_write(const char *arg)
{
	char path[4096];
	const char *text = strchr(arg, '=');
	int fd;

	snprintf(path, sizeof(path), "%.*s", text ? (int)(text - arg) : (int)strlen(arg), arg);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		out_errno(errno);
		return;
	}
	out_result(write(fd, text ? text + 1 : "x", text ? strlen(text + 1) : 1));
	close(fd);
}

static void try_mkdir(const char *path)
{
	out_result(mkdir(path, 0755));
}

static void try_remove(const char *path)
{
	out_result(remove(path));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void try_list(const char *path)
{
	static char names[4096][64];
	size_t n = 0;
	DIR *d = opendir(path);

	if (!d) {
		out_errno(errno);
		return;
	}
	for (struct dirent *e; n < 4096 && (e = readdir(d));)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			snprintf(names[n++], 64, "%.63s", e->d_name);
	closedir(d);
	qsort(names, n, 64, by_name);
	out_open('[');
	for (size_t i = 0; i < n; i++)
		out_str(names[i]);
	out_close(']');
}

static void try_readlink(const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target));

	if (n < 0)
		out_errno(errno);
	else
		out_strn(target, (size_t)n);
}

/* exec:PATH=ARG: the exit status of the program without its output, or the error of execve. */
static void try_exec(const char *arg)
{
	char path[4096];
	const char *word = strchr(arg, '=');
	int pipefd[2], err = 0, st = 0;
	pid_t pid;

	snprintf(path, sizeof(path), "%.*s", word ? (int)(word - arg) : (int)strlen(arg), arg);
	if (pipe2(pipefd, O_CLOEXEC) < 0 || (pid = fork()) < 0) {
		out_errno(errno);
		return;
	}
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execve(path, (char *[]){ path, (char *)(word ? word + 1 : NULL), NULL }, probe_env);
		err = errno;
		_exit(write(pipefd[1], &err, sizeof(err)) < 0);
	}
	close(pipefd[1]);
	if (read(pipefd[0], &err, sizeof(err)) == (ssize_t)sizeof(err))
		out_errno(err);
	waitpid(pid, &st, 0);
	close(pipefd[0]);
	if (!err)
		out_num(WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st));
}

/* mknod:c:1:3:/path */
static void try_mknod(const char *arg)
{
	unsigned maj = 0, min = 0;
	char type = 'c';
	int at = 0;

	sscanf(arg, "%c:%u:%u:%n", &type, &maj, &min, &at);
	out_result(mknod(arg + at,
			 (type == 'b'   ? S_IFBLK
			  : type == 'p' ? S_IFIFO
					: S_IFCHR) |
				 0600,
			 makedev(maj, min)));
}

/* bindmount:FROM=TO: unbindable mounts say EINVAL. */
static void try_bind(const char *arg)
{
	char from[4096];
	const char *to = strchr(arg, '=');

	snprintf(from, sizeof(from), "%.*s", to ? (int)(to - arg) : 0, arg);
	out_result(to ? mount(from, to + 1, NULL, MS_BIND, NULL) : -1);
}

/* atime:PATH: whether a read changes a time of access that is older than the last change, and one that is younger: "never",
 * "relative" (just the first) or "always". */
static void try_atime(const char *path)
{
	struct timespec times[2] = { { 1000, 0 }, { 900, 0 } };
	char c;
	bool moved[2];

	for (int i = 0; i < 2; i++) {
		struct timespec now;
		struct stat st;
		int fd;

		clock_gettime(CLOCK_REALTIME, &now);
		/* 0: older than the change of content; 1: younger than any change (utimensat itself is one) */
		times[0].tv_sec = i ? now.tv_sec + 3600 : 1000;
		times[1].tv_sec = i ? 900 : 2000;
		if (utimensat(AT_FDCWD, path, times, 0) < 0) {
			out_errno(errno);
			return;
		}
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, &c, 1) < 0 || fstat(fd, &st) < 0) {
			out_errno(errno);
			return;
		}
		close(fd);
		moved[i] = st.st_atim.tv_sec != times[0].tv_sec;
	}
	out_str(moved[1] ? "always" : moved[0] ? "relative" : "never");
}

const struct probe_word words_path[] = {
	{ "stat", try_stat },     { "lstat", try_lstat },       { "open", try_open },      { "openw", try_openw },
	{ "openrw", try_openrw }, { "create", try_create },     { "read", try_read },      { "write", try_write },
	{ "mkdir", try_mkdir },   { "remove", try_remove },     { "list", try_list },      { "exec", try_exec },
	{ "mknod", try_mknod },   { "readlink", try_readlink }, { "bindmount", try_bind }, { "atime", try_atime },
	{ NULL, NULL },
};
