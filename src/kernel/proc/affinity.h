/* SPDX-License-Identifier: Apache-2.0 */
/* CPU affinity of a process (process.execCPUAffinity). Host side, no heap: also called in a cloned child. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define AFFINITY_CPUS_MAX 8192

struct affinity {
	unsigned long cpus[AFFINITY_CPUS_MAX / (8 * sizeof(unsigned long))];
	bool set;                  /* false: the list is absent or empty, nothing is to be changed */
	const char *list, *member; /* for messages: as in the document, "initial" or "final" */
};

/* list may be NULL; member names it in the document. */
int affinity_parse(const char *list, const char *member, struct affinity *ret, struct err *err);
/* pid 0: the caller. Read back. */
int affinity_place(pid_t pid, const struct affinity *a, struct err *err);
