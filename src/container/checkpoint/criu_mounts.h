/* SPDX-License-Identifier: Apache-2.0 */
/* Which mounts of a container belong to the outside, told from its mount plan: criu neither saves nor makes them, it only has to
 * find them again. Pure; where a destination leads is asked of the caller. */
#pragma once

#include "container/checkpoint/criu_request.h"
#include "container/plan.h"

enum criu_there { CRIU_THERE_NOTHING, CRIU_THERE_FILE, CRIU_THERE_DIRECTORY };

struct criu_mounts {
	const struct spec_config *config;
	const struct flat *flat;
	const struct mount_plan *mounts;
	const struct dev_plan *devices;
	/* Where path leads in the container, links followed, and what is there. */
	enum criu_there (*look)(void *arg, const char *path, char *out, size_t len);
	void *arg;
};

/* On dump a mount is named by its mount point, as runc and crun do. */
int criu_mounts_dump(const struct criu_mounts *m, struct criu_request *q, struct err *err);
/* On restore a name stands for its source; names of images of runc and crun are known too. */
int criu_mounts_restore(const struct criu_mounts *m, struct criu_request *q, struct err *err);
