/* SPDX-License-Identifier: Apache-2.0 */
/* One clone3() that starts masu-init in the namespaces (and on v2 the cgroup) of the plan; and the end of one that failed. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/pidref.h"
#include "kernel/proc/affinity.h"
#include "wire/protocol.h"

#define SPAWN_DYING_MS 100 /* a process leaves its cgroup a moment before it is dead */

struct spawn {
	uint64_t flags;       /* CLONE_NEW* of the child */
	int cgroup_fd;        /* CLONE_INTO_CGROUP, -1: not */
	int image_fd;         /* sealed masu-init */
	int plan_fd, sock_fd; /* what it is told, whom it talks to */
	int peer_fd;          /* the other end of sock_fd, which is the caller's alone */
	const int *fds;       /* further fds that stay open */
	size_t fds_len;
	int keep_from_3;    /* fds 3 .. 3+n-1 stay open too */
	bool wait_for_maps; /* a user namespace is made: says MAP_ME, waits for MAPPED, becomes root in it */
	bool drop_groups;   /* may and must drop supplementary groups then */
	const struct affinity *affinity; /* CPUs that the child starts on, NULL or not set = the caller's */
};

int spawn_init(const struct spawn *s, struct pidref *ret, struct err *err);
/* With a stage, what was spawned ends when it has cloned the process, a child of ours too, which then says SPAWNED. The stage is
 * reaped. On error *process has the number alone, if that was heard. */
int spawn_find(struct wire *w, int proc_fd, struct pidref *stage, struct pidref *process, struct err *err);
/* Ends and reaps what was spawned, and with a stage also the process, known or not; no other child of the caller is waited for.
 * Closes the socket. */
void spawn_kill(struct wire *w, struct pidref *spawned, struct pidref *process, bool stage);
