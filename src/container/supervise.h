/* SPDX-License-Identifier: Apache-2.0 */
/* The foreground of run and exec: waits for a child, hands it the caller's signals and relays its terminal.
 * Host side; one supervisor per process, because the signal mask and the terminal are the process's. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "container/relay.h"

struct supervise {
	pid_t pid;      /* a direct child */
	int pidfd;      /* borrowed; -1: supervise_wait opens its own */
	int master_fd;  /* borrowed; -1: no terminal */
	bool subreaper; /* orphans come to us and are reaped */
	int also_fd; /* borrowed; also(also_arg) is called when it can be read, and once after the end. -1: nothing */
	void (*also)(void *arg);
	void *also_arg;

	/* the rest is its own */
	bool prepared, was_subreaper, guarding, ended;
	int signal_fd, exit_code;
	sigset_t original;
	struct sigaction old_child;
	struct relay relay;
};
#define SUPERVISE_INIT                                                                   \
	{                                                                                \
		.pidfd = -1, .master_fd = -1, .also_fd = -1, .signal_fd = -1, .relay = { \
			.master_fd = -1,                                                 \
			.peer_fd = -1                                                    \
		}                                                                        \
	}

/* Before the container is made: from here on every signal waits to be forwarded, none is lost and none ends us.
 * Orphans come to us if s->subreaper is set. */
int supervise_prepare(struct supervise *s, struct err *err);
/* What the new process has to set as its own signal mask. */
const sigset_t *supervise_original_mask(const struct supervise *s);
/* As soon as there is a master, before the process is started: it then finds the right window size from its first
 * instruction on. Not needed without a terminal. */
int supervise_terminal(struct supervise *s, int master_fd, struct err *err);
/* Waits for s->pid; the exit code is its status or 128 + signal. The caller's terminal is as before afterwards. */
int supervise_wait(struct supervise *s, int *ret_exit_code, struct err *err);
/* Gives mask, terminal and subreaper back. A signal that came after the end of the child takes effect here, so call it
 * when the container has been cleaned up. For AUTO(); does nothing the second time. */
void supervise_cancel(struct supervise *s);
