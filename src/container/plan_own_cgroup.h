/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroups of this process, by hierarchy. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "kernel/cgroup/facts.h"

struct plan_own_cgroup {
	char text[16384];
	size_t len;
};

int plan_own_cgroup_load(struct plan_own_cgroup *own, int proc_fd, struct err *err);
/* NULL when it is in none. */
const char *plan_own_cgroup_path(const struct plan_own_cgroup *own, const struct cgroup_hierarchy *h);
