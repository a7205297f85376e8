/* SPDX-License-Identifier: Apache-2.0 */
/* The container that a command works on, with its cgroup: for the commands that act on a cgroup and on nothing else. */
#pragma once

#include "base/arena.h"
#include "container/runtime.h"
#include "container/state.h"
#include "kernel/cgroup/cgroup.h"

struct target {
	struct arena arena; /* of state's strings */
	struct state state;
	enum status status; /* when it was opened; steady while locked, except for the end of the container */
	struct cgroup cg;
	int dir_fd;
};
#define TARGET_INIT              \
	{                        \
		.dir_fd = -EBADF \
	}

/* verb, as in "pause", is for error texts. With locked no other command changes the container before target_done.
 * -EBUSY when it is being created, -EOPNOTSUPP when it has no cgroup. Call target_done in any case. */
int target_open(struct masu_runtime *rt, const char *id, const char *verb, bool locked, struct target *ret,
		struct err *err);
/* The same without the cgroup: the directory and the state, whose strings live in the arena. */
int target_load(struct masu_runtime *rt, const char *id, const char *verb, bool locked, int *ret_dir_fd,
		struct arena *a, struct state *ret, struct err *err);
void target_done(struct target *t); /* for AUTO(target_done); idempotent */
