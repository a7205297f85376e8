/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of planned writes say now, as writes that bring it back. */
#pragma once

#include "kernel/cgroup/plan.h"

/* dir_fds as for cgroup_apply. Files that are not there are left out. Strings live in the arena. */
int cgroup_save(const int *dir_fds, const struct cgroup_writes *w, struct arena *a, struct cgroup_writes *ret,
		struct err *err);
/* Pure: the value to write to `file` for what `now` (its whole text) says about the key in `value`. NULL without memory. */
const char *cgroup_saved_value(const char *file, const char *now, const char *value, struct arena *a);
