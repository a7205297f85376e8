/* SPDX-License-Identifier: Apache-2.0 */
/* Walks of a cgroup and its sub-cgroups. The container may have made any number of them, as deep as it likes: one fd and no
 * recursion whatever the depth. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

/* Appends pid_t values. A cgroup that goes away meanwhile is skipped. -EAGAIN: the tree changed under the walk, repeat. */
int tree_procs(int dir_fd, bool recursive, struct buf *ret);
/* 1 when it holds a process or a sub-cgroup, else 0. */
int tree_is_used(int dir_fd);
/* Writes value to that file of the cgroup and of every sub-cgroup; cgroups without the file are skipped. */
int tree_write(int dir_fd, const char *file, const char *value);
/* Removes every sub-cgroup, deepest first. -EBUSY when one holds processes. */
int tree_remove_below(int dir_fd);
