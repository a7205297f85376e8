/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits: raised from outside where that needs rights, set exactly from inside. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/flat.h"

struct rlimit_row {
	uint32_t type;  /* RLIMIT_* */
	uint32_t index; /* in process.rlimits, for messages */
	uint64_t soft, hard;
};
struct rlimit_plan {
	struct flat_arr rows;
};

/* Host side: raises the hard limits of pid that are too low. Nothing is lowered, so it can be done at any time. */
int rlimit_place_raise(pid_t pid, const struct flat *f, const struct rlimit_plan *p, struct err *err);
/* Init side: sets every limit exactly and reads it back. As late as possible: low limits hit the caller too. */
int rlimit_apply(const struct flat *f, const struct rlimit_plan *p, struct err *err);
/* "RLIMIT_NOFILE"; NULL when there is none. */
const char *rlimit_name(uint32_t type);
