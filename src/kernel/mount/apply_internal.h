/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the applier's parts only (masu-init, no heap). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "kernel/mount/mount.h"

#define MOUNT_PROC_MAGIC 0x9fa0
#define MOUNT_SYSFS_MAGIC 0x62656572
#define MOUNT_TMPFS_MAGIC 0x01021994
#define MOUNT_ANON_INODE_MAGIC 0x09041934
#define MOUNT_PROC_ROOT_INO 1

/* One record at work. */
struct mount_job {
	struct mount_ctx *ctx;
	const struct flat *flat;
	const struct mount_rec *rec;
	const char *destination, *source;
	struct err *err;
};

/* apply.c: one record of the list. */
int mount_apply_one(struct mount_ctx *ctx, const struct mount_rec *rec, struct err *err);
/* No errno of the kernel: what is to be mounted is not there, and `nofail` says that the record is left out then. */
#define MOUNT_MISSING (-4096)
/* Whether r of the step that opens the source means that (mount(8) about nofail: no error if the device does not exist). */
bool mount_is_missing(const struct mount_rec *rec, int r);
/* A copy of the detached mount that the host side sent for it, or MOUNT_MISSING. */
int mount_job_source(const struct mount_job *job);

/* attach.c */
int mount_attach(int mount_fd, int target_fd);
/* 0 or -errno; clr may hold the whole atime field. */
int mount_set_attr(int fd, bool recursive, uint64_t set, uint64_t clr);
int mount_set_propagation(int fd, bool recursive, uint64_t propagation);
bool mount_is_readonly(int fd);
bool mount_is_proc_root(int fd);
/* Everything about rec's attributes, on its mount. */
int mount_job_attrs(const struct mount_job *job, int fd);
/* The propagation words, after it is attached: a shared parent would undo them. */
int mount_job_propagation(const struct mount_job *job, int fd);
/* mqueue and cgroup root directories in a user namespace belong to a group that is not there. */
void mount_job_own_root(const struct mount_job *job, int fd);
/* Attaches at target and looks after what follows from it. */
int mount_job_attach(const struct mount_job *job, int mount_fd, int target_fd);
/* What follows once it is attached: propagation, "/", a read-only /dev, whose mount it is. */
int mount_job_attached(const struct mount_job *job, int mount_fd);
/* Remembers the mount whose `ro` waits. */
int mount_job_defer(const struct mount_job *job, int mount_fd);

/* dest.c: O_PATH, made when missing; refuses what lies in /proc unless the record may. */
int mount_dest_open(const struct mount_job *job, bool dir);
int mount_dest_open_existing(const struct mount_job *job);
int mount_dest_link(const struct mount_job *job, const char *text);

/* fs.c, remount.c, copyup.c */
int mount_job_fs(const struct mount_job *job);
/* The detached mount of a file system, for the host side (source.c). */
int mount_fs_open(const struct flat *flat, const struct mount_rec *rec, struct err *err);
int mount_job_change(const struct mount_job *job);
int mount_fs_message(int fs_fd, char *out, size_t len);
int mount_fs_parameters(const struct mount_job *job, int fs_fd, uint64_t sb_set, uint64_t sb_clr);
int mount_fs_data(const struct mount_job *job, char *out, size_t len);
unsigned long mount_fs_ms_flags(uint64_t sb, uint64_t attr);
int mount_copyup(const struct mount_job *job, int from_fd, int to_fd);

/* info.c */
struct mount_info {
	uint64_t id;
	char *path, *optional, *fstype; /* path as the kernel escapes it */
};
typedef int mount_info_fn(void *arg, const struct mount_info *line); /* > 0 ends the scan */
int mount_info_scan(int proc_fd, mount_info_fn *fn, void *arg);
/* MS_SHARED, MS_SLAVE (or both), MS_UNBINDABLE, or MS_PRIVATE for none; -ENOENT when the mount is not there. */
int mount_info_propagation(int proc_fd, uint64_t mount_id, uint64_t *ret);
