/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes, links and the console: flat records, the table of default devices, and the appliers (masu-init: dev_apply,
 * dev_apply_console; host side: dev_host_make). What is to be made is decided in plan.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/flat.h"

struct dev_default {
	const char *path;
	char type;
	uint32_t major, minor, mode;
};
extern const struct dev_default dev_defaults[]; /* null zero full random urandom tty */
extern const size_t dev_defaults_len;

enum dev_rec_flags {
	DEV_REC_DEFAULT = 1 << 0, /* from dev_defaults */
	DEV_REC_MODE = 1 << 1,    /* fileMode, uid, gid were said */
	DEV_REC_UID = 1 << 2,
	DEV_REC_GID = 1 << 3,
	DEV_REC_EXISTING = 1 << 4, /* the config binds a /dev: the node has to be there */
};
struct dev_rec {
	struct flat_str path; /* clean, absolute, in the container */
	uint32_t type;        /* 'c' 'b' 'p' */
	uint32_t major, minor;
	uint32_t mode;               /* permission bits */
	uint32_t uid, gid;           /* in the container */
	uint32_t host_uid, host_gid; /* the same ids outside its user namespace */
	uint32_t flags;              /* enum dev_rec_flags */
	uint32_t source_fd;          /* index + 1 in dev_ctx.fds; 0 = none */
	uint32_t index;              /* /linux/devices/<index>; of dev_defaults for a default one */
	uint32_t pad;
};
enum { DEV_LINK_IF_PROC_FD = 1 << 0 }; /* only if the container has /proc/self/fd */
struct dev_link {
	struct flat_str path, target;
	uint32_t flags, pad;
};
enum dev_method {
	DEV_METHOD_MKNOD = 1, /* no user namespace */
	DEV_METHOD_HOST,      /* user namespace, privileged host side: nodes come as detached mounts */
	DEV_METHOD_BIND,      /* user namespace without privileges: the host's own nodes */
};
struct dev_plan {
	struct flat_arr nodes; /* struct dev_rec */
	struct flat_arr links; /* struct dev_link */
	uint32_t method;       /* enum dev_method */
	uint32_t host_nodes;   /* how many fds the host side has to send */
};

struct dev_ctx {
	const struct flat *flat;
	const struct dev_plan *plan;
	int root_fd; /* the container's root; mounts are made, the old root is still visible */
	int proc_fd;
	const int *fds; /* of dev_host_make; not owned */
	size_t nfds;
	/* Ids of the mounts that the runtime made as file systems of their own; not owned. With the root's own they are the places where
	 * nodes are made and changed. What is in any other (a directory of the host's) has to be there and stays as it is. */
	const uint64_t *own;
	size_t own_len;
};
int dev_apply(struct dev_ctx *ctx, struct err *err);
/* Binds the pseudo terminal's slave on /dev/console; the slave's mount has to be in our mount namespace. */
int dev_apply_console(int root_fd, int slave_fd, struct err *err);

/* Those of 0, 1 and 2 that are the null device become that of the container, if it has one. */
int dev_apply_streams(int root_fd, int proc_fd, struct err *err);

/* Host side, in a mount namespace whose "/" does not propagate to the host's (a tmpfs is on it for a moment). Fills
 * plan->host_nodes owned detached mounts, in the order of dev_ctx.fds. -ENOSPC when max is too small. */
int dev_host_make(const struct flat *flat, const struct dev_plan *plan, int *fds, size_t max, size_t *ret_len,
		  struct err *err);
