/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for a foreground process. All signals are blocked and come through one signalfd, so there is no moment in
 * which one of them could end us with a raw terminal or before the container has heard of it. */
#include "container/supervise.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"

/* Signals that a fault of our own raises. While the terminal may be raw they have a handler: blocked, the kernel would
 * end us without one. */
static const int fault_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT };

/* What the handler of a fault needs: the terminal of the process. */
static struct supervise *guarded;

static void guard_fault(int sig, siginfo_t *info, void *context)
{
	struct supervise *s = guarded;
	bool sent = info->si_code <= 0 && info->si_pid != getpid();
	int saved = errno;

	(void)context;
	if (sent) {
		(void)sys_pidfd_send_signal(s->pidfd, sig);
		errno = saved;
		return;
	}
	relay_end(&s->relay);
	signal(sig, SIG_DFL);
	raise(sig);
}

/* Dispositions go back to the default at the end: a handler that somebody else had cannot be meant for a program that
 * makes containers. */
static void guard_set(struct supervise *s, bool on)
{
	struct sigaction sa = { .sa_flags = on ? SA_SIGINFO : 0 };
	sigset_t set;

	if (s->guarding == on)
		return;
	guarded = s;
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(fault_signals); i++)
		sigaddset(&set, fault_signals[i]);
	if (on)
		sa.sa_sigaction = guard_fault;
	else
		sa.sa_handler = SIG_DFL;
	if (!on)
		sigprocmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(fault_signals); i++)
		sigaction(fault_signals[i], &sa, NULL);
	if (on)
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	s->guarding = on;
}

int supervise_prepare(struct supervise *s, struct err *err)
{
	/* A caller that ignores SIGCHLD would have the kernel throw exit codes away. */
	const struct sigaction dfl = { .sa_handler = SIG_DFL };
	int was = 0, r;
	sigset_t all;

	/* A closed stdin or stdout must not be the number that our own descriptors get. */
	r = fd_ensure_stdio();
	if (r < 0)
		return err_code(err, r, "open /dev/null");
	sigfillset(&all);
	s->signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signal_fd < 0)
		return err_sys(err, "open a descriptor for signals");
	s->was_subreaper = prctl(PR_GET_CHILD_SUBREAPER, &was) == 0 && was;
	if (s->subreaper && !s->was_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		r = err_sys(err, "become a child subreaper");

		cleanup_close(&s->signal_fd);
		return r;
	}
	if (sigaction(SIGCHLD, &dfl, &s->old_child) < 0 || sigprocmask(SIG_BLOCK, &all, &s->original) < 0) {
		r = err_sys(err, "block signals");
		cleanup_close(&s->signal_fd);
		return r;
	}
	s->prepared = true;
	return 0;
}

const sigset_t *supervise_original_mask(const struct supervise *s)
{
	return &s->original;
}

int supervise_terminal(struct supervise *s, int master_fd, struct err *err)
{
	int r = relay_begin(&s->relay, master_fd, err);

	if (r < 0)
		return r;
	s->master_fd = master_fd;
	guard_set(s, s->relay.tty_fd >= 0);
	return 0;
}

/* Takes every child that has ended and is ours to take. */
static int supervise_reap(struct supervise *s, struct err *err)
{
	for (;;) {
		siginfo_t info = { 0 };
		idtype_t type = s->subreaper ? P_ALL : P_PID;
		int r = waitid(type, (id_t)s->pid, &info, WEXITED | WNOHANG | __WALL);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return s->ended ? 0 : err_sys(err, "wait for process %d", (int)s->pid);
		if (info.si_pid == 0)
			return 0;
		if (info.si_pid != s->pid)
			continue;
		s->ended = true;
		s->exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
		return 0;
	}
}

static void supervise_forward(struct supervise *s, int sig)
{
	if (s->ended || sys_pidfd_send_signal(s->pidfd, sig) == 0 || errno == ESRCH)
		return;
	log_warn("forward signal %d to process %d: %s", sig, (int)s->pid, strerror(errno));
}

