/* SPDX-License-Identifier: Apache-2.0 */
/* What limits are felt by: processor time, memory, processes. And who owns a namespace. */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long millis(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

/* burn:MS: milliseconds of processor time that a busy loop of MS gets. */
static void print_burn(const char *arg)
{
	long long end = millis(CLOCK_REALTIME) + atoi(arg), cpu = millis(CLOCK_PROCESS_CPUTIME_ID);

	while (millis(CLOCK_REALTIME) < end)
		;
	out_num(millis(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

/* hold:BYTES: "ok" when so much was written to; it stays. */
static void print_hold(const char *arg)
{
	size_t n = (size_t)strtoull(arg, NULL, 0);
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		out_errno(errno);
		return;
	}
	for (size_t i = 0; i < n; i += 4096)
		p[i] = 1;
	out_str("ok");
}

/* alloc:BYTES: "ok", or "signal 9" when that killed the child which wrote to so much. */
static void print_alloc(const char *arg)
{
	char text[32];
	int st = 0;
	pid_t pid = fork();

	if (pid == 0) {
		print_hold(arg);
		_exit(0);
	}
	if (pid < 0) {
		out_errno(errno);
		return;
	}
	waitpid(pid, &st, 0);
	snprintf(text, sizeof(text), "signal %d", WIFSIGNALED(st) ? WTERMSIG(st) : 0);
	out_str(WIFSIGNALED(st) ? text : "ok");
}

/* huge:N: "ok" when a child mapped and wrote to so many huge pages, "ENOMEM", or "signal 7". */
static void print_huge(const char *arg)
{
	size_t n = (size_t)atoi(arg) << 21;
	char text[32], *p;
	int st = 0;
	pid_t pid = fork();

	if (pid == 0) {
		/* what is reserved is the process's that mapped it, not its children's */
		p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (p == MAP_FAILED)
			_exit(errno);
		for (size_t i = 0; i < n; i += 1 << 21)
			p[i] = 1;
		_exit(0);
	}
	if (pid < 0) {
		out_errno(errno);
		return;
	}
	waitpid(pid, &st, 0);
	snprintf(text, sizeof(text), "signal %d", WIFSIGNALED(st) ? WTERMSIG(st) : 0);
	out_str(WIFSIGNALED(st) ? text : WEXITSTATUS(st) ? errno_name(WEXITSTATUS(st)) : "ok");
}

/* forks:N: {"made": how many of N children there were at once, "error": why not more}. */
static void print_forks(const char *arg)
{
	pid_t pids[256];
	int n = atoi(arg), made = 0, err = 0;

	while (made < n && made < 256 && (pids[made] = fork()) >= 0)
		if (pids[made++] == 0)
			for (;;)
				pause();
	err = made < n ? errno : 0;
	for (int i = 0; i < made; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	out_open('{');
	out_key("made");
	out_num(made);
	out_key("error");
	if (err)
		out_errno(err);
	else
		out_null();
	out_close('}');
}

/* owner:net: the user namespace that owns this process's one. */
static void print_owner(const char *name)
{
	char path[64], link[64], target[64];
	int ns, fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	fd = ns < 0 ? -1 : ioctl(ns, NS_GET_USERNS);
	if (fd < 0) {
		out_errno(errno);
		return;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target));
	out_strn(target, n < 0 ? 0 : (size_t)n);
	close(fd);
	close(ns);
}

const struct probe_word words_load[] = {
	{ "burn", print_burn }, { "hold", print_hold },   { "alloc", print_alloc }, { "forks", print_forks },
	{ "huge", print_huge }, { "owner", print_owner }, { NULL, NULL },
};
