/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of one create: a line for each thing that outlives the process and must be undone if it dies half-way.
 * Lines are appended before (intent) or after the step, whichever leaves nothing unrecorded. delete --force replays them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

struct journal {
	int fd; /* O_APPEND; owned */
};

/* What the lines say; strings live in the arena, NULL or 0 when there was no such line. */
struct journal_entries {
	const char *bundle;
	const char *cgroup;                  /* cgroup record, the newest one */
	const char *rdt_group, *rdt_monitor; /* directories of resctrl to be removed */
	pid_t pid;
	uint64_t start_time; /* of pid, clock ticks since boot */
	bool hooks;          /* hooks have begun: what they made is undone by the poststop hooks */
};

int journal_create(int dir_fd, struct journal *ret, struct err *err);
int journal_add(struct journal *j, const char *key, const char *value, struct err *err);
void journal_done(struct journal *j);
/* -ENOENT when there is none. Unknown lines are skipped; a torn last line is ignored. */
int journal_load(int dir_fd, struct arena *a, struct journal_entries *ret, struct err *err);
