/* SPDX-License-Identifier: Apache-2.0 */
/* masu-init: the program that a container's processes are until they become what the document says. It reads one plan, acts,
 * and becomes the program by execve. No heap, no JSON, no shared libraries, no decisions. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mutation.h"
#include "base/parse.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "init/init.h"

static void log_to_masu(void *arg, enum log_level level, const char *text)
{
	wire_log(arg, level, text);
}

static int map_plan(struct init *in, int fd, struct err *err)
{
	struct stat st;
	const struct plan *p;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "read plan");
	if (st.st_size < (off_t)sizeof(struct plan) || st.st_size > INT32_MAX)
		return err_set(err, EPROTO, "read plan: %lld bytes", (long long)st.st_size);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return err_sys(err, "map plan");
	if (p->magic != PLAN_MAGIC || p->version != sizeof(struct plan) || p->size != (uint64_t)st.st_size)
		return err_set(err, EPROTO, "read plan: not a plan of this build");
	in->plan = p;
	in->flat = (struct flat){ .base = (const char *)p, .len = (size_t)st.st_size };
	close(fd);
	return 0;
}

/* Ignored signals survive execve; a container starts with the defaults, whatever its caller ignored. */
static int default_signals(void)
{
	for (int sig = 1; sig <= 64; sig++)
		/* Not by the C library: it keeps some for itself, which a caller with another one can have ignored. */
		if (sig != SIGKILL && sig != SIGSTOP && sys_signal_default(sig) < 0)
			return -errno;
	return 0;
}

static int prepare(struct init *in, int plan_fd, struct err *err)
{
	int r;

	/* Before any namespace of the container is entered: from there on others could trace us or read our memory and
	 * descriptors (CVE-2016-9962). */
	if (!MUTATION(A7) && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(err, "become non-dumpable");
	r = MUTATION(FDS) ? 0 : fd_cloexec_from(3);
	if (r < 0)
		return err_code(err, r, "mark descriptors close-on-exec");
	r = map_plan(in, plan_fd, err);
	if (r < 0)
		return r;
	r = default_signals();
	if (r < 0)
		return err_code(err, r, "stop ignoring signals");
	in->proc_fd = procfs_open(err);
	return in->proc_fd < 0 ? in->proc_fd : 0;
}

static void report_start(struct init *in, const struct err *err)
{
	struct start_error e = { .hook_failed = in->hook_failed, .err = *err };
	ssize_t n;

	if (in->plan->result_fd < 0) {
		wire_report(&in->wire, err);
		return;
	}
	n = write(in->plan->result_fd, &e, sizeof(e));
	(void)n; /* the reader may be gone; the exit code still says that it failed */
}

static int story(struct init *in, struct err *err)
{
	switch (in->plan->role) {
	case PLAN_EXEC:
		return exec_story(in, err);
	case PLAN_MOUNTS:
		return mounts_story(in, err);
	default:
		return container_story(in, err);
	}
}

static int live(struct init *in, int plan_fd)
{
	struct err err = { 0 };
	int r = prepare(in, plan_fd, &err);

	if (r >= 0)
		r = story(in, &err);
	if (r < 0) {
		if (!err.code)
			err.code = -r;
		wire_report(&in->wire, &err);
		return 1;
	}
	if (in->plan->role == PLAN_MOUNTS)
		return 0;
	r = start_wait(in, &err);
	if (r >= 0)
		r = start_story(in, &err);
	if (!err.code)
		err.code = -r;
	report_start(in, &err);
	return err.code == ENOENT ? 127 : 126;
}

int main(int argc, char **argv)
{
	static struct init in = { .proc_fd = -EBADF, .root_fd = -EBADF, .terminal = TERMINAL_INIT };
	int64_t plan_fd, sock, last;

	if (argc != 4 || parse_i64(argv[1], 3, INT32_MAX, &plan_fd) < 0 ||
	    parse_i64(argv[2], 3, INT32_MAX, &sock) < 0 || parse_i64(argv[3], 0, WIRE__COUNT - 1, &last) < 0)
		return 2;
	in.wire = (struct wire){ .sock = (int)sock, .last = (enum wire_point)last };
	log_set_sink(log_to_masu, &in.wire, LOG_LEVEL_WARN);
	return live(&in, (int)plan_fd);
}
