/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container that has no cgroup to ask: from /proc. */
#pragma once

#include <sys/types.h>

#include "container/state.h"

/* Those in the container's pid namespace, when it has one of its own, and those that descend from its first process. A process
 * that was left behind in the host's pid namespace by its parents is not known to be the container's. *ret is malloced. */
int pids_find(int proc_fd, const struct state *s, pid_t **ret, size_t *ret_n, struct err *err);
/* A signal to each of them; SIGKILL until there is none left, -EBUSY when some do not end. */
int pids_kill(int proc_fd, const struct state *s, int signal, struct err *err);
