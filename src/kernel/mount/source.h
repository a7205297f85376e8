/* SPDX-License-Identifier: Apache-2.0 */
/* Host side: opens what masu-init has no right to open (root and bind sources of a container with a user namespace,
 * id-mapped clones) as detached mounts. Nothing is attached here. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/flat.h"
#include "kernel/mount/mount.h"

/* A detached clone of rec's source, id-mapped by userns_fd when the record says so (-1 = none). Clones for a user namespace
 * are slaves of the host's mounts from birth, so nothing travels back. Best called in the host's own mount namespace: in the
 * container's, mounts that came from another user namespace are locked together and `bind` without submounts is refused.
 * Owned fd. With MOUNT_REC_NOFAIL and a missing source: an eventfd, which masu-init takes for "skip". */
int mount_source_open(const struct flat *flat, const struct mount_rec *rec, int userns_fd, struct err *err);
/* The same for the container's root. */
int mount_source_open_root(const struct flat *flat, const struct mount_plan *plan, struct err *err);
/* A user namespace that exists only as an fd, with the record's own uid_map and gid_map. */
int mount_source_open_userns(const struct flat *flat, const struct mount_rec *rec, int proc_fd, struct err *err);
/* All of plan->host_sources in the order that mount_ctx.fds has to have. userns_fd: the container's, -1 when it has none.
 * On error nothing stays open. -ENOSPC when max is too small. */
int mount_source_open_all(const struct flat *flat, const struct mount_plan *plan, int proc_fd, int userns_fd, int *fds,
			  size_t max, size_t *ret_len, struct err *err);
