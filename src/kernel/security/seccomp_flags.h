/* SPDX-License-Identifier: Apache-2.0 */
/* Flags of a seccomp filter. Host side. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "kernel/security/seccomp_apply.h"
#include "spec/model.h"

bool seccomp_profile_notifies(const struct spec_seccomp *s);
/* The flags of s, those that notifying needs, and p->notify. -EINVAL, -EOPNOTSUPP with the pointer. */
int seccomp_flags_plan(const struct spec_seccomp *s, bool notifies, struct seccomp_plan *p, struct err *err);
