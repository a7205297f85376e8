/* SPDX-License-Identifier: Apache-2.0 */
/* Taking the seccomp listener out of a process and handing it to the agent. The process's side is in init/start.c. */

#include "container/listener.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "base/unixsock.h"
#include "spec/version.h"
#include "wire/plan.h"

#define POINTER "/linux/seccomp/listenerPath"
#define POLL_NS 50000 /* the filter is in force within a few of these */

int listener_connect(const struct spec_seccomp *s, struct err *err)
{
	int fd = unixsock_connect(s->listener_path, SOCK_STREAM);

	if (fd >= 0)
		return fd;
	err_pointer(err, POINTER);
	return err_code(err, fd, "connect to seccomp agent `%s`", s->listener_path);
}

int listener_document(const struct listener *l, struct buf *ret)
{
	AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, jw_to_buf, ret);

	jw_object(w);
	jw_key(w, "ociVersion");
	jw_str(w, SPEC_VERSION);
	jw_key(w, "fds");
	jw_array(w);
	jw_str(w, "seccompFd");
	jw_end(w);
	jw_key(w, "pid");
	jw_i64(w, l->process->pid);
	if (l->seccomp->listener_metadata) {
		jw_key(w, "metadata");
		jw_str(w, l->seccomp->listener_metadata);
	}
	jw_key(w, "state");
	state_write(w, l->state, l->status, l->state->pid, false, NULL);
	jw_end(w);
	return jw_finish(w);
}

/* 1 when less than len bytes come. */
static int read_some(int fd, void *p, size_t len, struct err *err)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	size_t got = 0;

	while (got < len) {
		ssize_t n;

		if (poll(&wait, 1, -1) < 0 && errno != EINTR)
			return err_sys(err, "wait for the seccomp filter");
		n = read(fd, (char *)p + got, len - got);
		if (n == 0)
			return 1;
		if (n > 0)
			got += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			return err_sys(err, "wait for the seccomp filter");
	}
	return 0;
}

static int read_record(const struct listener *l, struct listener_record *ret, int *ret_first, struct err *err)
{
	int r = read_some(l->record_fd, ret, 1, err);

	*ret_first = -1;
	if (r)
		return r;
	if (ret->mark != LISTENER_MARK) {
		*ret_first = (unsigned char)ret->mark;
		return 1;
	}
	return read_some(l->record_fd, (char *)ret + 1, sizeof(*ret) - 1, err);
}

/* The number is free until the filter is in force. 1: the process is gone before that. */
static int take_fd_of(const struct listener *l, int number, int *ret, struct err *err)
{
	struct pollfd gone = { .fd = l->process->pidfd, .events = POLLIN };
	struct timespec pause = { .tv_nsec = POLL_NS };

	for (;;) {
		int r;

		*ret = sys_pidfd_getfd(l->process->pidfd, number);
		if (*ret >= 0)
			return 0;
		if (errno == ESRCH)
			return 1;
		if (errno != EBADF) {
			r = err_sys(err, "take the seccomp listener");
			if (r == -EPERM)
				err_hint(
					err,
					"it needs CAP_SYS_PTRACE, and that ptrace is not forbidden: sysctl kernel.yama.ptrace_scope");
			return r;
		}
		r = ppoll(&gone, 1, &pause, NULL);
		if (r > 0)
			return 1;
		if (r < 0 && errno != EINTR)
			return err_sys(err, "wait for the seccomp filter");
	}
}

static int verify(int fd, struct err *err)
{
	uint64_t none = 0;

	/* ENOENT: a listener, but no such notification. */
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &none) == 0 || errno == ENOENT)
		return 0;
	return err_set(err, EPROTO, "take the seccomp listener: it is something else");
}

static int send_state(struct listener *l, int fd, struct err *err)
{
	AUTO(buf_done) struct buf doc = { 0 };
	int r = listener_document(l, &doc);

	if (r >= 0)
		r = unixsock_send_fd(l->sock, fd, doc.data, doc.len);
	cleanup_close(&l->sock);
	if (r >= 0)
		return 0;
	err_pointer(err, POINTER);
	return err_code(err, r, "send the seccomp listener to agent `%s`", l->seccomp->listener_path);
}

/* What the kernel reads at the death of this thread, whose list it is; the process may not share it, so only the futex itself is in
 * shared memory. */
static _Thread_local struct {
	struct robust_list_head head, *before;
	struct robust_list node;
} robust;

/* The process, behind its filter, can ask nobody whether we live: the kernel tells it by the word. */
static int hold(int word_fd, struct listener_word **ret, struct err *err)
{
	struct listener_word *word = mmap(NULL, sizeof(*word), PROT_READ | PROT_WRITE, MAP_SHARED, word_fd, 0);
	size_t len;

	if (word == MAP_FAILED)
		return err_sys(err, "map the memory of the seccomp listener");
	robust.node.next = &robust.head.list;
	robust.head.list.next = &robust.node;
	robust.head.futex_offset = (long)((uintptr_t)&word->owner - (uintptr_t)&robust.node);
	if (syscall(SYS_get_robust_list, 0, &robust.before, &len) < 0 ||
	    syscall(SYS_set_robust_list, &robust.head, sizeof(robust.head)) < 0) {
		munmap(word, sizeof(*word));
		return err_sys(err, "hold the memory of the seccomp listener");
	}
	atomic_store(&word->owner, (uint32_t)gettid());
	*ret = word;
	return 0;
}

static void let_go(struct listener_word *word, bool taken)
{
	if (taken)
		atomic_store(&word->taken, 1);
	else
		atomic_store(&word->owner, FUTEX_OWNER_DIED);
	syscall(SYS_set_robust_list, robust.before, sizeof(*robust.before));
	munmap(word, sizeof(*word));
}

static int hand_over(struct listener *l, int number, struct err *err)
{
	autoclose int fd = -EBADF;
	int r = take_fd_of(l, number, &fd, err);

	if (r == 0)
		r = verify(fd, err);
	return r ? r : send_state(l, fd, err);
}

int listener_serve(struct listener *l, int *ret_first, struct err *err)
{
	struct listener_word *word = NULL;
	autoclose int word_fd = -EBADF;
	struct listener_record rec;
	int r = read_record(l, &rec, ret_first, err);

	if (r == 0)
		r = take_fd_of(l, rec.word_fd, &word_fd, err);
	if (r == 0)
		r = hold(word_fd, &word, err);
	if (r)
		return r;
	r = hand_over(l, rec.listener_fd, err);
	let_go(word, r == 0);
	return r;
}
