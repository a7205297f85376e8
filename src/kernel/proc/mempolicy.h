/* SPDX-License-Identifier: Apache-2.0 */
/* NUMA memory policy and execution domain of the calling process, both inherited by what it executes. Init side, no heap. */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define MEMPOLICY_NODES_MAX 1024

struct mempolicy_plan {
	uint64_t nodes[MEMPOLICY_NODES_MAX / 64]; /* bit n of the whole = node n */
	uint32_t has_policy;
	uint32_t mode; /* MPOL_* with MPOL_F_* */
	uint32_t has_domain;
	uint32_t domain; /* PER_* */
};

/* In the final cpuset: relative nodes are counted in it. Read back. */
int mempolicy_apply(const struct mempolicy_plan *p, struct err *err);
/* personality(2), read back. */
int mempolicy_apply_domain(const struct mempolicy_plan *p, struct err *err);
