/* SPDX-License-Identifier: Apache-2.0 */
/* Destroying containers: the undos of create, driven by state.json or, when create died half-way, by the journal. */
#pragma once

#include "container/runtime.h"
#include "container/state.h"

/* Kills what is left, removes cgroup and directory, runs the poststop hooks. The caller holds the lock. Best effort with
 * err NULL; else the first failure is returned and the directory is kept, so that delete can be repeated. */
int delete_destroy(struct masu_runtime *rt, int dir_fd, const struct state *s, struct err *err);
