/* SPDX-License-Identifier: Apache-2.0 */
/* The mount plan as flat records, and the applier that carries it out in masu-init (no heap): root, mounts, pivot, masks,
 * read-only root. What a record says is decided in plan.c; nothing here parses option words. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/flat.h"

enum mount_kind {
	MOUNT_KIND_FS = 1,  /* a file system of its own: fstype, source, data */
	MOUNT_KIND_BIND,    /* a clone of source */
	MOUNT_KIND_REMOUNT, /* changes what is mounted at destination: super block (data, sb_*) and mount attributes */
	MOUNT_KIND_ATTR,    /* changes attributes and propagation of the mount at destination only */
	MOUNT_KIND_LINK, /* a symbolic link at destination with the text source (names of co-mounted cgroup controllers) */
	MOUNT_KIND_REMOVE, /* of a container that runs: detaches what is mounted at destination */
};

enum mount_rec_flags {
	MOUNT_REC_RECURSIVE = 1 << 0,   /* bind: with its submounts */
	MOUNT_REC_HOST_SOURCE = 1 << 1, /* source_fd, a detached mount, comes from the host side (source.h) */
	MOUNT_REC_IDMAP = 1 << 2,       /* the clone is id-mapped (host side does it) */
	MOUNT_REC_IDMAP_RECURSIVE = 1 << 3,
	MOUNT_REC_IDMAP_CONTAINER = 1 << 4, /* by the container's user namespace; else by uid_map, gid_map */
	MOUNT_REC_COPYUP = 1 << 5,          /* tmpfs: filled with what it hides */
	MOUNT_REC_COPY_SYMLINK = 1 << 6,    /* bind: a link as source is copied as a link */
	MOUNT_REC_SRC_NOFOLLOW = 1 << 7,
	MOUNT_REC_DEST_NOFOLLOW = 1 << 8,
	MOUNT_REC_DEST_NO_LINKS = 1 << 9,  /* no component of destination may be a link (proc, sysfs) */
	MOUNT_REC_PROC_ENTRY = 1 << 10,    /* destination is one of the few names in /proc that may be covered */
	MOUNT_REC_SOURCE_PROC = 1 << 11,   /* the source has to be the root of a procfs */
	MOUNT_REC_FALLBACK_BIND = 1 << 12, /* proc, sysfs in a user namespace: on EPERM a clone of fallback instead */
	MOUNT_REC_NOFAIL = 1 << 13,        /* a missing source skips the record, with a warning */
	MOUNT_REC_CLASSIC = 1 << 14,       /* mount(2): a flag or value that fsconfig(2) cannot carry */
	MOUNT_REC_DEFER_RO = 1 << 15,      /* /dev: read-only only after the device nodes are made */
	MOUNT_REC_SHIELD_CGROUP =
		1 << 16,              /* a read-only clone of /sys: the control groups below it become read-only too */
	MOUNT_REC_OWN_ROOT = 1 << 17, /* mqueue, cgroup: its root directory shall belong to the container's root */
	MOUNT_REC_DROP_NOATIME = 1 << 18, /* `atime`: only if it is noatime now */
	MOUNT_REC_DROP_STRICTATIME = 1 << 19,
	MOUNT_REC_LABEL_ROOT = 1 << 20, /* its root gets mount_plan.label: mqueue takes no context */
};

struct mount_datum { /* key, or key=value */
	struct flat_str key, value;
};
struct mount_id_range { /* a line of uid_map */
	uint32_t inside, outside, size, pad;
};

