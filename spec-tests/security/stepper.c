/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command under ptrace, with all that it starts, and stops it before the K-th system call of some names: then runs a swap
 * command (STEPPER_PID is the stopped process), and goes on. Every window between two system calls can be hit that way, each time.
 *
 * stepper [-k K] [-n NAME,NAME...] [-s COMMAND] [-b COMMAND] [-d MILLISECONDS] [-l FILE] -- COMMAND...
 * -s is run at the K-th match, -b (back) at the one after it; -d waits at every match; -l lists them; -i counts from the execveat of
 * the inner program on. Ends as the command does. */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_GET_SYSCALL_INFO
#define PTRACE_GET_SYSCALL_INFO 0x420e
#endif
struct info { /* struct ptrace_syscall_info, which the C libraries name differently */
	unsigned char op, pad[3];
	unsigned arch;
	unsigned long long ip, sp, nr, args[6];
};
enum { ENTRY = 1, EXIT = 2 };

static const struct {
	const char *name;
	long nr;
} calls[] = {
#define CALL(n)             \
	{                   \
#n, SYS_##n \
	}
	CALL(openat),
	CALL(mkdirat),
	CALL(mknodat),
	CALL(symlinkat),
	CALL(unlinkat),
	CALL(readlinkat),
	CALL(newfstatat),
	CALL(statx),
	CALL(mount),
	CALL(umount2),
	CALL(fchdir),
	CALL(chroot),
	CALL(chdir),
	CALL(pivot_root),
	CALL(write),
	CALL(setns),
	CALL(setresuid),
	CALL(setresgid),
	CALL(prctl),
	CALL(execve),
	CALL(fchownat),
	CALL(faccessat),
	CALL(close),
	CALL(capset),
	CALL(read),
	CALL(fstatfs),
	CALL(fstat),
	CALL(unshare),
	CALL(sendmsg),
	CALL(recvmsg),
	CALL(setgroups),
	CALL(dup3),
#ifdef SYS_open
	CALL(open),
#endif
	{ "open_tree", 428 },
	{ "move_mount", 429 },
	{ "fsopen", 430 },
	{ "fsconfig", 431 },
	{ "fsmount", 432 },
	{ "clone3", 435 },
	{ "close_range", 436 },
	{ "openat2", 437 },
	{ "mount_setattr", 442 },
	{ "faccessat2", 439 },
	{ "fchmodat2", 452 },
};

static const char *swap, *back, *names;
static long want = -1, seen;
static int delay, inner_only, in_inner;
static FILE *list;

static const char *name_of(long nr)
{
	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].nr == nr)
			return calls[i].name;
	return NULL;
}

static int is_wanted(const char *name)
{
	size_t n = name ? strlen(name) : 0;

	if (!name)
		return !names;
	for (const char *p = names; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, name, n) && (p[n] == ',' || !p[n]))
			return 1;
	return !names;
}

static void read_string(pid_t pid, unsigned long long at, char *out, size_t len)
{
	size_t n = 0;

	for (; n + sizeof(long) < len; n += sizeof(long)) {
		long word;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, pid, (void *)(at + n), NULL);
		if (errno)
			break;
		memcpy(out + n, &word, sizeof(word));
		if (memchr(&word, 0, sizeof(word)))
			return;
	}
	out[n] = '\0';
}

static void run(const char *command, pid_t pid)
{
	char text[32];
	int r;

	snprintf(text, sizeof(text), "%d", pid);
	setenv("STEPPER_PID", text, 1);
	r = system(command);
	(void)r;
}

static void at_entry(pid_t pid)
{
	struct info in;
	const char *name;

	if (ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, pid, sizeof(in), &in) < 0 || in.op != ENTRY)
		return;
	if (in.nr == SYS_execveat)
		in_inner = 1;
	name = name_of((long)in.nr);
	if ((inner_only && !in_inner) || !is_wanted(name))
		return;
	seen++;
	if (list) {
		char path[256] = "";

		if (name && strcmp(name, "write") && strcmp(name, "close") && strcmp(name, "prctl") &&
		    strcmp(name, "read"))
			read_string(pid,
				    in.args[strcmp(name, "execve") && strcmp(name, "chdir") && strcmp(name, "chroot") &&
					    strcmp(name, "open")],
				    path, sizeof(path));
		fprintf(list, "%ld %d %s %s\n", seen, pid, name ? name : "?", path);
		fflush(list);
	}
	if (delay)
		usleep((useconds_t)delay * 1000);
	if (seen == want && swap)
		run(swap, pid);
	if (seen == want + 1 && back)
		run(back, pid);
}

static int trace(pid_t child)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		int sig = 0;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid == child) /* the others go on without us */
				return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			at_entry(pid);
		else if (status >> 16 == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP) {
			ptrace(PTRACE_LISTEN, pid, 0, 0);
			continue;
		} else if (!(status >> 16))
			sig = WSTOPSIG(status);
		ptrace(PTRACE_SYSCALL, pid, 0, sig);
	}
	return 125;
}

int main(int argc, char **argv)
{
	pid_t child;
	int c;

	while ((c = getopt(argc, argv, "+k:n:s:b:d:l:i")) != -1)
		switch (c) {
		case 'k':
			want = atol(optarg);
			break;
		case 'n':
			names = optarg;
			break;
		case 's':
			swap = optarg;
			break;
		case 'b':
			back = optarg;
			break;
		case 'd':
			delay = atoi(optarg);
			break;
		case 'l':
			list = fopen(optarg, "we");
			break;
		case 'i':
			inner_only = 1;
			break;
		default:
			return 125;
		}
	child = fork();
	if (child == 0) {
		raise(SIGSTOP);
		execvp(argv[optind], argv + optind);
		_exit(127);
	}
	waitpid(child, NULL, WUNTRACED);
	if (ptrace(PTRACE_SEIZE, child, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			   PTRACE_O_TRACEEXEC) < 0) {
		perror("stepper: ptrace");
		kill(child, SIGKILL);
		return 125;
	}
	ptrace(PTRACE_INTERRUPT, child, 0, 0);
	kill(child, SIGCONT);
	return trace(child);
}
