/* SPDX-License-Identifier: Apache-2.0 */
/* criu at work in a process of its own: libcriu, its environment, its mounts and its keyring end with that process, whatever happens
 * to us. What criu tells on its way is answered here, in the caller. */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "container/checkpoint/criu_request.h"

struct criu_job {
	struct criu_request *request;
	const char *log_path; /* directory of the log, for texts */
	const sigset_t *mask; /* signal mask of criu, NULL: the caller's */
	bool adopt;           /* restore: the first process becomes a child of the caller */
	/* In the new process, before criu; may change the request. NULL: nothing to do. */
	int (*prepare)(void *arg, struct criu_request *q, struct err *err);
	/* In the caller. fd is owned by the callee, -1 without. An error ends the job. NULL: nobody wants to know. */
	int (*notify)(void *arg, const char *action, pid_t pid, int fd, struct err *err);
	void *arg;
};

/* When criu fails, the error names its log and the hint quotes the first error in it. */
int criu_job_run(const struct criu_job *job, pid_t *ret_pid, struct err *err);
