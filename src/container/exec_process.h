/* SPDX-License-Identifier: Apache-2.0 */
/* The process document of an exec: the container's own, or a whole one, with what the caller overrides. Pure. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "masu/masu.h"
#include "spec/model.h"

/* base may be NULL (a container without a process). The result lives in the arena. */
int exec_process_build(const struct spec_process *base, const struct masu_exec_options *o, struct arena *a,
		       const struct spec_process **ret, struct err *err);
