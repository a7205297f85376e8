/* SPDX-License-Identifier: Apache-2.0 */
/* linux.memoryPolicy and linux.personality to a struct mempolicy_plan. Pure; host side. */
#pragma once

#include "base/buf.h"
#include "kernel/proc/mempolicy.h"
#include "spec/model.h"

/* lnx may be NULL. */
int mempolicy_plan_build(const struct spec_linux_ *lnx, struct mempolicy_plan *ret, struct err *err);
void mempolicy_plan_print(const struct mempolicy_plan *p, struct buf *out);
