/* SPDX-License-Identifier: Apache-2.0 */
/* linux.cgroupsPath in its systemd form, `slice:prefix:name`, to the unit of the container and the place of its cgroup. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "kernel/cgroup/path.h"

#define UNIT_NAME_MAX 256 /* systemd's own limit, with the NUL */

struct unit_place {
	bool user;     /* a unit of the user's own manager, not of the system's */
	bool is_slice; /* the name ends in .slice: a slice for others to live in */
	char unit[UNIT_NAME_MAX], slice[UNIT_NAME_MAX];
	/* "/a.slice/a-b.slice/x.scope"; with `user` below the cgroup of the user's manager, which only that one knows. */
	char path[CGROUP_PATH_MAX];
};

/* cgroups_path NULL or "" is ":masu:<id>". An empty slice is system.slice, or user.slice with `user`; "-" is the root slice.
 * A name that ends in .slice is the unit itself, any other gives "<prefix>-<name>.scope". Characters that a unit's name cannot
 * have are escaped as \xNN. -EINVAL, -ENAMETOOLONG, with the pointer when the document has the path. */
int unit_plan(const char *cgroups_path, const char *id, bool user, struct unit_place *ret, struct err *err);
/* "a-b.slice" to "/a.slice/a-b.slice"; "-.slice" to "". */
int unit_slice_expand(const char *slice, char *ret, size_t len, struct err *err);
