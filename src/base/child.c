/* SPDX-License-Identifier: Apache-2.0 */
/* Running one helper program to its end, with its input fed and its time limited. No heap.
 * What a hook or newuidmap is given, and what its exit code means, is the caller's matter. */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/sys.h"

enum child_stage { CHILD_PREPARE, CHILD_CHDIR, CHILD_EXEC };

struct child_failure { /* what the child tells when it does not get to its program */
	int32_t stage, code;
};

struct child {
	const struct child_spec *spec;
	int null_fd, in_r, in_w, fail_r, fail_w, pidfd;
	pid_t pid;
	size_t sent;
	int unblocked; /* whether our own signals are, 0 or -errno */
	bool sigpipe;  /* a write of ours raised one */
};

static void child_close(struct child *c)
{
	cleanup_close(&c->null_fd);
	cleanup_close(&c->in_r);
	cleanup_close(&c->in_w);
	cleanup_close(&c->fail_r);
	cleanup_close(&c->fail_w);
	cleanup_close(&c->pidfd);
}

static int child_pipe(int *r, int *w, int nonblock_r, int nonblock_w)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*r = fds[0];
	*w = fds[1];
	if (nonblock_r && fcntl(*r, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	if (nonblock_w && fcntl(*w, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

static int child_open(struct child *c, struct err *err)
{
	const struct child_spec *s = c->spec;
	int r;

	if (!s->input || s->out_fd < 0 || s->err_fd < 0) {
		c->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
		if (c->null_fd < 0)
			return err_sys(err, "open `/dev/null`");
		if (!fd_is_chardev(c->null_fd, 1, 3)) /* an image may have put anything there */
			return err_set(err, ENODEV, "open `/dev/null`: not the null device");
	}
	r = s->input ? child_pipe(&c->in_r, &c->in_w, 0, 1) : 0;
	if (!r)
		r = child_pipe(&c->fail_r, &c->fail_w, 1, 0);
	return r < 0 ? err_code(err, r, "make pipe for `%s`", s->path) : 0;
}

static int child_stdio(struct child *c)
{
	const struct child_spec *s = c->spec;
	int fds[3] = {
		s->input ? c->in_r : c->null_fd,
		s->out_fd < 0 ? c->null_fd : s->out_fd,
		s->err_fd < 0 ? c->null_fd : s->err_fd,
	};

	/* any of them may be among 0-2 itself, so all go out of the way first */
	for (int i = 0; i < 3; i++) {
		fds[i] = fd_dup_above(fds[i], 3);
		if (fds[i] < 0)
			return fds[i];
	}
	c->fail_w = fd_dup_above(c->fail_w, 3);
	if (c->fail_w < 0)
		return c->fail_w;
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			return -errno;
	return fd_cloexec_from(3);
}

static int child_reset_signals(void)
{
	sigset_t none;

	/* an ignored signal stays ignored over execve; KILL and STOP are refused, which is fine */
	for (int sig = 1; sig <= 64; sig++)
		sys_signal_default(sig);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

static __attribute__((noreturn)) void child_fail(const struct child *c, enum child_stage stage, int code)
{
	struct child_failure f = { .stage = stage, .code = code };

	if (write(c->fail_w, &f, sizeof(f)) != (ssize_t)sizeof(f))
		_exit(126);
	_exit(127);
}

static __attribute__((noreturn)) void child_body(struct child *c)
{
	const struct child_spec *s = c->spec;
	char *const argv[] = { (char *)s->path, NULL }, *const envp[] = { NULL };
	int r;

	if (s->cwd_fd >= 0 && fchdir(s->cwd_fd) < 0)
		child_fail(c, CHILD_CHDIR, errno);
	r = child_stdio(c);
	if (r < 0)
		child_fail(c, CHILD_PREPARE, -r);
	if (setsid() < 0)
		child_fail(c, CHILD_PREPARE, errno);
	r = child_reset_signals();
	if (r < 0)
		child_fail(c, CHILD_PREPARE, -r);
	execve(s->path, s->argv ? s->argv : argv, s->envp ? s->envp : envp);
	child_fail(c, CHILD_EXEC, errno);
}

static int child_spawn(struct child *c, struct err *err)
{
	struct sys_clone_args args = { .flags = SYS_CLONE_PIDFD,
				       .pidfd = (uintptr_t)&c->pidfd,
				       .exit_signal = SIGCHLD };
	sigset_t all, old;
	long pid;

	/* no handler of ours may run in the child */
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &old) < 0)
		return err_sys(err, "block signals for `%s`", c->spec->path);
	pid = sys_clone3(&args);
	if (pid == 0)
		child_body(c);
	if (pid < 0)
		pid = -errno;
	/* What stays blocked would stay so in the programs that come after. */
	c->unblocked = sigprocmask(SIG_SETMASK, &old, NULL) < 0 ? -errno : 0;
	if (pid < 0) {
		c->pidfd = -EBADF;
		return err_code(err, (int)pid, "clone for `%s`", c->spec->path);
	}
	c->pid = (pid_t)pid;
	cleanup_close(&c->in_r);
	cleanup_close(&c->fail_w);
	return 0;
}

/* Writes what fits. Whoever does not want its input is left alone. */
static void child_feed(struct child *c)
{
	const struct child_spec *s = c->spec;
	ssize_t r = 0;

	if (c->sent < s->input_len)
		r = write(c->in_w, s->input + c->sent, s->input_len - c->sent);
	if (r < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (r < 0)
		c->sigpipe |= errno == EPIPE;
	else
		c->sent += (size_t)r;
	if (r < 0 || c->sent == s->input_len)
		cleanup_close(&c->in_w); /* end of file */
}

/* Until the process has ended (0) or its time is over. */
static int child_attend(struct child *c)
{
	int64_t end = c->spec->timeout_ms >= 0 ? clock_ms() + c->spec->timeout_ms : 0;

	for (;;) {
		struct pollfd p[2] = { { .fd = c->pidfd, .events = POLLIN }, { .fd = c->in_w, .events = POLLOUT } };
		int64_t left = c->spec->timeout_ms >= 0 ? end - clock_ms() : -1;
		int r;

		if (c->spec->timeout_ms >= 0 && left < 0)
			left = 0;
		r = poll(p, 2, (int)left);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0)
			return -ETIMEDOUT;
		if (r > 0 && p[0].revents)
			return 0;
		if (r > 0 && p[1].revents)
			child_feed(c);
	}
}

static int child_reap(const struct child *c, int *status)
{
	pid_t r;

	do
		r = waitpid(c->pid, status, 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/* SIGPIPE stays blocked while we write, and one that we raised is taken back before it is unblocked: the disposition
 * belongs to the whole program, so it is not touched. */
static int child_attend_quietly(struct child *c)
{
	const struct timespec now = { 0 };
	sigset_t pipe_only, old, pending;
	int r;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	if (sigprocmask(SIG_BLOCK, &pipe_only, &old) < 0)
		return -errno;
	if (sigpending(&pending) < 0)
		sigfillset(&pending); /* as if none were ours */
	r = child_attend(c);
	if (c->sigpipe && !sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe_only, NULL, &now) < 0 && errno == EINTR)
			;
	return sigprocmask(SIG_SETMASK, &old, NULL) < 0 && r >= 0 ? -errno : r;
}

static int child_result(const struct child *c, int status, struct err *err)
{
	const char *path = c->spec->path;
	struct child_failure f;

	if (read(c->fail_r, &f, sizeof(f)) == (ssize_t)sizeof(f)) {
		if (f.stage == CHILD_EXEC)
			return err_code(err, -f.code, "execute `%s`", path);
		return err_code(err, -f.code,
				f.stage == CHILD_CHDIR ? "change directory for `%s`" : "prepare to execute `%s`", path);
	}
	return WIFSIGNALED(status) ? CHILD_SIGNALED + WTERMSIG(status) : WEXITSTATUS(status);
}

int child_run(const struct child_spec *spec, struct err *err)
{
	AUTO(child_close) struct child c = {
		.spec = spec,
		.null_fd = -EBADF,
		.in_r = -EBADF,
		.in_w = -EBADF,
		.fail_r = -EBADF,
		.fail_w = -EBADF,
		.pidfd = -EBADF,
	};
	int status = 0, waited, r;

	r = child_open(&c, err);
	if (!r)
		r = child_spawn(&c, err);
	if (r < 0)
		return r;
	waited = c.unblocked < 0 ? c.unblocked : child_attend_quietly(&c);
	if (waited < 0) {
		kill(-c.pid, SIGKILL);
		sys_pidfd_send_signal(c.pidfd, SIGKILL); /* it may not be the leader of its group yet */
	}
	r = child_reap(&c, &status);
	if (waited == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT, "run `%s`: not finished after %d ms", spec->path, spec->timeout_ms);
	if (waited < 0)
		return err_code(err, waited, "run `%s`", spec->path);
	if (r < 0) {
		if (r == -ECHILD)
			err_hint(err, "the calling program ignores SIGCHLD");
		return err_code(err, r, "wait for `%s`", spec->path);
	}
	return child_result(&c, status, err);
}

int child_hook_error(const char *kind, size_t index, const char *path, unsigned timeout, int r, const struct err *inner,
		     struct err *err)
{
	if (r == -ETIMEDOUT)
		err_set(err, ECANCELED, "run %s hook `%s`: killed after %u seconds", kind, path, timeout);
	else if (r < 0)
		err_set(err, ECANCELED, "run %s hook: %s", kind, inner->text);
	else if (r > CHILD_SIGNALED)
		err_set(err, ECANCELED, "run %s hook `%s`: killed by signal %d", kind, path, r - CHILD_SIGNALED);
	else
		err_set(err, ECANCELED, "run %s hook `%s`: exit code %d", kind, path, r);
	if (inner->hint[0])
		err_hint(err, "%s", inner->hint);
	err_pointer(err, "/hooks/%s/%zu", kind, index);
	return -ECANCELED;
}
