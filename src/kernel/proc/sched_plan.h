/* SPDX-License-Identifier: Apache-2.0 */
/* process.scheduler and process.ioPriority to a struct sched_plan. Pure; host side. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "kernel/proc/sched.h"
#include "spec/model.h"

/* Which values go together was checked with the document. by_host: the process has a user namespace of its own, the runtime
 * has rights outside of it. process may be NULL. */
void sched_plan_build(const struct spec_process *process, bool by_host, struct sched_plan *ret);
void sched_plan_print(const struct sched_plan *p, struct buf *out);
