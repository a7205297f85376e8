/* SPDX-License-Identifier: Apache-2.0 */
/* The process in which libcriu runs, and the conversation with it: one frame per thing that criu tells, one as answer. */

#include "container/checkpoint/criu_job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/frame.h"
#include "base/io.h"
#include "base/log.h"
#include "container/checkpoint/criu.h"

#define LOG_MAX (64 << 20)

enum { JOB_NOTIFY = 1, JOB_DONE };

struct notice { /* payload of JOB_NOTIFY and JOB_DONE */
	int32_t pid;
	char action[60];
};

/* ---- in the process of criu ---- */

static int job_tell(int sock, uint16_t point, const char *action, pid_t pid, int fd)
{
	struct notice n = { .pid = pid };

	snprintf(n.action, sizeof(n.action), "%s", action);
	return frame_send(sock, FRAME_SYNC, point, &n, sizeof(n), &fd, fd >= 0);
}

static int job_on_notify(void *arg, const char *action, pid_t pid, int fd)
{
	int sock = *(int *)arg, r = job_tell(sock, JOB_NOTIFY, action, pid, fd);
	struct frame answer;

	if (r >= 0)
		r = frame_recv(sock, &answer, NULL, 0, NULL, NULL);
	if (fd >= 0)
		close(fd);
	return r < 0 || answer.kind != FRAME_SYNC ? -1 : 0;
}

static void job_child(const struct criu_job *job, int sock)
{
	struct err err = { 0 };
	sigset_t mask;
	pid_t pid = 0;
	int r = 0;

	/* Without us nobody wants the result. criu itself notices that its caller is gone. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = err_sys(&err, "ask to end with the caller");
	/* libcriu wants SIGCHLD blocked: the restored process may end before its call returns. */
	if (job->mask)
		mask = *job->mask;
	else
		sigprocmask(SIG_SETMASK, NULL, &mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (r >= 0 && job->prepare)
		r = job->prepare(job->arg, job->request, &err);
	if (r >= 0)
		r = criu_run(job->request, job_on_notify, &sock, &pid, &err);
	if (r >= 0)
		r = job_tell(sock, JOB_DONE, "", pid, -1);
	else
		r = frame_send(sock, FRAME_ERROR, (uint16_t)-r, &err, sizeof(err), NULL, 0);
	_exit(r < 0);
}

/* ---- in the caller ---- */

static int job_answer(const struct criu_job *job, int sock, const struct notice *n, int fd, struct err *err)
{
	int r = 0;

	log_debug("criu: %s", n->action);
	if (job->notify)
		r = job->notify(job->arg, n->action, n->pid, fd, err);
	else
		cleanup_close(&fd);
	if (frame_send(sock, r < 0 ? FRAME_ERROR : FRAME_SYNC, JOB_NOTIFY, NULL, 0, NULL, 0) < 0)
		return r < 0 ? r : err_set(err, ECONNRESET, "answer criu: it is gone");
	return r;
}

static int job_take_error(const struct frame *f, struct err *err)
{
	struct err theirs;

	if (f->len != sizeof(theirs))
		return err_set(err, EPROTO, "talk to criu's process: %u bytes of an error", f->len);
	memcpy(&theirs, f->payload, sizeof(theirs));
	theirs.text[sizeof(theirs.text) - 1] = theirs.hint[sizeof(theirs.hint) - 1] = '\0';
	theirs.step[0] = theirs.pointer[0] = '\0';
	if (theirs.code <= 0 || theirs.code > 4095)
		theirs.code = EIO;
	if (err)
		*err = theirs;
	return -theirs.code;
}

/* An error of our own answer is the cause of all that follows. */
static int job_talk(const struct criu_job *job, int sock, pid_t *ret_pid, bool *ret_ours, struct err *err)
{
	struct err first = { 0 };
	struct notice n;
	struct frame f;

	for (;;) {
		int fd = -EBADF, r;
		size_t fds = 0;

		r = frame_recv(sock, &f, &fd, 1, &fds, NULL);
		if (r < 0 && first.code == 0)
			return err_set(err, ECONNRESET, "talk to criu's process: it was killed");
		if (r >= 0 && f.kind == FRAME_SYNC && f.len == sizeof(n)) {
			memcpy(&n, f.payload, sizeof(n));
			n.action[sizeof(n.action) - 1] = '\0';
			*ret_pid = n.pid;
			if (f.point == JOB_DONE && first.code == 0)
				return 0;
			if (f.point == JOB_NOTIFY && first.code == 0) {
				job_answer(job, sock, &n, fds ? fd : -EBADF, &first);
				continue;
			}
		}
		if (fds)
			cleanup_close(&fd);
		if (first.code == 0)
			return job_take_error(&f, err);
		*ret_ours = true;
		if (err)
			*err = first;
		return -first.code;
	}
}

static void quote_log(const struct criu_job *job, struct err *err)
{
	const struct criu_request *q = job->request;
	AUTO(buf_done) struct buf text = { 0 };
	char line[sizeof(err->hint)];
	autoclose int fd = openat(q->work_fd >= 0 ? q->work_fd : q->images_fd, q->log_file,
				  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return;
	err_wrap(err, 0, "run criu (log: %s/%s)", job->log_path, q->log_file);
	if (io_read_all(fd, LOG_MAX, &text) >= 0 && text.data && criu_log_first_error(text.data, line, sizeof(line)))
		err_hint(err, "%s", line);
}

/* A child of the process that ends comes to the nearest subreaper: for that moment it is us. */
static int adopt(bool on, struct err *err)
{
	return prctl(PR_SET_CHILD_SUBREAPER, on) < 0 ? err_sys(err, "become a child subreaper") : 0;
}

int criu_job_run(const struct criu_job *job, pid_t *ret_pid, struct err *err)
{
	int pair[2], was = 0, r = frame_pair(pair);
	struct err inner = { 0 };
	bool ours = false;
	pid_t pid;

	*ret_pid = 0;
	if (r < 0)
		return err_code(err, r, "make socket pair for criu");
	if (job->adopt && prctl(PR_GET_CHILD_SUBREAPER, &was) == 0 && !was)
		r = adopt(true, &inner);
	/* The log of an earlier run is not the one to be quoted. */
	unlinkat(job->request->work_fd >= 0 ? job->request->work_fd : job->request->images_fd, job->request->log_file,
		 0);
	pid = r < 0 ? -1 : fork();
	if (pid == 0) {
		cleanup_close(&pair[0]);
		job_child(job, pair[1]);
	}
	cleanup_close(&pair[1]);
	if (pid < 0 && r >= 0)
		r = err_sys(&inner, "fork for criu");
	if (r >= 0) {
		r = job_talk(job, pair[0], ret_pid, &ours, &inner);
		cleanup_close(&pair[0]);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		if (r < 0 && !ours)
			quote_log(job, &inner);
	}
	cleanup_close(&pair[0]);
	if (job->adopt && !was)
		prctl(PR_SET_CHILD_SUBREAPER, 0);
	if (r < 0 && err)
		*err = inner;
	return r;
}
