/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in a container and tries things, a line for each. Linked statically by the tests.
 * inside device TYPE MAJOR MINOR..: makes nodes and opens them; inside key NAME: looks for a key; inside watch FILE: attacks every process
 * that appears (as pid 1); inside overwrite FILE: writes to the program of each that may be opened; inside fds FILE: lists open descriptors;
 * inside hook PREFIX: says what a hook was given; inside writable FILE DIR...: lists what could be written;
 * inside exchange PATH PATH: both change places, in one step. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static int device(char **argv)
{
	const struct {
		const char *name;
		int flags;
	} ways[] = { { "r", O_RDONLY }, { "w", O_WRONLY } };
	char node[64];

	for (; argv[0] && argv[1] && argv[2]; argv += 3) {
		mode_t type = argv[0][0] == 'b' ? S_IFBLK : S_IFCHR;
		unsigned ma = (unsigned)atoi(argv[1]), mi = (unsigned)atoi(argv[2]);

		snprintf(node, sizeof(node), "/tmp/%s-%u-%u", argv[0], ma, mi);
		errno = 0;
		mknod(node, type | 0666, makedev(ma, mi));
		printf("%s %u:%u m %s", argv[0], ma, mi, errno == EPERM ? "no" : "yes");
		snprintf(node, sizeof(node), "/trap/%s-%u-%u", argv[0], ma, mi);
		for (int i = 0; i < 2; i++) {
			int fd = open(node, ways[i].flags | O_NONBLOCK), denied = fd < 0 && errno == EPERM;

			if (fd >= 0)
				close(fd);
			printf(" %s %s", ways[i].name, denied ? "no" : "yes");
		}
		printf("\n");
	}
	return 0;
}

static int key(const char *name)
{
	long id = syscall(SYS_request_key, "user", name, NULL, 0);
	char text[64] = "";

	if (id > 0)
		syscall(SYS_keyctl, 11, id, text, sizeof(text) - 1); /* KEYCTL_READ */
	printf("%s\n", id > 0 ? "found" : "none");
	printf("%s\n", text);
	return 0;
}

/* The program that pid runs, if that may be known. */
static int is_runtime(int pid, char *exe, size_t len)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, len - 1);
	exe[n > 0 ? n : 0] = '\0';
	return strstr(exe, "masu-init") || strstr(exe, "memfd") || strstr(exe, "runc") || strstr(exe, "crun");
}

/* What a process of the container gets of another one that it may not have. Whoever has executed the container's own program by
 * the time of the second look was not caught. */
static void try_one(FILE *out, int pid)
{
	static const char *const files[] = { "root", "cwd",  "mem",  "maps", "environ", "fd/0",
					     "fd/3", "fd/4", "fd/5", "fd/6", "fd/7" };
	char path[64], exe[64];

	if (is_runtime(pid, exe, sizeof(exe)))
		fprintf(out, "%d runs %s\n", pid, exe);
	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		fd = open(path, O_RDONLY | O_NONBLOCK);
		if (fd >= 0 && is_runtime(pid, exe, sizeof(exe)))
			fprintf(out, "%d open %s\n", pid, files[i]);
		if (fd >= 0)
			close(fd);
	}
	if (!ptrace(PTRACE_SEIZE, pid, 0, 0)) {
		if (is_runtime(pid, exe, sizeof(exe)))
			fprintf(out, "%d traced\n", pid);
		ptrace(PTRACE_INTERRUPT, pid, 0, 0);
		waitpid(pid, NULL, 0x40000000);
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
	fflush(out);
}

