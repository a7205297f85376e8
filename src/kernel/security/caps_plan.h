/* SPDX-License-Identifier: Apache-2.0 */
/* process.capabilities and process.noNewPrivileges to masks. Host side. caps_plan.c is the only file that includes libcap. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "kernel/security/caps.h"
#include "spec/model.h"

/* What a process can be given. */
struct caps_grantable {
	uint64_t permitted, bounding;
};

/* What this process has itself: for containers that share its user namespace. */
int caps_grantable_own(struct caps_grantable *ret, struct err *err);
/* Every capability of this kernel: for a new or joined user namespace (the kernel then fills both sets). */
int caps_grantable_all(struct caps_grantable *ret, struct err *err);

/* p or its capabilities may be NULL: every set is empty then. Names that are not known or cannot be granted are warned about
 * and left out, as the specification asks; so are ambient capabilities that are not permitted and inheritable. */
int caps_plan_build(const struct spec_process *p, const struct caps_grantable *g, struct caps_plan *ret,
		    struct err *err);
/* The number of a "CAP_…" name, or -1. */
int caps_plan_parse(const char *name);
void caps_plan_print(const struct caps_plan *p, struct buf *out);
