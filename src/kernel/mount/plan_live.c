/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts for a container that runs: what is refused, and which file systems the host side makes. Pure. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "kernel/mount/plan_internal.h"

static bool live_type_is(const struct plan_mount *m, const char *const *types, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (m->spec->type && !strcmp(m->spec->type, types[i]))
			return true;
	return false;
}

/* A path as source (a device, the layers of an overlay) means the host's, and only the host side can open that. Without a user
 * namespace of the container's own the result is the same. A message queue belongs to the namespace of who makes it. */
static bool live_host_makes(const struct plan_build *b, const struct plan_mount *m)
{
	return !b->in->user_ns && strcmp(m->spec->type, "mqueue");
}

int plan_live_check(struct plan_build *b, const struct plan_mount *m, struct mount_rec *rec)
{
	static const char *const masked[] = { "proc", "sysfs", "cgroup", "cgroup2" };

	if (rec->kind != MOUNT_KIND_FS && rec->kind != MOUNT_KIND_BIND)
		return plan_mount_error(b, m, "options", "only new mounts can be added to a container that runs");
	if (!strcmp(m->destination, "/"))
		return plan_mount_error(b, m, "destination", "the root of a container that runs cannot be covered");
	if (rec->kind == MOUNT_KIND_BIND)
		return 0;
	if (live_type_is(m, masked, ARRAY_SIZE(masked)))
		return plan_mount_error(b, m, "type", "a new `%s` would show what the first one hides", m->spec->type);
	if (rec->flags & MOUNT_REC_CLASSIC)
		return plan_mount_error(b, m, "options", "an option that only mount(2) takes is not possible here");
	if (live_host_makes(b, m))
		rec->flags |= MOUNT_REC_HOST_SOURCE;
	return 0;
}

static bool live_is_near(const char *const *paths, size_t n, const char *destination)
{
	char clean[PATH_MAX];

	for (size_t i = 0; i < n; i++)
		if (path_clean("/", paths[i], clean, sizeof(clean)) < 0 || path_is_below(clean, destination) ||
		    path_is_below(destination, clean))
			return true;
	return false;
}

/* Masks and read-only paths are mounts, too. What leads to one by a link only the applier sees: it gets the lists. */
static bool live_is_protection(const struct spec_linux_ *l, const char *destination)
{
	if (l && (live_is_near(l->masked_paths, l->masked_paths_len, destination) ||
		  live_is_near(l->readonly_paths, l->readonly_paths_len, destination)))
		return true;
	return path_is_below(destination, "/proc") || path_is_below(destination, "/sys");
}

int mount_plan_remove(const struct mount_inputs *in, struct buf *flat, struct mount_plan *ret, struct err *err)
{
	struct plan_build b = { .in = in, .flat = flat, .err = err };
	const struct spec_linux_ *l = in->config->lnx;
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	ret->mount_ns = (uint32_t)in->mount_ns;
	if (l)
		r = plan_paths(&b, "maskedPaths", l->masked_paths, l->masked_paths_len, &ret->masked);
	if (l && !r)
		r = plan_paths(&b, "readonlyPaths", l->readonly_paths, l->readonly_paths_len, &ret->readonly);
	for (size_t i = 0; !r && i < in->config->mounts_len; i++) {
		struct plan_mount m = { .spec = &in->config->mounts[i], .index = i };
		struct mount_rec rec;

		if (!m.spec->destination || path_clean("/", m.spec->destination, m.destination, sizeof(m.destination)))
			r = plan_mount_error(&b, &m, "destination", "not a path");
		else if (!strcmp(m.destination, "/"))
			r = plan_mount_error(&b, &m, "destination", "the root of a container cannot be removed");
		else if (live_is_protection(in->config->lnx, m.destination))
			r = plan_mount_error(&b, &m, "destination", "what is mounted there protects the host");
		if (r)
			break;
		plan_rec_init(&b, &m, m.destination, MOUNT_KIND_REMOVE, &rec);
		r = plan_rec_add(&b, &rec);
	}
	if (!r)
		ret->mounts = flat_add_arr(flat, b.recs.data, b.recs.len / sizeof(struct mount_rec),
					   sizeof(struct mount_rec));
	if (!r && (b.recs.error || flat->error))
		r = err_code(err, b.recs.error ? b.recs.error : flat->error, "plan mounts");
	buf_done(&b.recs);
	return r;
}
