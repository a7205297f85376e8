/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the host's cgroup2 file system, such as nsdelegate, belong to the one super block that all its mounts share: criu, which
 * mounts it for a container without options, takes them away from the host. */
#pragma once

#include "base/err.h"
#include "kernel/cgroup/facts.h"

struct criu_cgroup2 {
	const char *mount; /* borrowed from the facts; NULL: the host has none */
	char options[512];
};

void criu_cgroup2_look(const struct cgroup_facts *f, int proc_fd, struct criu_cgroup2 *ret);
/* As they were, if they have changed. */
int criu_cgroup2_put_back(const struct criu_cgroup2 *was, int proc_fd, struct err *err);
/* The super block's options of the mount at path, from mountinfo text; false when it is not there. Pure. */
bool criu_cgroup2_parse(const char *mountinfo, const char *path, char *out, size_t len);
