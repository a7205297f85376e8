/* SPDX-License-Identifier: Apache-2.0 */
/* Destroying containers: the undos of create, driven by state.json or, when create died half-way, by the journal. */
#pragma once

#include <stdbool.h>

#include "container/runtime.h"
#include "container/state.h"

/* Kills what is left, removes cgroup and directory, runs the poststop hooks. The caller holds the lock. Where the
 * directory is gone all that was done by somebody else, and the name may be another container's by now. Best effort with err NULL; else the first failure is returned and the directory is kept, so that delete can be repeated. */
int delete_destroy(struct masu_runtime *rt, int dir_fd, const struct state *s, struct err *err);
/* The same at the end of a container that this process has made and watched; takes the lock unless it is held. A failure is logged. */
void delete_own(struct masu_runtime *rt, int dir_fd, const struct state *s, bool locked);