struct mount_rec {
	struct flat_str destination; /* clean, absolute, as the container sees it */
	struct flat_str source;      /* bind: absolute host path; else what mount(2) calls the device */
	struct flat_str fstype;
	struct flat_str fallback; /* host path for MOUNT_REC_FALLBACK_BIND */
	struct flat_arr data;     /* struct mount_datum */
	struct flat_arr
		propagation; /* uint64_t MS_{SHARED,SLAVE,PRIVATE,UNBINDABLE} with or without MS_REC, in order */
	struct flat_arr uid_map, gid_map; /* struct mount_id_range */
	uint64_t attr_set, attr_clr;      /* MOUNT_ATTR_* of this mount */
	uint64_t rattr_set, rattr_clr;    /* of this mount and all below; applied first */
	uint64_t sb_set, sb_clr;          /* MS_* of the super block */
	uint32_t kind;                    /* enum mount_kind */
	uint32_t flags;                   /* enum mount_rec_flags */
	uint32_t source_fd;               /* index + 1 in mount_ctx.fds; 0 = none */
	uint32_t index;                   /* /mounts/<index> */
};

enum mount_plan_flags {
	MOUNT_PLAN_NO_PIVOT = 1 << 0,
	MOUNT_PLAN_READONLY_ROOT = 1 << 1,
	MOUNT_PLAN_USER_NS = 1 << 2,
};
enum { MOUNT_NS_NONE = 0, MOUNT_NS_NEW = 1, MOUNT_NS_JOINED = 2 };

struct mount_plan {
	struct flat_str root_path;        /* absolute host path */
	struct flat_arr mounts;           /* struct mount_rec */
	struct flat_str label;            /* SELinux context, absent = none */
	struct flat_arr masked, readonly; /* struct flat_str, clean absolute container paths */
	uint64_t propagation;             /* of `/`: MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; 0 = not said */
	uint32_t root_source_fd;          /* index + 1; 0 = masu-init opens root_path */
	uint32_t flags;                   /* enum mount_plan_flags */
	uint32_t mount_ns;                /* MOUNT_NS_* */
	uint32_t host_sources;            /* how many fds the host side has to send, the root included */
};

struct mount_ctx {
	const struct flat *flat;
	const struct mount_plan *plan;
	int proc_fd;    /* base/procfs.h, of the host's view */
	int root_fd;    /* out of mount_apply_root: O_PATH directory, owned */
	const int *fds; /* detached mounts made by the host side; not owned */
	size_t nfds;
	/* May be NULL: room for the mount ids of the file systems that the plan makes, plan->mounts.count of them. */
	uint64_t *own;
	size_t own_len;
	/* private to the applier, owned: */
	int null_fd;     /* the host's verified /dev/null, taken before the root is reachable */
	int empty_fd;    /* the empty directory that masks show */
	int dev_fd;      /* the mount whose `ro` waits for the device nodes */
	int attached_fd; /* what the last record attached, when track is set */
	unsigned made;   /* how many directories and files were made to mount on */
	bool track;
	uint32_t shown; /* which of null_fd and empty_fd are attached: from then on they are cloned */
};
#define MOUNT_CTX_INIT                                                                                       \
	{                                                                                                    \
		.proc_fd = -1, .root_fd = -1, .null_fd = -1, .empty_fd = -1, .dev_fd = -1, .attached_fd = -1 \
	}

/* In this order. Each returns 0 or -errno with err filled; after an error the mount namespace is to be abandoned. */
int mount_apply_root(struct mount_ctx *ctx, struct err *err);
int mount_apply_mounts(struct mount_ctx *ctx, struct err *err);
/* Afterwards cwd is "/", the old root is gone (or out of reach without a mount namespace of our own). */
int mount_apply_pivot(struct mount_ctx *ctx, struct err *err);
int mount_apply_masks(struct mount_ctx *ctx, struct err *err);
/* The last one: also the read-only flag of a /dev that had to be written to, and `unbindable`, since masks are clones. */
int mount_apply_readonly_root(struct mount_ctx *ctx, struct err *err);
/* For a container that runs, in its mount namespace, with ctx->root_fd its root: adds or removes the records of the plan, all or none. */
enum { MOUNT_LIVE_MAX = 64 };
int mount_apply_live(struct mount_ctx *ctx, struct err *err);
