/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output of the program. Errors go elsewhere (report.c). */
#include "cli/out.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/fail.h"

static void out_sigpipe(int sig)
{
	(void)sig;
}

void out_catch_sigpipe(void)
{
	struct sigaction sa = { .sa_handler = out_sigpipe, .sa_flags = SA_RESTART };

	sigaction(SIGPIPE, &sa, NULL);
	/* Nor does a limit on the size of files end us half-way: the write fails. */
	sigaction(SIGXFSZ, &sa, NULL);
}

/* The reader of `masu list | head` has seen enough: end as every filter does. */
static void out_reader_left(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigaction(SIGPIPE, &sa, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGPIPE);
}

int out_write(void *arg, const char *data, size_t len)
{
	int r = io_write_full(STDOUT_FILENO, data, len);

	(void)arg;
	if (r == -EPIPE)
		out_reader_left();
	return r < 0 ? r : 0;
}

int out_collect(void *arg, const char *data, size_t len)
{
	return buf_add(arg, data, len);
}

int out_buf(const struct buf *b, struct masu_error *err)
{
	int r;

	if (b->error)
		return fail_set(err, ENOMEM, "write output: out of memory");
	r = b->len ? out_write(NULL, b->data, b->len) : 0;
	return r < 0 ? fail_sys(err, -r, "write standard output") : 0;
}
