/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a plan that concerns the cgroup. */
#pragma once

#include "container/plan.h"

/* Before the mounts, which may show the cgroup. */
int plan_cgroup(const struct plan_inputs *in, struct create_plan *p, struct err *err);
