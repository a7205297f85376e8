/* SPDX-License-Identifier: Apache-2.0 */
/* The half of cgroup_delegate() that needs no real cgroup, for its test. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

#define DELEGATE_FALLBACK "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n"

/* Gives the directory and those of the listed files (one per line) that exist to uid. */
int delegate_files(int dir_fd, const char *list, uid_t uid, struct err *err);
