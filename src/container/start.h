/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a created container. */
#pragma once

#include "container/runtime.h"
#include "container/state.h"
#include "kernel/cgroup/cgroup.h"
#include "spec/annotation.h"

/* Opens the gate of a container whose directory is locked by the caller, waits until its program runs, then runs the poststart
 * hooks. config may be NULL, and an with it: they are read from the snapshot when hooks need it. A failing hook destroys the container. */
int start_run(struct masu_runtime *rt, int dir_fd, const struct state *s, const struct spec_config *config,
	      const struct annotations *an, struct err *err);
