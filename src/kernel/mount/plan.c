/* SPDX-License-Identifier: Apache-2.0 */
/* The mount plan as a whole: root, propagation, list of mounts, masked and read-only paths. One entry of mounts[] is
 * plan_mount.c's matter. Pure. */
#include "kernel/mount/plan.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "kernel/mount/plan_internal.h"

static uint64_t plan_propagation(const struct spec_linux_ *l)
{
	if (!l || !l->rootfs_propagation.set)
		return 0;
	switch (l->rootfs_propagation.value) {
	case SPEC_PROPAGATION_SHARED:
	case SPEC_PROPAGATION_RSHARED:
		return MS_SHARED;
	case SPEC_PROPAGATION_PRIVATE:
	case SPEC_PROPAGATION_RPRIVATE:
		return MS_PRIVATE;
	case SPEC_PROPAGATION_UNBINDABLE:
	case SPEC_PROPAGATION_RUNBINDABLE:
		return MS_UNBINDABLE;
	default:
		return MS_SLAVE;
	}
}

static int plan_root(struct plan_build *b, struct mount_plan *ret)
{
	const struct spec_root *root = b->in->config->root;
	char path[PATH_MAX];
	int r;

	if (!root || !root->path || !root->path[0]) {
		err_pointer(b->err, root ? "/root/path" : "/root");
		return err_set(b->err, EINVAL, "read root: a path is required");
	}
	/* not cleaned: what ".." means behind a link of the host is for the kernel to say */
	r = snprintf(path, sizeof(path), "%s%s%s", root->path[0] == '/' ? "" : b->in->bundle,
		     root->path[0] == '/' ? "" : "/", root->path);
	if (r < 0 || (size_t)r >= sizeof(path)) {
		err_pointer(b->err, "/root/path");
		return err_code(b->err, -ENAMETOOLONG, "read root");
	}
	ret->root_path = flat_add_str(b->flat, path);
	if (b->in->host_can_open_sources && b->in->mount_ns != MOUNT_NS_NONE)
		ret->root_source_fd = ++b->host_sources;
	if (root->readonly.set && root->readonly.value) {
		if (b->in->mount_ns == MOUNT_NS_NONE) {
			err_pointer(b->err, "/root/readonly");
			return err_set(b->err, EINVAL, "plan root: a read-only root needs a mount namespace");
		}
		ret->flags |= MOUNT_PLAN_READONLY_ROOT;
	}
	return 0;
}

/* maskedPaths or readonlyPaths: absolute, cleaned, and never without a mount namespace, since the host would see them. */
int plan_paths(struct plan_build *b, const char *member, const char *const *paths, size_t n, struct flat_arr *ret)
{
	AUTO(buf_done) struct buf list = { 0 };
	char clean[PATH_MAX];

	if (n && b->in->mount_ns == MOUNT_NS_NONE) {
		err_pointer(b->err, "/linux/%s", member);
		return err_set(b->err, EINVAL, "plan %s: needs a mount namespace, the host would see it", member);
	}
	for (size_t i = 0; i < n; i++) {
		struct flat_str s;
		int r = paths[i][0] == '/' ? path_clean(NULL, paths[i], clean, sizeof(clean)) : -EINVAL;

		if (r < 0 || !clean[1]) {
			err_pointer(b->err, "/linux/%s/%zu", member, i);
			if (r == -ENAMETOOLONG)
				return err_code(b->err, r, "plan %s `%.64s...`", member, paths[i]);
			return err_set(b->err, EINVAL, "plan %s `%s`: %s", member, paths[i],
				       r < 0 ? "not an absolute path" : "not for the root itself");
		}
		s = flat_add_str(b->flat, clean);
		buf_add(&list, &s, sizeof(s));
	}
	*ret = flat_add_arr(b->flat, list.data, n, sizeof(struct flat_str));
	return list.error;
}

int mount_plan_build(const struct mount_inputs *in, struct buf *flat, struct mount_plan *ret, struct err *err)
{
	struct plan_build b = { .in = in, .flat = flat, .err = err };
	const struct spec_linux_ *l = in->config->lnx;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->mount_ns = (uint32_t)in->mount_ns;
	ret->propagation = plan_propagation(l);
	if (l && l->mount_label && *l->mount_label)
		ret->label = flat_add_str(flat, l->mount_label);
	ret->flags = (in->no_pivot ? MOUNT_PLAN_NO_PIVOT : 0u) | (in->user_ns || in->nested ? MOUNT_PLAN_USER_NS : 0u);
	if (ret->propagation && in->mount_ns == MOUNT_NS_NONE) {
		err_pointer(err, "/linux/rootfsPropagation");
		return err_set(err, EINVAL, "plan root: a propagation needs a mount namespace");
	}
	if (in->config->mounts_len && in->mount_ns == MOUNT_NS_NONE) {
		err_pointer(err, "/mounts");
		return err_set(err, EINVAL, "plan mounts: they need a mount namespace, the host would see them");
	}
	r = in->live ? 0 : plan_root(&b, ret);
	for (size_t i = 0; !r && i < in->config->mounts_len; i++)
		r = plan_mount_add(&b, i);
	if (!r && l && !in->live)
		r = plan_paths(&b, "maskedPaths", l->masked_paths, l->masked_paths_len, &ret->masked);
	if (!r && l && !in->live)
		r = plan_paths(&b, "readonlyPaths", l->readonly_paths, l->readonly_paths_len, &ret->readonly);
	if (!r)
		ret->mounts = flat_add_arr(flat, b.recs.data, b.recs.len / sizeof(struct mount_rec),
					   sizeof(struct mount_rec));
	ret->host_sources = b.host_sources;
	if (!r && (b.recs.error || flat->error))
		r = err_code(err, b.recs.error ? b.recs.error : flat->error, "plan mounts");
	buf_done(&b.recs);
	return r;
}
