/* SPDX-License-Identifier: Apache-2.0 */
/* User, groups, umask and the owner of the standard streams. Init side. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/flat.h"

struct user_plan {
	uint32_t uid, gid;
	uint32_t umask, has_umask;
	struct flat_arr groups;    /* uint32_t; exactly these, none when empty */
	uint32_t setgroups_denied; /* the user namespace forbids setgroups(2) and no group is asked for */
	uint32_t keep_groups;      /* no setgroups(2) at all: run.oci.keep_original_groups */
};

/* Gives ttys and pipes among fds 0-2 to the user, so that /proc/self/fd/N can be reopened. Everything else is left alone.
 * Needs CAP_CHOWN: before user_apply. */
int user_apply_stdio(const struct user_plan *p, struct err *err);
/* setgroups, setresgid, setresuid, each read back. Does not make a non-dumpable process dumpable. */
int user_apply(const struct flat *f, const struct user_plan *p, struct err *err);
int user_apply_umask(const struct user_plan *p, struct err *err);
