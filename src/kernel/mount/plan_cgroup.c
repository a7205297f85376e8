/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of type cgroup. With a cgroup namespace the hierarchies are mounted (the namespace shows the container's own
 * cgroup as their root), without one the container's own directories are bound, never the host's tree. On v1 and hybrid
 * hosts a root-owned tmpfs holds one directory per hierarchy. Pure. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"
#include "kernel/mount/plan_internal.h"

#define RDONLY ((uint64_t)SYS_MOUNT_ATTR_RDONLY)

static int cgroup_datum(struct plan_build *b, struct buf *list, const char *key, size_t len, const char *value)
{
	char text[NAME_MAX + 1];
	struct mount_datum d = { 0 };

	if (len >= sizeof(text))
		return -ENAMETOOLONG;
	memcpy(text, key, len);
	text[len] = '\0';
	d.key = flat_add_str(b->flat, text);
	d.value = flat_add_str(b->flat, value);
	return buf_add(list, &d, sizeof(d));
}

/* "cpu,cpuacct" -> two words, "name=systemd" -> key and value. */
static int cgroup_v1_data(struct plan_build *b, const char *name, struct flat_arr *ret)
{
	AUTO(buf_done) struct buf list = { 0 };
	int r = 0;

	if (!strncmp(name, "name=", 5))
		r = cgroup_datum(b, &list, "name", 4, name + 5);
	else
		for (size_t n; *name && !r; name += n + (name[n] == ',')) {
			n = strcspn(name, ",");
			r = cgroup_datum(b, &list, name, n, NULL);
		}
	*ret = flat_add_arr(b->flat, list.data, list.len / sizeof(struct mount_datum), sizeof(struct mount_datum));
	return r ? r : list.error;
}

static bool cgroup_is_unified(const struct mount_cgroup_hierarchy *h)
{
	return !h->name || !h->name[0] || !strcmp(h->name, "unified");
}

/* One hierarchy at destination: a mount of it or a clone of the container's own directory. */
static int cgroup_hierarchy(struct plan_build *b, const struct plan_mount *m, const struct mount_cgroup_hierarchy *h,
			    const char *destination, struct mount_rec *rec)
{
	bool unified = cgroup_is_unified(h);
	char path[PATH_MAX];
	int r = 0;

	plan_rec_init(b, m, destination, b->in->cgroup_ns ? MOUNT_KIND_FS : MOUNT_KIND_BIND, rec);
	rec->flags &= ~(uint32_t)MOUNT_REC_NOFAIL; /* the container's own cgroup is there, or something is very wrong */
	rec->flags |= b->in->user_ns ? MOUNT_REC_OWN_ROOT : 0u;
	rec->sb_set = rec->sb_clr = 0; /* the super block is the host's */
	if (b->in->cgroup_ns) {
		rec->fstype = flat_add_str(b->flat, unified ? "cgroup2" : "cgroup");
		rec->source = flat_add_str(b->flat, "cgroup");
		if (!unified)
			r = cgroup_v1_data(b, h->name, &rec->data);
		return r;
	}
	if (!h->path || h->path[0] != '/')
		return plan_mount_error(b, m, "type", "the container has no cgroup of its own in `%s`", h->mountpoint);
	if (snprintf(path, sizeof(path), "%s%s", h->mountpoint, strcmp(h->path, "/") ? h->path : "") >=
	    (int)sizeof(path))
		return plan_mount_error(b, m, "type", "the path of its cgroup is too long");
	rec->source = flat_add_str(b->flat, path);
	return 0;
}

/* A name for each of several controllers that share a hierarchy. */
static int cgroup_links(struct plan_build *b, const struct plan_mount *m, const char *name, const char *dir)
{
	char path[PATH_MAX];
	int r = 0;

	if (!strchr(name, ',') || !strncmp(name, "name=", 5))
		return 0;
	for (size_t n; *name && !r; name += n + (name[n] == ',')) {
		struct mount_rec rec = { .kind = MOUNT_KIND_LINK, .index = (uint32_t)m->index };

		n = strcspn(name, ",");
		if (!n || (strlen(dir) == n && !strncmp(name, dir, n)))
			continue;
		if (snprintf(path, sizeof(path), "%s/%.*s", m->destination, (int)n, name) >= (int)sizeof(path))
			return plan_mount_error(b, m, "destination", "the path is too long");
		rec.destination = flat_add_str(b->flat, path);
		rec.source = flat_add_str(b->flat, dir);
		r = plan_rec_add(b, &rec);
	}
	return r;
}

