/* SPDX-License-Identifier: Apache-2.0 */
/* The last steps: the gate, startContainer hooks, seccomp, execve. After the filter nothing is called but execve, so that a filter
 * that allows nothing else still starts its program. */

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/story.h"
#include "base/sys.h"
#include "init/init.h"

#define WORD_POLL_NS 50000

int start_wait(struct init *in, struct err *err)
{
	char byte;
	ssize_t n;

	if (in->plan->gate_fd < 0)
		return 0;
	/* masu may be gone by now, and its socket with it: nobody waits for the errors of a start but result_fd. */
	close(in->wire.sock);
	in->wire.sock = -EBADF;
	do
		n = read(in->plan->gate_fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return n < 0 ? err_sys(err, "wait for the start")
			     : err_set(err, ECONNRESET, "wait for the start: the gate is gone");
	return 0;
}

static int run_start_container_hooks(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = init_hooks_run(in, "startContainer", in->plan->start_container, &in->plan->created, err);

	in->hook_failed = r < 0;
	return r;
}

static bool has_start_container_hooks(const void *ctx)
{
	return ((const struct init *)ctx)->plan->start_container.count;
}

static int close_what_is_ours(struct init *in, struct err *err)
{
	int keep[4], n = 0;

	if (in->plan->result_fd >= 0)
		keep[n++] = in->plan->result_fd;
	if (in->plan->gate_fd >= 0)
		keep[n++] = in->plan->gate_fd;
	if (in->wire.sock >= 0)
		keep[n++] = in->wire.sock;
	if (in->plan->listener_fd >= 0 && in->plan->listener_fd != in->plan->result_fd)
		keep[n++] = in->plan->listener_fd;
	return exec_close_fds(3 + in->plan->process.pass_fds, keep, (size_t)n, err);
}

static int close_files(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = close_what_is_ours(in, err);

	if (r >= 0)
		r = exec_cwd_verify(err);
	return r < 0 ? r : exec_pass_fds(in->plan->process.pass_fds, err);
}

/* Says where the listener will be: descriptors are given out from the lowest free number. */
static int announce_listener(struct init *in, struct listener_word **ret, struct err *err)
{
	struct listener_record rec = { .mark = LISTENER_MARK };

	rec.word_fd = sys_memfd_create("masu-listener", MFD_CLOEXEC);
	if (rec.word_fd < 0 || ftruncate(rec.word_fd, sizeof(**ret)) < 0)
		return err_sys(err, "make memory for the seccomp listener");
	*ret = mmap(NULL, sizeof(**ret), PROT_READ, MAP_SHARED, rec.word_fd, 0);
	if (*ret == MAP_FAILED)
		return err_sys(err, "map memory for the seccomp listener");
	rec.listener_fd = fd_dup_above(rec.word_fd, 0);
	if (rec.listener_fd < 0)
		return err_code(err, rec.listener_fd, "find a number for the seccomp listener");
	close(rec.listener_fd);
	if (write(in->plan->listener_fd, &rec, sizeof(rec)) != sizeof(rec))
		return err_sys(err, "announce the seccomp listener");
	return 0;
}

/* While calls are still ours to make: from here on the kernel marks the word when masu dies. */
static int wait_word_held(struct init *in, struct listener_word *word, struct err *err)
{
	struct pollfd reader = { .fd = in->plan->listener_fd };
	const struct timespec pause = { .tv_nsec = WORD_POLL_NS };

	while (!atomic_load_explicit(&word->owner, memory_order_acquire))
		if (ppoll(&reader, 1, &pause, NULL) > 0 && !atomic_load(&word->owner))
			return err_set(err, EPIPE, "announce the seccomp listener: nobody is there to take it");
	return 0;
}

/* Without a system call: the filter may already ask the agent about each of them, who does not know it yet. Where masu died on the
 * way, nobody would ever answer: the trap ends even the first process of a pid namespace. */
static void wait_listener_taken(struct listener_word *word)
{
	while (!atomic_load_explicit(&word->taken, memory_order_acquire)) {
		if (atomic_load_explicit(&word->owner, memory_order_acquire) & FUTEX_OWNER_DIED)
			__builtin_trap();
#if defined(__x86_64__) || defined(__i386__)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
		__asm__ volatile("isb");
#endif
	}
}

/* One step, because between the filter and execve there is no room for what is done between two steps. */
static int execute(void *ctx, struct err *err)
{
	struct init *in = ctx;
	const struct seccomp_plan *p = &in->plan->seccomp;
	struct listener_word *word = NULL;
	int r = p->notify ? announce_listener(in, &word, err) : 0;

	if (r == 0 && word)
		r = wait_word_held(in, word, err);
	if (r < 0)
		return r;
	/* Without it the end of file would look the same when we are killed on the way. */
	if (in->plan->result_fd >= 0 && write(in->plan->result_fd, START_MARK, 1) != 1)
		return err_sys(err, "report the start");
	if (seccomp_plan_has_filter(p))
		r = seccomp_apply(&in->flat, p, err);
	if (r < 0)
		return r;
	if (word)
		wait_listener_taken(word);
	execve(in->image.path, in->image.argv, in->image.envp);
	return exec_error(&in->image, errno, err);
}

static const struct step steps[] = {
	/* name                   act                        undo  when */
	{ "startContainer hooks", run_start_container_hooks, NULL, has_start_container_hooks },
	{ "close files", close_files, NULL, NULL },
	{ "execute", execute, NULL, NULL },
};

int start_story(struct init *in, struct err *err)
{
	static const struct story story = { "start", steps, sizeof(steps) / sizeof(steps[0]) };

	return story_run(&story, in, err);
}
