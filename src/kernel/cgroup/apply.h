/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out planned writes below directory fds. Knows the kernel's order rules, no property. */
#pragma once

#include "base/err.h"
#include "kernel/cgroup/plan.h"

/* What can be refused before anything is written: -EBUSY for a memory limit below the usage, where that is not wanted. */
int cgroup_check_writes(const struct cgroup_facts *facts, const int *dir_fds, const struct cgroup_writes *writes,
			struct err *err);
/* dir_fds is parallel to facts->hierarchies; only those of hierarchies with writes are used. Errors carry the pointer. */
int cgroup_apply(const struct cgroup_facts *facts, const int *dir_fds, const struct cgroup_writes *writes,
		 struct err *err);
