/* SPDX-License-Identifier: Apache-2.0 */
/* What the host offers: which cgroup hierarchies are mounted where. Looked at once per program; plain data afterwards. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CGROUP_HIERARCHIES_MAX 20 /* 14 controllers, the unified tree, named ones */

enum cgroup_layout {
	CGROUP_LAYOUT_NONE,   /* nothing mounted */
	CGROUP_LAYOUT_V1,     /* only v1 hierarchies */
	CGROUP_LAYOUT_HYBRID, /* v1 hierarchies and a cgroup2 tree */
	CGROUP_LAYOUT_V2,     /* only a cgroup2 tree */
};

struct cgroup_hierarchy {
	bool v2;
	char name[64];   /* "memory", "cpu,cpuacct", "name=systemd"; "unified" for the cgroup2 tree */
	char mount[256]; /* mount point, for texts */
	bool noprefix;   /* v1 cpuset mounted with noprefix: files have no "cpuset." */
	int fd;          /* O_PATH directory of the mount point, verified by fstatfs */
};

struct cgroup_facts {
	enum cgroup_layout layout;
	struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES_MAX];
	size_t hierarchies_len;
	int unified; /* index of the cgroup2 tree or -1 */
};
#define CGROUP_FACTS_INIT                                   \
	{                                                   \
		.layout = CGROUP_LAYOUT_NONE, .unified = -1 \
	}

/* One fstatfs when /sys/fs/cgroup is cgroup2; else one read of mountinfo. No cgroup file system is not an error (layout NONE). */
int cgroup_facts_load(struct cgroup_facts *ret, struct err *err);
/* The parsing half, pure: mountinfo text to hierarchies with fd -1. */
int cgroup_facts_parse(const char *mountinfo, struct cgroup_facts *ret, struct err *err);
/* Pure too: a host with the usual mounts of this layout, for plans that are only looked at. */
int cgroup_facts_assume(enum cgroup_layout layout, struct cgroup_facts *ret, struct err *err);
void cgroup_facts_done(struct cgroup_facts *f);
/* "none", "cgroup v1", "hybrid cgroups", "cgroup v2": for texts. */
const char *cgroup_layout_name(enum cgroup_layout l);
/* Index of the v1 hierarchy that holds the controller; the unified tree for every other name; -1 when there is neither. */
int cgroup_facts_find(const struct cgroup_facts *f, const char *controller);
/* Index of the v1 hierarchy with the controller or -1. */
int cgroup_facts_find_v1(const struct cgroup_facts *f, const char *controller);
