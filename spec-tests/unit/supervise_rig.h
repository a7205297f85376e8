/* SPDX-License-Identifier: Apache-2.0 */
/* A supervisor in a process of its own, a pty as the user's terminal, a pty as the container's. The test plays the
 * user. For the tests of supervise and relay. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "check.h"
#include "container/supervise.h"

/* The body of the supervised process. */
typedef int body_fn(void);

struct rig {
	body_fn *body;
	bool terminal; /* the process gets a pty of its own */
	bool user_tty; /* the supervisor's stdio is a pty, else in_fd, out_fd */
	bool late;     /* the signal comes before the process is made */
	bool subreaper;
	int in_fd, out_fd; /* -1: /dev/null; -2: closed */
	int user;          /* master of the user's terminal */
	int keep;          /* its other end, so that its modes can be read afterwards */
	bool left_raw;     /* how the supervisor left the user's terminal */
	int fault;         /* a signal that the supervisor raises in itself */
	int ready;         /* reads one byte when the supervised process is about to run its body */
	pid_t pid;         /* the supervisor */
	int behind;        /* not 0: another process group has the terminal until this descriptor ends */
};

static inline int open_pty(int *ret_slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		return -1;
	*ret_slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	return master;
}

static inline void take_terminal(int slave)
{
	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(slave, fd);
}

/* A shell that has put us into the background: holds the terminal until fd ends, then gives it back. */
static inline void lend_terminal(int fd)
{
	pid_t us = getpgrp();
	char c;

	signal(SIGTTOU, SIG_IGN);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		tcsetpgrp(0, getpgrp());
		(void)!read(fd, &c, 1);
		tcsetpgrp(0, us);
		/* our end would be a SIGCHLD, which a shell's process does not get */
		pause();
		_exit(0);
	}
	while (tcgetpgrp(0) == us)
		usleep(1000);
	signal(SIGTTOU, SIG_DFL);
}

static inline void set_stdio(int from, int to, int flags)
{
	int null;

	if (from == -2) {
		close(to);
	} else if (from >= 0) {
		dup2(from, to);
	} else {
		null = open("/dev/null", flags | O_CLOEXEC);
		dup2(null, to);
	}
}

static inline int supervisor(const struct rig *rig, int ready)
{
	AUTO(supervise_cancel) struct supervise s = SUPERVISE_INIT;
	struct err err = { 0 };
	int master = -1, slave = -1, code = -1;

	s.subreaper = rig->subreaper;
	if (supervise_prepare(&s, &err) < 0)
		return 250;
	if (rig->terminal)
		master = open_pty(&slave);
	if (rig->late)
		raise(SIGTERM);
	if (rig->terminal && supervise_terminal(&s, master, &err) < 0)
		return 251;
	s.pid = fork();
	if (s.pid == 0) {
		signal(SIGTERM, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (rig->terminal)
			take_terminal(slave);
		close(slave);
		close(master);
		sigprocmask(SIG_SETMASK, supervise_original_mask(&s), NULL);
		(void)!write(ready, "r", 1);
		_exit(rig->body());
	}
	close(slave);
	close(ready);
	if (rig->fault)
		raise(rig->fault);
	if (supervise_wait(&s, &code, &err) < 0)
		return 252;
	return code;
}

static inline bool rig_start(struct rig *rig)
{
	int slave = -1, ready[2];

	rig->user = -1;
	if (pipe2(ready, O_CLOEXEC) < 0)
		return false;
	if (rig->user_tty) {
		struct winsize size = { .ws_row = 33, .ws_col = 77 };

		rig->user = open_pty(&slave);
		ioctl(rig->user, TIOCSWINSZ, &size);
	}
	rig->keep = slave;
	rig->pid = fork();
	if (rig->pid == 0) {
		alarm(20);
		if (rig->user_tty)
			take_terminal(slave);
		else {
			set_stdio(rig->in_fd, 0, O_RDONLY);
			set_stdio(rig->out_fd, 1, O_WRONLY);
		}
		if (rig->behind)
			lend_terminal(rig->behind);
		_exit(supervisor(rig, ready[1]));
	}
	close(ready[1]);
	rig->ready = ready[0];
	return rig->pid > 0;
}

static inline bool rig_wait_ready(struct rig *rig)
{
	char c;

	return read(rig->ready, &c, 1) == 1;
}

static inline bool is_raw(int tty)
{
	struct termios t;

	return tcgetattr(tty, &t) == 0 && !(t.c_lflag & ICANON);
}

/* Exit code of the supervisor, 1000 + signal when one ended it, -ETIMEDOUT after 10 s. */
static inline int rig_end(struct rig *rig)
{
	int status = 0, r = -ETIMEDOUT;

	for (int i = 0; i < 1000 && r == -ETIMEDOUT; i++) {
		if (waitpid(rig->pid, &status, WNOHANG) == rig->pid)
			r = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
		else
			usleep(10000);
	}
	if (r == -ETIMEDOUT) {
		kill(rig->pid, SIGKILL);
		waitpid(rig->pid, &status, 0);
	}
	rig->left_raw = rig->keep >= 0 && is_raw(rig->keep);
	close(rig->ready);
	if (rig->user >= 0)
		close(rig->user);
	if (rig->keep >= 0)
		close(rig->keep);
	return r;
}

/* Reads until the text has been seen, 10 s at most. */
static inline bool see(int fd, const char *text)
{
	static char seen[65536];
	size_t len = 0;

	while (len < sizeof(seen) - 1) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n = poll(&p, 1, 10000) > 0 ? read(fd, seen + len, sizeof(seen) - 1 - len) : -1;

		if (n <= 0)
			break;
		len += (size_t)n;
		seen[len] = '\0';
		if (strstr(seen, text))
			return true;
	}
	printf("# did not see \"%s\"\n", text);
	return false;
}

static inline void say(const char *text)
{
	(void)!write(1, text, strlen(text));
}

static volatile sig_atomic_t last_signal;

static inline void remember(int sig)
{
	last_signal = sig;
}

/* Ends with the number of the first signal that it gets. */
static inline int body_signal(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGCHLD)
			signal(sig, remember);
	sigemptyset(&none);
	say("waiting\n");
	while (!last_signal)
		usleep(1000);
	return last_signal;
}

static inline int body_sleep(void)
{
	say("waiting\n");
	sleep(60);
	return 0;
}
