/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp.listenerPath: the agent that answers SCMP_ACT_NOTIFY gets the filter's listener and the container process state.
 *
 * After seccomp(2) the process can be sure of no call but execve, and execve closes the listener. So it says beforehand which
 * number the listener will have (struct listener_record), waits until we hold the shared memory
 * of struct listener_word, and after the filter is in force looks at it until the listener is handed on, or we are dead. */
#pragma once

#include "base/err.h"
#include "base/pidref.h"
#include "container/state.h"
#include "spec/model.h"

struct listener {
	int record_fd; /* where the process writes its record */
	const struct pidref *process;
	int sock; /* connected; closed when the state is sent: one connection per process */
	const struct spec_seccomp *seccomp;
	const struct state *state; /* of the container */
	enum status status;
};

/* An owned connection to the agent: made first, so that nothing is started when there is none. */
int listener_connect(const struct spec_seccomp *s, struct err *err);
/* 0: handed over, the process goes on to its execve. 1: the process ended or has something else to say; *ret_first is the byte that
 * was read of it, -1 = none. -errno: the process is to be killed. */
int listener_serve(struct listener *l, int *ret_first, struct err *err);
/* The container process state, compact. */
int listener_document(const struct listener *l, struct buf *ret);