/* Returns true when somebody wants an end: a signal that is for the container, not for our housekeeping. */
static bool supervise_read_signals(struct supervise *s)
{
	struct signalfd_siginfo info;
	bool wanted = false;

	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
		case SIGPIPE: /* our own output has no reader: not the container's business */
		case SIGURG:
			break;
		case SIGWINCH:
			relay_resize(&s->relay);
			break;
		case SIGCONT:
			relay_resume(&s->relay);
			supervise_forward(s, SIGCONT);
			break;
		default:
			wanted = true;
			supervise_forward(s, (int)info.ssi_signo);
		}
	}
	return wanted;
}

enum { POLL_SIGNALS, POLL_PROCESS, POLL_ALSO, POLL_RELAY, POLL_ALL = POLL_RELAY + RELAY_POLL };

static int supervise_loop(struct supervise *s, struct err *err)
{
	while (!s->ended) {
		struct pollfd pfds[POLL_ALL];
		int timeout = relay_prepare_poll(&s->relay, pfds + POLL_RELAY);
		int r;

		pfds[POLL_SIGNALS] = (struct pollfd){ .fd = s->signal_fd, .events = POLLIN };
		pfds[POLL_PROCESS] = (struct pollfd){ .fd = s->pidfd, .events = POLLIN };
		pfds[POLL_ALSO] = (struct pollfd){ .fd = s->also_fd, .events = POLLIN };
		r = poll(pfds, POLL_ALL, timeout);
		if (r < 0 && errno != EINTR)
			return err_sys(err, "wait for process %d", (int)s->pid);
		if (r < 0)
			continue;
		if (pfds[POLL_SIGNALS].revents)
			(void)supervise_read_signals(s);
		relay_move(&s->relay, pfds + POLL_RELAY);
		if (pfds[POLL_ALSO].revents)
			s->also(s->also_arg);
		if (pfds[POLL_SIGNALS].revents || pfds[POLL_PROCESS].revents) {
			r = supervise_reap(s, err);
			if (r < 0)
				return r;
		}
	}
	if (s->also)
		s->also(s->also_arg);
	return 0;
}

/* A reader that has stalled must not hold us for ever: a signal ends the waiting. */
static void supervise_drain(struct supervise *s)
{
	while (relay_more(&s->relay)) {
		struct pollfd pfds[] = { { .fd = s->signal_fd, .events = POLLIN },
					 { .fd = STDOUT_FILENO, .events = POLLOUT } };

		if (poll(pfds, ARRAY_SIZE(pfds), -1) < 0)
			continue;
		if (pfds[0].revents && supervise_read_signals(s))
			return;
		if (pfds[1].revents)
			relay_flush(&s->relay);
	}
}

int supervise_wait(struct supervise *s, int *ret_exit_code, struct err *err)
{
	autoclose int own_pidfd = -1;
	int r = 0;

	if (s->pidfd < 0) {
		own_pidfd = s->pidfd = sys_pidfd_open(s->pid, 0);
		if (s->pidfd < 0)
			return err_sys(err, "open process %d", (int)s->pid);
	}
	if (s->master_fd >= 0 && s->relay.master_fd < 0)
		r = supervise_terminal(s, s->master_fd, err);
	if (r == 0)
		r = supervise_loop(s, err);
	if (r == 0)
		supervise_drain(s);
	guard_set(s, false);
	relay_end(&s->relay);
	if (own_pidfd >= 0)
		s->pidfd = -1;
	if (r == 0)
		*ret_exit_code = s->exit_code;
	return r;
}

void supervise_cancel(struct supervise *s)
{
	const struct timespec now = { 0 };
	sigset_t pipe_only;

	if (!s->prepared)
		return;
	guard_set(s, false);
	relay_end(&s->relay);
	cleanup_close(&s->signal_fd);
	if (s->subreaper && !s->was_subreaper)
		(void)prctl(PR_SET_CHILD_SUBREAPER, 0);
	/* Left over from a write to a stdout without reader; that was dealt with. */
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	while (sigtimedwait(&pipe_only, NULL, &now) > 0)
		;
	sigaction(SIGCHLD, &s->old_child, NULL);
	sigprocmask(SIG_SETMASK, &s->original, NULL);
	s->prepared = false;
}
