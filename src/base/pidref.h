/* SPDX-License-Identifier: Apache-2.0 */
/* A process that cannot be confused with another one: pidfd first, then start time compared. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pidref {
	pid_t pid;
	int pidfd;
	uint64_t start_time; /* clock ticks since boot, 0 = not known */
};
#define PIDREF_INIT                   \
	{                             \
		.pid = 0, .pidfd = -1 \
	}

/* -ESRCH when it is gone or its start time differs from start_time (when not 0), or when it is a zombie. */
int pidref_open(int proc_fd, pid_t pid, uint64_t start_time, struct pidref *ret);
int pidref_kill(const struct pidref *p, int sig);
bool pidref_alive(const struct pidref *p); /* poll on the pidfd */
/* Waits until it ends or timeout_ms passed (-1 = for ever): 0 or -ETIMEDOUT. Does not reap. */
int pidref_wait_exit(const struct pidref *p, int timeout_ms);
/* Its root directory (O_PATH), owned. -ESRCH when it is gone. */
int pidref_open_root(int proc_fd, const struct pidref *p);
void pidref_done(struct pidref *p);
