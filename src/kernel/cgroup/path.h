/* SPDX-License-Identifier: Apache-2.0 */
/* linux.cgroupsPath to the path of the container's cgroup. Pure: the same value always gives the same place.
 * Absolute and relative values alike start at the root of each hierarchy (never at the caller's own cgroup, which differs
 * from caller to caller); absent is `/<id>`. */
#pragma once

#include <stddef.h>

#include "base/err.h"

#define CGROUP_PATH_MAX 1024

/* ret: "/a/b": absolute, no trailing slash. -EINVAL for "/", "..", ".", empty components, line breaks and for the systemd
 * form slice:prefix:name; -ENAMETOOLONG. cgroups_path may be NULL. */
int cgroup_path_plan(const char *cgroups_path, const char *id, char *ret, size_t len, struct err *err);
/* Path below a container's cgroup (exec --cgroup): no leading slash in the result; "" for "/" or "". */
int cgroup_path_plan_sub(const char *sub, char *ret, size_t len, struct err *err);
/* The component that follows *pos ("/a/b": "a", then "b"); returns its length, 0 at the end, and moves *pos behind it. */
size_t cgroup_path_next(const char **pos, const char **ret_name);
unsigned cgroup_path_depth(const char *path);
