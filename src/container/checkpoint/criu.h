/* SPDX-License-Identifier: Apache-2.0 */
/* libcriu, loaded when it is needed. Nothing but criu.c knows that library. */
#pragma once

#include <stdbool.h>

#include "container/checkpoint/criu_request.h"

/* Told by criu on its way: "setup-namespaces", "orphan-pts-master" (then fd is the terminal's master, owned by the callee),
 * "pre-resume" … pid is the restored first process where criu says it, else 0. A negative result ends the restore. */
typedef int criu_notify_fn(void *arg, const char *action, pid_t pid, int fd);

/* Carries the request out; to be called once in a process that ends afterwards: it leaves memory, environment and
 * descriptors as libcriu does. Restore: *ret_pid is the first process, a child of the caller. The error names the cause as
 * far as criu returns one; what its log says is the caller's matter. */
int criu_run(const struct criu_request *q, criu_notify_fn *notify, void *arg, pid_t *ret_pid, struct err *err);
/* Whether this build can do it at all. */
bool criu_is_built_in(void);
