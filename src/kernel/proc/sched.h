/* SPDX-License-Identifier: Apache-2.0 */
/* How a process is scheduled: CPU and I/O. Host side with a pid, init side with 0 (the calling process). No heap. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct sched_plan {
	uint64_t flags;                     /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period; /* nanoseconds */
	uint32_t has_policy;
	uint32_t policy; /* SCHED_* */
	int32_t nice;
	uint32_t priority;
	uint32_t has_io;
	uint32_t io;      /* class << 13 | priority */
	uint32_t by_host; /* 1: masu does it: the rights count in the initial user namespace, which init has left */
	uint32_t pad;
};

/* Sets what the plan has and reads it back. In the final cgroup: on v1 that decides whether real time is allowed. */
int sched_apply(pid_t pid, const struct sched_plan *p, struct err *err);
