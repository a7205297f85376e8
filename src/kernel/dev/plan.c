/* SPDX-License-Identifier: Apache-2.0 */
/* linux.devices and the default devices as records: which node, which owner on both sides of the user namespace, who can
 * make it. Pure. */
#include "kernel/dev/plan.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"

/* What a dev_t has room for in the kernel. */
#define DEV_MAJOR_MAX 0xfff
#define DEV_MINOR_MAX 0xfffff
#define DEV_MODE_DEFAULT 0666

struct plan_build {
	const struct dev_inputs *in;
	struct buf *flat;
	struct buf recs, links;
	bool bound; /* the config binds a /dev: nothing is made there */
	struct dev_plan *plan;
	struct err *err;
};

static int plan_error(struct plan_build *b, size_t index, const char *member, const char *path, const char *why)
{
	err_pointer(b->err, "/linux/devices/%zu/%s", index, member);
	return err_set(b->err, EINVAL, "plan device `%.512s`: %s", path ? path : "", why);
}

/* Whether what is on /dev in the end is a clone of some directory, of the host's /dev most likely. */
static bool plan_dev_is_bound(const struct spec_config *c)
{
	bool bound = false;

	for (size_t i = 0; i < c->mounts_len; i++) {
		const struct spec_mount *m = &c->mounts[i];
		bool bind = false, remount = false;
		char clean[PATH_MAX];

		if (!m->destination || path_clean("/", m->destination, clean, sizeof(clean)) < 0 ||
		    strcmp(clean, "/dev"))
			continue;
		for (size_t k = 0; k < m->options_len; k++) {
			bind |= !strcmp(m->options[k], "bind") || !strcmp(m->options[k], "rbind");
			remount |= !strcmp(m->options[k], "remount");
		}
		if (!remount)
			bound = bind;
	}
	return bound;
}

/* id as the host sees it; false when the user namespace has no such id. Without a user namespace the same. */
static bool plan_host_id(const struct plan_build *b, const struct spec_id_mapping *map, size_t n, uint32_t id,
			 uint32_t *ret)
{
	*ret = id;
	if (!b->in->user_ns || !b->in->host_can_make_nodes)
		return true;
	for (size_t i = 0; i < n; i++)
		if (id >= map[i].container_id.value && id - map[i].container_id.value < map[i].size.value) {
			*ret = (uint32_t)(map[i].host_id.value + (id - map[i].container_id.value));
			return true;
		}
	return false;
}

static int plan_add(struct plan_build *b, struct dev_rec *rec, const char *path)
{
	const struct spec_linux_ *l = b->in->config->lnx;

	rec->path = flat_add_str(b->flat, path);
	if (!plan_host_id(b, l ? l->uid_mappings : NULL, l ? l->uid_mappings_len : 0, rec->uid, &rec->host_uid))
		return plan_error(b, rec->index, "uid", path, "its owner is not mapped in the user namespace");
	if (!plan_host_id(b, l ? l->gid_mappings : NULL, l ? l->gid_mappings_len : 0, rec->gid, &rec->host_gid))
		return plan_error(b, rec->index, "gid", path, "its group is not mapped in the user namespace");
	if (b->plan->method == DEV_METHOD_HOST && rec->type != 'p' && !(rec->flags & DEV_REC_EXISTING))
		rec->source_fd = ++b->plan->host_nodes;
	return buf_add(&b->recs, rec, sizeof(*rec));
}

static int plan_numbers(struct plan_build *b, size_t i, const struct spec_device *d, struct dev_rec *rec)
{
	if (rec->type == 'p')
		return 0;
	if (!d->major.set || !d->minor.set)
		return plan_error(b, i, d->major.set ? "minor" : "major", d->path, "required for this type");
	if (d->major.value < 0 || d->major.value > DEV_MAJOR_MAX)
		return plan_error(b, i, "major", d->path, "not in 0..4095");
	if (d->minor.value < 0 || d->minor.value > DEV_MINOR_MAX)
		return plan_error(b, i, "minor", d->path, "not in 0..1048575");
	rec->major = (uint32_t)d->major.value;
	rec->minor = (uint32_t)d->minor.value;
	return 0;
}

