/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks in the plan: records of those that masu-init runs, and the documents that it gives them. */
#pragma once

#include "container/plan.h"

int plan_hooks(const struct plan_inputs *in, struct create_plan *p, struct err *err);