static int cgroup_v1_tmpfs(struct plan_build *b, const struct plan_mount *m)
{
	struct mount_datum mode = { flat_add_str(b->flat, "mode"), flat_add_str(b->flat, "755") };
	AUTO(buf_done) struct buf data = { 0 };
	struct mount_rec rec;
	int r = buf_add(&data, &mode, sizeof(mode));

	if (!r)
		r = plan_label_add(b, "tmpfs", &data);
	if (r)
		return r;

	plan_rec_init(b, m, m->destination, MOUNT_KIND_FS, &rec);
	rec.fstype = flat_add_str(b->flat, "tmpfs");
	rec.source = flat_add_str(b->flat, "tmpfs");
	rec.data = flat_add_arr(b->flat, data.data, data.len / sizeof(mode), sizeof(mode));
	rec.attr_set &= ~RDONLY; /* first the directories in it have to be made */
	rec.rattr_set &= ~RDONLY;
	rec.sb_set = rec.sb_clr = 0;
	rec.propagation = (struct flat_arr){ 0, 0 };
	return plan_rec_add(b, &rec);
}

static int cgroup_v1_finish(struct plan_build *b, const struct plan_mount *m)
{
	struct mount_rec rec;

	if (!((m->options.attr_set | m->options.rattr_set) & RDONLY) && !m->options.propagation_len)
		return 0;
	plan_rec_init(b, m, m->destination, MOUNT_KIND_ATTR, &rec);
	rec.attr_set &= RDONLY;
	rec.attr_clr = rec.rattr_clr = rec.sb_set = rec.sb_clr = 0;
	rec.rattr_set &= RDONLY;
	rec.flags = 0;
	return plan_rec_add(b, &rec);
}

static int cgroup_v1(struct plan_build *b, struct plan_mount *m)
{
	char path[PATH_MAX];
	int r;

	if (m->data_word)
		return plan_option_error(b, m, m->data_word,
					 "not a mount option, and the cgroup directory takes no data on this host");
	r = cgroup_v1_tmpfs(b, m);
	for (size_t i = 0; !r && i < b->in->hierarchies_len; i++) {
		const struct mount_cgroup_hierarchy *h = &b->in->hierarchies[i];
		const char *dir = path_basename(h->mountpoint);
		struct mount_rec rec;

		if (snprintf(path, sizeof(path), "%s/%s", m->destination, dir) >= (int)sizeof(path))
			return plan_mount_error(b, m, "destination", "the path is too long");
		r = cgroup_hierarchy(b, m, h, path, &rec);
		rec.propagation = (struct flat_arr){ 0, 0 };
		if (!r)
			r = plan_rec_add(b, &rec);
		if (!r && h->name)
			r = cgroup_links(b, m, h->name, dir);
	}
	return r ? r : cgroup_v1_finish(b, m);
}

static int cgroup_v2(struct plan_build *b, struct plan_mount *m)
{
	struct mount_rec rec;
	int r = cgroup_hierarchy(b, m, &b->in->hierarchies[0], m->destination, &rec);

	if (r)
		return r;
	if (m->data_word && rec.kind == MOUNT_KIND_BIND)
		return plan_option_error(
			b, m, m->data_word,
			"not a mount option, and without a cgroup namespace no file system is mounted");
	if (m->data_word)
		rec.data = flat_add_arr(b->flat, m->data.data, m->data.len / sizeof(struct mount_datum),
					sizeof(struct mount_datum));
	return plan_rec_add(b, &rec);
}

int plan_cgroup_add(struct plan_build *b, struct plan_mount *m)
{
	if (m->spec->uid_mappings_len || m->spec->gid_mappings_len || m->options.idmap)
		return plan_mount_error(b, m, "options", "a cgroup mount cannot be id-mapped");
	if (m->options.copyup)
		return plan_option_error(b, m, "tmpcopyup", "only for type tmpfs");
	if (path_is_below(m->destination, "/proc"))
		return plan_mount_error(b, m, "destination", "nothing may be mounted on /proc but proc");
	if (!b->in->cgroup_layout || !b->in->hierarchies_len)
		return plan_mount_error(b, m, "type", "the host has no cgroup hierarchy mounted");
	return b->in->cgroup_layout == 3 ? cgroup_v2(b, m) : cgroup_v1(b, m);
}