/* Engines pass what stat(2) gave them, so the bits of the same file type are allowed. */
static int plan_mode(struct plan_build *b, size_t i, const struct spec_device *d, struct dev_rec *rec)
{
	mode_t type = rec->type == 'c' ? S_IFCHR : rec->type == 'b' ? S_IFBLK : S_IFIFO;
	uint64_t mode = d->file_mode.value;

	rec->mode = DEV_MODE_DEFAULT;
	if (!d->file_mode.set)
		return 0;
	if ((mode & S_IFMT) == type)
		mode &= ~(uint64_t)S_IFMT;
	if (mode > 07777)
		return plan_error(b, i, "fileMode", d->path, "not a file mode");
	rec->mode = (uint32_t)mode;
	rec->flags |= DEV_REC_MODE;
	return 0;
}

static int plan_device(struct plan_build *b, size_t i)
{
	const struct spec_device *d = &b->in->config->lnx->devices[i];
	struct dev_rec rec = { .index = (uint32_t)i };
	char path[PATH_MAX];
	int r;

	if (!d->path || d->path[0] != '/' || path_clean(NULL, d->path, path, sizeof(path)) < 0 || !path[1])
		return plan_error(b, i, "path", d->path, "not the absolute path of a file");
	rec.type = d->type.value == 'u' ? 'c' : (uint32_t)d->type.value;
	if (!d->type.set || (rec.type != 'c' && rec.type != 'b' && rec.type != 'p'))
		return plan_error(b, i, "type", d->path, "not one of c, b, u, p");
	r = plan_numbers(b, i, d, &rec);
	if (!r)
		r = plan_mode(b, i, d, &rec);
	if (r)
		return r;
	rec.uid = d->uid.set ? (uint32_t)d->uid.value : 0;
	rec.gid = d->gid.set ? (uint32_t)d->gid.value : 0;
	rec.flags |= (d->uid.set ? DEV_REC_UID : 0u) | (d->gid.set ? DEV_REC_GID : 0u) |
		     (b->bound && path_is_below(path, "/dev") ? DEV_REC_EXISTING : 0u);
	for (size_t k = 0; k < i && rec.type != 'p'; k++) {
		const struct spec_device *o = &b->in->config->lnx->devices[k];

		if ((o->type.value == 'b') == (rec.type == 'b') && o->type.value != 'p' &&
		    o->major.value == d->major.value && o->minor.value == d->minor.value)
			log_warn("/linux/devices/%zu: the same device as /linux/devices/%zu", i, k);
	}
	return plan_add(b, &rec, path);
}

static bool plan_is_configured(const struct spec_linux_ *l, const char *path)
{
	char clean[PATH_MAX];

	for (size_t i = 0; l && i < l->devices_len; i++)
		if (l->devices[i].path && !path_clean("/", l->devices[i].path, clean, sizeof(clean)) &&
		    !strcmp(clean, path))
			return true;
	return false;
}

static int plan_defaults(struct plan_build *b)
{
	int r = 0;

	for (size_t i = 0; i < dev_defaults_len && !r; i++) {
		const struct dev_default *d = &dev_defaults[i];
		struct dev_rec rec = { .type = (unsigned char)d->type,
				       .major = d->major,
				       .minor = d->minor,
				       .mode = d->mode,
				       .flags = DEV_REC_DEFAULT,
				       .index = (uint32_t)i };

		if (!plan_is_configured(b->in->config->lnx, d->path))
			r = plan_add(b, &rec, d->path);
	}
	return r;
}

