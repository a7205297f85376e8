/* SPDX-License-Identifier: Apache-2.0 */
/* linux.mountLabel: new file systems are mounted with this SELinux context. Those of which the kernel has one instance, or whose
 * labels the policy makes (proc, sysfs, cgroup), take none; binds keep the labels of their files. Pure. */
#include <string.h>

#include "base/cleanup.h"
#include "kernel/mount/plan_internal.h"

static bool takes_context(const char *type)
{
	static const char *const without[] = { "proc", "sysfs", "mqueue", "cgroup", "cgroup2" };

	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		if (!strcmp(type, without[i]))
			return false;
	return true;
}

/* The document's own context, whichever of the four options, goes before. */
static bool has_context(const struct plan_build *b, const struct buf *data)
{
	const struct mount_datum *d = (const struct mount_datum *)(const void *)data->data;

	for (size_t i = 0; i < data->len / sizeof(*d); i++) {
		const char *key = b->flat->data + d[i].key.off;

		if (!strcmp(key, "context") || !strcmp(key, "fscontext") || !strcmp(key, "defcontext") ||
		    !strcmp(key, "rootcontext"))
			return true;
	}
	return false;
}

int plan_label_add(struct plan_build *b, const char *type, struct buf *data)
{
	const struct spec_linux_ *l = b->in->config->lnx;
	AUTO(buf_done) struct buf quoted = { 0 };
	struct mount_datum d;

	if (!l || !l->mount_label || !*l->mount_label || !takes_context(type) || has_context(b, data))
		return 0;
	/* a list of options is split at commas, and a level has some */
	buf_addf(&quoted, "\"%s\"", l->mount_label);
	d.key = flat_add_str(b->flat, b->in->context_word ? b->in->context_word : "context");
	d.value = flat_add_str(b->flat, quoted.data);
	return quoted.error ? quoted.error : buf_add(data, &d, sizeof(d));
}
