/* SPDX-License-Identifier: Apache-2.0 */
/* From the mount plan to criu's external mounts. */

#include "container/checkpoint/criu_mounts.h"

#include <errno.h>
#include <stdio.h>

#include "base/path.h"

static const char *where(const struct criu_mounts *m, const char *path, char *room, size_t len)
{
	return m->look(m->arg, path, room, len) == CRIU_THERE_NOTHING ? path : room;
}

static int no_memory(struct err *err)
{
	return err_set(err, ENOMEM, "plan the mounts for criu");
}

/* fn is called with each mount of the outside: the destination as the document says it, and its source. */
typedef int mount_fn(const struct criu_mounts *m, const char *destination, const char *source, struct criu_request *q);

static int each_bind(const struct criu_mounts *m, mount_fn *fn, struct criu_request *q, struct err *err)
{
	const struct mount_rec *rec = flat_arr(m->flat, m->mounts->mounts, sizeof(*rec));

	for (uint32_t i = 0; rec && i < m->mounts->mounts.count; i++) {
		const char *destination = flat_str(m->flat, rec[i].destination);
		const char *source = flat_str(m->flat, rec[i].source);

		if (rec[i].kind != MOUNT_KIND_BIND || !destination || !source)
			continue;
		if (rec[i].flags & (MOUNT_REC_COPY_SYMLINK | MOUNT_REC_IDMAP)) {
			err_pointer(err, "/mounts/%u", rec[i].index);
			return err_set(err, EOPNOTSUPP, "use criu: it cannot make %s again",
				       rec[i].flags & MOUNT_REC_IDMAP ? "an id-mapped mount" : "a copied link");
		}
		if (fn(m, destination, source, q) < 0)
			return no_memory(err);
	}
	return 0;
}

/* With a user namespace the nodes are not made but mounted. */
static int each_node(const struct criu_mounts *m, mount_fn *fn, struct criu_request *q, struct err *err)
{
	const struct dev_rec *rec = flat_arr(m->flat, m->devices->nodes, sizeof(*rec));

	for (uint32_t i = 0; m->devices->method != DEV_METHOD_MKNOD && rec && i < m->devices->nodes.count; i++) {
		const char *path = flat_str(m->flat, rec[i].path);

		if (path && fn(m, path, path, q) < 0)
			return no_memory(err);
	}
	return 0;
}

static int dump_one(const struct criu_mounts *m, const char *destination, const char *source, struct criu_request *q)
{
	char room[4096];
	const char *at = where(m, destination, room, sizeof(room));

	(void)source;
	return criu_add_mount(q, at, at);
}

int criu_mounts_dump(const struct criu_mounts *m, struct criu_request *q, struct err *err)
{
	const struct spec_linux_ *lnx = m->config->lnx;
	int r = each_bind(m, dump_one, q, err);

	if (r == 0)
		r = each_node(m, dump_one, q, err);
	/* The file system that hides a directory is the container's own: criu saves it. */
	for (size_t i = 0; r == 0 && lnx && i < lnx->masked_paths_len; i++) {
		char room[4096];

		if (m->look(m->arg, lnx->masked_paths[i], room, sizeof(room)) == CRIU_THERE_FILE &&
		    criu_add_mount(q, room, CRIU_MASK) < 0)
			r = no_memory(err);
	}
	return r;
}

static int restore_one(const struct criu_mounts *m, const char *destination, const char *source, struct criu_request *q)
{
	char room[4096];
	int r = criu_add_mount(q, where(m, destination, room, sizeof(room)), source);

	return r < 0 ? r : criu_add_mount(q, destination, source);
}

int criu_mounts_restore(const struct criu_mounts *m, struct criu_request *q, struct err *err)
{
	const struct spec_linux_ *lnx = m->config->lnx;
	int r = each_bind(m, restore_one, q, err);

	if (r == 0)
		r = each_node(m, restore_one, q, err);
	if (r == 0 && criu_add_mount(q, CRIU_MASK, CRIU_MASK) < 0)
		r = no_memory(err);
	/* crun names a mask by the path that it hides. */
	for (size_t i = 0; r == 0 && lnx && i < lnx->masked_paths_len; i++)
		if (criu_add_mount(q, lnx->masked_paths[i], CRIU_MASK) < 0)
			r = no_memory(err);
	return r;
}