/* What was opened when it ran is tried when nobody runs it any more. A hole is used in a way that changes nothing. */
static void overwrite(FILE *out, int pid)
{
	static int fds[256];
	static unsigned n;
	char path[64], exe[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (n < sizeof(fds) / sizeof(fds[0]) && is_runtime(pid, exe, sizeof(exe)) &&
	    (fds[n] = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
		fprintf(out, "%d opened %s\n", pid, exe);
		n++;
	}
	for (unsigned i = 0; i < n; i++) {
		char first;
		int fd;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
		fd = open(path, O_RDWR);
		if (fd >= 0 && pread(fd, &first, 1, 0) == 1 && pwrite(fd, &first, 1, 0) == 1)
			fprintf(out, "%d wrote to the program that it ran\n", pid);
		if (fd >= 0)
			close(fd);
	}
	fflush(out);
}

static int watch(const char *name, void (*attack)(FILE *out, int pid))
{
	static unsigned char known[65536];
	FILE *out = fopen(name, "a");
	DIR *d = opendir("/proc");

	if (!out || !d)
		return 1;
	fprintf(out, "watching\n");
	fflush(out);
	for (;;) {
		rewinddir(d);
		for (struct dirent *e; (e = readdir(d));) {
			int pid = atoi(e->d_name);

			if (pid <= 1)
				continue;
			if (pid < (int)sizeof(known) && !known[pid]++)
				fprintf(out, "%d seen\n", pid);
			attack(out, pid);
		}
		while (waitpid(-1, NULL, 0x40000001) > 0)
			;
		usleep(200);
	}
}

static int fds(const char *name)
{
	FILE *out;
	char text[8192];
	size_t n = 0;

	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%d\n", fd);
	out = fopen(name, "w");
	return !out || fprintf(out, "%send\n", n ? text : "") < 0 || fclose(out);
}

/* What may be opened for writing, links and processes left out. Nothing is written. */
static void writable(FILE *out, const char *dir, int depth)
{
	DIR *d = depth < 12 ? opendir(dir) : NULL;
	char path[4096];

	for (struct dirent *e; d && (e = readdir(d));) {
		struct stat st;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || (depth == 0 && atoi(e->d_name)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			writable(out, path, depth + 1);
		if (S_ISREG(st.st_mode)) {
			int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);

			if (fd >= 0)
				fprintf(out, "%s\n", path);
			close(fd);
		}
	}
	if (d)
		closedir(d);
}

/* Looks at itself without /proc, which before the pivot is another pid namespace's. */
static int hook(const char *prefix)
{
	char path[4096], cwd[4096] = "";
	FILE *out;

	snprintf(path, sizeof(path), "%s.fds", prefix);
	if (fds(path))
		return 1;
	snprintf(path, sizeof(path), "%s.env", prefix);
	out = fopen(path, "w");
	for (char **e = environ; out && *e; e++)
		fprintf(out, "%s\n", *e);
	if (!out || fclose(out))
		return 1;
	snprintf(path, sizeof(path), "%s.cwd", prefix);
	out = fopen(path, "w");
	return !out || fprintf(out, "%s\n", getcwd(cwd, sizeof(cwd)) ? cwd : strerror(errno)) < 0 || fclose(out);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "device"))
		return device(argv + 2);
	if (argc > 2 && !strcmp(argv[1], "key"))
		return key(argv[2]);
	if (argc > 2 && !strcmp(argv[1], "fds"))
		return fds(argv[2]);
	if (argc > 2 && !strcmp(argv[1], "hook"))
		return hook(argv[2]);
	if (argc > 3 && !strcmp(argv[1], "exchange"))
		return syscall(SYS_renameat2, AT_FDCWD, argv[2], AT_FDCWD, argv[3], 2 /* RENAME_EXCHANGE */) != 0;
	if (argc > 3 && !strcmp(argv[1], "writable")) {
		FILE *out = fopen(argv[2], "w");

		for (int i = 3; out && i < argc; i++)
			writable(out, argv[i], 0);
		return !out || fprintf(out, "end\n") < 0 || fclose(out);
	}
	if (argc > 2 && !strcmp(argv[1], "watch"))
		return watch(argv[2], try_one);
	if (argc > 2 && !strcmp(argv[1], "overwrite"))
		return watch(argv[2], overwrite);
	return 2;
}
