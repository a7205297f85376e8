/* SPDX-License-Identifier: Apache-2.0 */
/* Follows a command and all that it starts under ptrace, and calls back at the entry and at the end of each system call. What is done
 * there is the business of those who include this. The names of the calls come from the C library of the build (tracer.py). */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_GET_SYSCALL_INFO
#define PTRACE_GET_SYSCALL_INFO 0x420e
#endif
#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif
enum { CALL_ENTRY = 1, CALL_EXIT = 2, CALL_MAX = 512, TRACEES = 256 };

struct tracer_info { /* struct ptrace_syscall_info, which the C libraries name differently */
	unsigned char op, pad[3];
	unsigned arch;
	unsigned long long ip, sp, nr, args[6];
};

/* The role is the way from the command to the process: "masu", its second child "masu.2". Everything that a process does between two
 * clones is in order, so a role is the same in every run. */
struct tracee {
	pid_t pid;
	char role[40];
	int children, known, stopped;
	long nr;                /* the call that it is in */
	unsigned nth[CALL_MAX]; /* how often it made each */
};

struct tracer {
	pid_t root;
	int begun;    /* the command has been executed: what went before is the tracer's own */
	int detached; /* nothing more to be seen: everybody goes on alone */
	int options;
	struct tracee all[TRACEES];
	/* Any may be missing. executed: 0 lets the process go on without us. */
	void (*entry)(struct tracer *, struct tracee *, const struct tracer_info *);
	void (*exit)(struct tracer *, struct tracee *, long result);
	int (*executed)(struct tracer *, struct tracee *);
};

static const char *const tracer_names[CALL_MAX] = {
#include "syscall_names.inc"
};

__attribute__((unused)) static const char *tracer_call_name(long nr)
{
	return nr >= 0 && nr < CALL_MAX ? tracer_names[nr] : NULL;
}

static struct tracee *tracer_find(struct tracer *t, pid_t pid)
{
	struct tracee *spare = NULL;

	for (int i = 0; i < TRACEES; i++) {
		if (t->all[i].pid == pid)
			return &t->all[i];
		if (!t->all[i].pid && !spare)
			spare = &t->all[i];
	}
	if (!spare) {
		fprintf(stderr, "tracer: too many processes\n");
		exit(125);
	}
	memset(spare, 0, sizeof(*spare));
	spare->pid = pid;
	spare->nr = -1;
	return spare;
}

static void tracer_go_on(struct tracer *t, struct tracee *p, int sig)
{
	p->stopped = 0;
	if (!t->detached) {
		ptrace(PTRACE_SYSCALL, p->pid, 0, sig);
		return;
	}
	ptrace(PTRACE_DETACH, p->pid, 0, sig);
	p->pid = 0;
}

/* The call that a process is about to make is not made. */
__attribute__((unused)) static int tracer_skip_call(pid_t pid)
{
#if defined(__x86_64__)
	return (int)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1l);
#elif defined(__aarch64__)
	int none = -1;
	struct iovec v = { &none, sizeof(none) };

	return (int)ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &v);
#else
#error "how is a system call skipped on this machine?"
#endif
}

/* What the call that has just ended gives back. */
__attribute__((unused)) static int tracer_set_result(pid_t pid, long value)
{
#if defined(__x86_64__)
	return (int)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), value);
#else
	struct user_regs_struct regs;
	struct iovec v = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v) < 0)
		return -1;
	regs.regs[0] = (unsigned long long)value;
	return (int)ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &v);
#endif
}

/* Another first argument for the call that a process is about to make. */
__attribute__((unused)) static int tracer_set_argument(pid_t pid, long value)
{
#if defined(__x86_64__)
	return (int)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rdi), value);
#else
	return tracer_set_result(pid, value); /* the same register */
#endif
}

static void tracer_at_call(struct tracer *t, struct tracee *p)
{
	struct tracer_info in;

	if ((p->pid == t->root && !t->begun) ||
	    ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(in), &in) < 0)
		return;
	if (in.op == CALL_ENTRY) {
		p->nr = (long)in.nr;
		if (p->nr >= 0 && p->nr < CALL_MAX)
			p->nth[p->nr]++;
		if (t->entry)
			t->entry(t, p, &in);
	} else if (in.op == CALL_EXIT && p->nr >= 0) {
		if (t->exit)
			t->exit(t, p, (long)in.nr /* the result is the first word of that stop */);
		p->nr = -1;
	}
}

static void tracer_adopt(struct tracer *t, struct tracee *parent)
{
	unsigned long pid = 0;
	struct tracee *child;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) < 0 || !pid)
		return;
	child = tracer_find(t, (pid_t)pid);
	snprintf(child->role, sizeof(child->role), "%.30s.%d", parent->role, ++parent->children);
	child->known = 1;
	/* It may have come to its first stop before its parent told of it. */
	if (child->stopped)
		tracer_go_on(t, child, 0);
}

/* What to do about a stop; returns the signal to be delivered, -1 when the process stays stopped. */
static int tracer_at_stop(struct tracer *t, struct tracee *p, int status)
{
	int event = status >> 16, sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80)) {
		tracer_at_call(t, p);
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
		tracer_adopt(t, p);
	} else if (event == PTRACE_EVENT_EXEC) {
		int mine = p->pid == t->root && !t->begun;

		t->begun = t->begun || mine;
		p->nr = -1;
		if (!mine && t->executed && !t->detached && !t->executed(t, p)) {
			ptrace(PTRACE_DETACH, p->pid, 0, 0);
			p->pid = 0;
			return -1;
		}
	} else if (event == PTRACE_EVENT_STOP && sig != SIGTRAP) {
		ptrace(t->detached ? PTRACE_DETACH : PTRACE_LISTEN, p->pid, 0, 0);
		return -1;
	} else if (event == PTRACE_EVENT_STOP && !p->known && !t->detached) {
		p->stopped = 1;
		return -1;
	} else if (!event) {
		return sig;
	}
	return 0;
}

static int tracer_seize(struct tracer *t, pid_t pid, const char *role)
{
	struct tracee *p = tracer_find(t, pid);

	snprintf(p->role, sizeof(p->role), "%s", role);
	p->known = 1;
	if (ptrace(PTRACE_SEIZE, pid, 0,
		   t->options | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			   PTRACE_O_TRACEEXEC) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0) {
		perror("tracer: ptrace");
		return -1;
	}
	return 0;
}

/* Starts a command that is to be followed; -1 when that is not possible. */
static int tracer_start(struct tracer *t, const char *role, char **argv)
{
	t->root = fork();
	if (t->root == 0) {
		raise(SIGSTOP);
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(t->root, NULL, WUNTRACED);
	if (tracer_seize(t, t->root, role) < 0) {
		kill(t->root, SIGKILL);
		return -1;
	}
	kill(t->root, SIGCONT);
	return 0;
}

/* Until the command has ended: gives back its wait status. What it started goes on without us. */
static int tracer_run(struct tracer *t)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct tracee *p;
		int sig;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid == t->root)
				return status;
			tracer_find(t, pid)->pid = 0;
			continue;
		}
		p = tracer_find(t, pid);
		sig = tracer_at_stop(t, p, status);
		if (sig >= 0)
			tracer_go_on(t, p, sig);
	}
	return 125 << 8;
}