static void plan_links(struct plan_build *b)
{
	static const struct {
		const char *path, *target;
		uint32_t flags;
	} links[] = {
		{ "/dev/ptmx", "pts/ptmx", 0 },
		{ "/dev/fd", "/proc/self/fd", DEV_LINK_IF_PROC_FD },
		{ "/dev/stdin", "/proc/self/fd/0", DEV_LINK_IF_PROC_FD },
		{ "/dev/stdout", "/proc/self/fd/1", DEV_LINK_IF_PROC_FD },
		{ "/dev/stderr", "/proc/self/fd/2", DEV_LINK_IF_PROC_FD },
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		struct dev_link link = { .flags = links[i].flags };

		if (plan_is_configured(b->in->config->lnx, links[i].path))
			continue;
		link.path = flat_add_str(b->flat, links[i].path);
		link.target = flat_add_str(b->flat, links[i].target);
		buf_add(&b->links, &link, sizeof(link));
	}
}

int dev_plan_build(const struct dev_inputs *in, struct buf *flat, struct dev_plan *ret, struct err *err)
{
	struct plan_build b = {
		.in = in, .flat = flat, .plan = ret, .err = err, .bound = plan_dev_is_bound(in->config)
	};
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	ret->method = !in->user_ns ? DEV_METHOD_MKNOD : in->host_can_make_nodes ? DEV_METHOD_HOST : DEV_METHOD_BIND;
	if (!b.bound) {
		r = plan_defaults(&b);
		plan_links(&b);
	}
	for (size_t i = 0; !r && in->config->lnx && i < in->config->lnx->devices_len; i++)
		r = plan_device(&b, i);
	if (!r) {
		ret->nodes =
			flat_add_arr(flat, b.recs.data, b.recs.len / sizeof(struct dev_rec), sizeof(struct dev_rec));
		ret->links = flat_add_arr(flat, b.links.data, b.links.len / sizeof(struct dev_link),
					  sizeof(struct dev_link));
		r = b.recs.error ? b.recs.error : b.links.error ? b.links.error : flat->error;
		if (r)
			err_code(err, r, "plan devices");
	}
	buf_done(&b.recs);
	buf_done(&b.links);
	return r;
}

void dev_plan_print(const struct flat *flat, const struct dev_plan *plan, struct buf *out)
{
	static const char *const methods[] = { "?", "mknod", "host", "bind" };
	const struct dev_rec *n = flat_arr(flat, plan->nodes, sizeof(*n));
	const struct dev_link *l = flat_arr(flat, plan->links, sizeof(*l));

	buf_addf(out, "devices %s\n", methods[plan->method < ARRAY_SIZE(methods) ? plan->method : 0]);
	for (uint32_t i = 0; n && i < plan->nodes.count; i++) {
		buf_adds(out, "device ");
		buf_add_visible(out, flat_str(flat, n[i].path));
		buf_addf(out, " %c", (int)n[i].type);
		if (n[i].type != 'p')
			buf_addf(out, " %u:%u", n[i].major, n[i].minor);
		buf_addf(out, " mode=%04o owner=%u:%u", n[i].mode, n[i].uid, n[i].gid);
		if (n[i].host_uid != n[i].uid || n[i].host_gid != n[i].gid)
			buf_addf(out, " host-owner=%u:%u", n[i].host_uid, n[i].host_gid);
		buf_adds(out, n[i].flags & DEV_REC_DEFAULT ? " default" : "");
		buf_adds(out, n[i].flags & DEV_REC_EXISTING ? " existing" : "");
		if (n[i].source_fd)
			buf_addf(out, " fd=%u", n[i].source_fd);
		buf_adds(out, "\n");
	}
	for (uint32_t i = 0; l && i < plan->links.count; i++)
		buf_addf(out, "link %s %s%s\n", flat_str(flat, l[i].path), flat_str(flat, l[i].target),
			 l[i].flags & DEV_LINK_IF_PROC_FD ? " if-proc" : "");
}
