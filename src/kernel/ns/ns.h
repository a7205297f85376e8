/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: the record that tells masu-init which to join and which to make, and the calls that do it (init side).
 *
 * Three ways lead to a container process in all its namespaces:
 *  - one clone3() with the CLONE_NEW* flags, when nothing forbids it (plan.clone_flags);
 *  - setns() and unshare() by the process itself (joins, unshare_flags);
 *  - a stage process in between, when a pid namespace is joined or a time namespace is made, since both take effect for
 *    children only: it joins, unshares and then clones the container process as its sibling (CLONE_PARENT). */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/flat.h"

enum { NS_JOINS_MAX = 8 };

struct ns_join {
	int32_t fd; /* an open nsfs file */
	uint32_t clone_flag;
};

struct ns_plan {
	uint32_t stage;            /* 1: through a stage process */
	uint32_t clone_flags;      /* made by the clone3() that makes the container process */
	uint32_t unshare_flags;    /* made by the container process (or the stage) after its joins */
	uint32_t new_cgroup;       /* 1: unshare(CLONE_NEWCGROUP) once it is in its cgroup */
	uint32_t new_user;         /* 1: a user namespace is made; the host side writes the maps */
	uint32_t user;             /* 1: it ends in a user namespace other than masu's, made or joined */
	uint32_t new_time;         /* 1: the stage unshares a time namespace */
	uint32_t joined_mount;     /* 1: a mount namespace is joined */
	uint32_t new_net;          /* 1: a network namespace is made: loopback goes up */
	uint32_t setgroups_denied; /* 1: the user namespace has setgroups "deny" */
	uint32_t joins_len;
	uint32_t listed;      /* CLONE_NEW* flags of all kinds in linux.namespaces */
	uint32_t keep_groups; /* 1: supplementary groups of the caller are to stay */
	uint32_t pad;
	struct ns_join joins[NS_JOINS_MAX];
	struct flat_str time_offsets; /* text for /proc/self/timens_offsets, absent = none */
};

/* Joins every namespace of the plan. Namespaces that the user namespace does not own must be joined with the rights of
 * the outside, those that it owns with the rights inside, and which is which only the kernel can say: the first pass
 * leaves out what is refused, then the user namespace is joined (or made: make_user), then the rest.
 * make_user (may be NULL) is called between the passes. */
int ns_apply_joins(const struct ns_plan *p, int (*make_user)(void *ctx, struct err *err), void *ctx, struct err *err);
int ns_apply_unshare(uint32_t flags, struct err *err);
/* Becomes 0:0 of the present user namespace, with no supplementary groups where the kernel lets us. */
int ns_apply_become_root(const struct ns_plan *p, struct err *err);
/* unshare(CLONE_NEWTIME) and its offsets: before any process is inside, or the kernel refuses. */
int ns_apply_time(const struct flat *f, const struct ns_plan *p, int proc_fd, struct err *err);
/* A process that is not dumpable does not own its files in /proc. This opens them to itself and to whoever made it, for the moments in
 * which maps and offsets are written; only a stage process may do so, which nobody in a container can see. */
int ns_apply_dumpable(int on, struct err *err);
/* Brings lo up in the present network namespace. */
int ns_apply_loopback(struct err *err);
const char *ns_flag_name(uint32_t clone_flag); /* "pid", "network", … */
