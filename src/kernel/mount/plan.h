/* SPDX-License-Identifier: Apache-2.0 */
/* Host side, pure: config.json's root, mounts, masked and read-only paths to a mount plan. Touches no file system. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/flat.h"
#include "kernel/mount/mount.h"
#include "spec/model.h"

struct mount_cgroup_hierarchy {
	const char *name;       /* "memory", "cpu,cpuacct", "name=systemd", "unified" */
	const char *mountpoint; /* on the host */
	const char *path;       /* the container's cgroup below it, absolute */
};

struct mount_inputs {
	const struct spec_config *config;
	const char *bundle; /* absolute */
	int mount_ns;       /* MOUNT_NS_* */
	bool no_pivot;
	bool user_ns;                                     /* new or joined */
	bool nested;                                      /* masu itself is in a user namespace that is not the first */
	bool host_can_open_sources;                       /* a host side with rights for a user namespace */
	bool cgroup_ns;                                   /* new */
	bool live;                                        /* the container runs already: new mounts only, no root */
	const char *context_word;                         /* option that linux.mountLabel becomes; NULL: "context" */
	int cgroup_layout;                                /* 1 v1, 2 hybrid, 3 v2, 0 none */
	const struct mount_cgroup_hierarchy *hierarchies; /* v2: one with the name "unified" (or "") */
	size_t hierarchies_len;
};

/* Adds the records to flat. -EINVAL, -EOPNOTSUPP, -ENOMEM with err and its pointer filled. */
int mount_plan_build(const struct mount_inputs *in, struct buf *flat, struct mount_plan *ret, struct err *err);

/* Of a container that runs: takes away what is mounted at the destinations of config->mounts; the other members do not matter. */
int mount_plan_remove(const struct mount_inputs *in, struct buf *flat, struct mount_plan *ret, struct err *err);

/* One stable line per record. */
void mount_plan_print(const struct flat *flat, const struct mount_plan *plan, struct buf *out);
