/* SPDX-License-Identifier: Apache-2.0 */
/* call:NAME, call:NAME:A:B:C…: what one system call says; for filters. A child makes it, so that a filter may kill it. */
#include "probe.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	long nr;
} calls[] = {
#define C(x)                \
	{                   \
#x, SYS_##x \
	}
	C(getpid),
	C(getppid),
	C(getuid),
	C(geteuid),
	C(getgid),
	C(umask),
	C(personality),
	C(setsid),
	C(sethostname),
	C(setdomainname),
	C(mount),
	C(umount2),
	C(chroot),
	C(pivot_root),
	C(unshare),
	C(setns),
	C(bpf),
	C(keyctl),
	C(add_key),
	C(request_key),
	C(perf_event_open),
	C(ptrace),
	C(reboot),
	C(swapon),
	C(init_module),
	C(socket),
	C(clone3),
	C(getpriority),
	C(setpriority),
	C(sync),
	C(acct),
	C(syslog),
	C(kill),
	C(tgkill),
	C(fchmodat),
	C(getpgid),
	C(getsid),
	C(sched_yield),
	C(uname),
	C(setuid),
	C(setgid),
	C(prctl),
	C(close),
	C(dup),
	C(getcpu),
	C(io_uring_setup),
	C(userfaultfd),
	C(open_by_handle_at),
	C(kexec_load),
	C(quotactl),
	C(setpgid),
	C(openat2),
	C(faccessat2),
	C(mincore),
	C(madvise),
	C(lookup_dcookie),
	C(vhangup),
	C(settimeofday),
#undef C
};

static long number_of_call(const char *name, size_t n)
{
	char *end;
	long nr;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strlen(calls[i].name) == n && !strncmp(calls[i].name, name, n))
			return calls[i].nr;
	nr = strtol(name, &end, 0);
	return end == name + n ? nr : -1;
}

/* How a child makes the call. */
enum way { PLAIN, TRAPPED, THREAD, IA32 };

struct call {
	enum way way;
	long nr;
	unsigned long a[6];
	int to;
};

/* errno, or 0; in a register-only form, so that it is the same for all ways */
static long call_now(const struct call *c)
{
	const unsigned long *a = c->a;
	long r = -1;

#ifdef __x86_64__
	if (c->way == IA32) {
		__asm__ volatile("int $0x80"
				 : "=a"(r)
				 : "a"(c->nr), "b"(a[0]), "c"(a[1]), "d"(a[2])
				 : "memory", "r8", "r9", "r10", "r11");
		return r < 0 && r > -4096 ? -r : 0;
	}
#endif
	r = syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	return r == -1 ? errno : 0;
}

static int result_fd;

static void on_trap(int nr, siginfo_t *info, void *context)
{
	long r = -1;

	(void)nr;
	(void)context;
	(void)info;
	_exit(write(result_fd, &r, sizeof(r)) < 0);
}

static void *in_thread(void *arg)
{
	const struct call *c = arg;
	long r = call_now(c);

	write(c->to, &r, sizeof(r));
	return NULL;
}

/* A filter that kills one thread leaves this process alone. */
static void call_in_thread(struct call *c)
{
	pthread_t t;
	long r = -2;

	if (pthread_create(&t, NULL, in_thread, c))
		_exit(1);
	usleep(200000);
	write(c->to, &r, sizeof(r));
}

static void call_in_child(struct call *c)
{
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

	result_fd = c->to;
	if (c->way == TRAPPED)
		sigaction(SIGSYS, &sa, NULL);
	if (c->way == THREAD)
		call_in_thread(c);
	else
		in_thread(c);
	_exit(0);
}

static void print_way(const char *arg, enum way way)
{
	size_t n = strcspn(arg, ":");
	struct call c = { .way = way, .nr = number_of_call(arg, n) };
	int pipefd[2], st = 0;
	char text[32];
	long r = 0;
	pid_t pid;

	if (c.nr < 0) {
		out_str("no such call here");
		return;
	}
	arg += n;
	for (int i = 0; i < 6 && *arg == ':'; i++)
		c.a[i] = strtoull(arg + 1, (char **)&arg, 0);
	if (pipe(pipefd) < 0 || (pid = fork()) < 0) {
		out_errno(errno);
		return;
	}
	c.to = pipefd[1];
	if (pid == 0)
		call_in_child(&c);
	close(pipefd[1]);
	n = (size_t)read(pipefd[0], &r, sizeof(r));
	close(pipefd[0]);
	waitpid(pid, &st, 0);
	if (n == sizeof(r)) {
		out_str(r == 0 ? "ok" : r == -1 ? "trapped" : r == -2 ? "thread killed" : errno_name((int)r));
	} else {
		snprintf(text, sizeof(text), "signal %d", WIFSIGNALED(st) ? WTERMSIG(st) : 0);
		out_str(text);
	}
}

/* "ok", the error, or "signal 31". */
static void print_call(const char *arg)
{
	print_way(arg, PLAIN);
}

/* The same with a handler for SIGSYS: "trapped" when it ran. */
static void print_trap(const char *arg)
{
	print_way(arg, TRAPPED);
}

/* The same in a thread of its own: "thread killed" when the process went on without it. */
static void print_thread(const char *arg)
{
	print_way(arg, THREAD);
}

/* The number of a call in the 32-bit ABI of this processor. */
static void print_ia32(const char *arg)
{
	print_way(arg, IA32);
}

const struct probe_word words_call[] = {
	{ "call", print_call },   { "trap", print_trap }, { "thread", print_thread },
	{ "call32", print_ia32 }, { NULL, NULL },
};
