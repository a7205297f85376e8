/* SPDX-License-Identifier: Apache-2.0 */
/* Being told when the kernel runs out of a cgroup's memory. Host side. */
#pragma once

#include <stdint.h>

#include "kernel/cgroup/cgroup.h"

/* Independent of the cgroup that it was opened for. */
struct cgroup_oom {
	int fd;        /* to poll for `events`; -1: this cgroup has no memory controller, so nothing can be told */
	short events;  /* POLLIN or POLLPRI */
	int file_fd;   /* v1: memory.oom_control; v2: the same as fd */
	uint64_t seen; /* v2: the counter at the last look */
};
#define CGROUP_OOM_INIT                 \
	{                               \
		.fd = -1, .file_fd = -1 \
	}

/* v1 tells of this cgroup and what is above it, v2 of this cgroup and what is below. */
int cgroup_oom_open(struct cgroup *cg, struct cgroup_oom *ret, struct err *err);
/* 1: at least once since the last call; 0: not; -ENODEV: not, and the cgroup is gone. Never waits. */
int cgroup_oom_take(struct cgroup_oom *oom);
void cgroup_oom_done(struct cgroup_oom *oom); /* idempotent */
