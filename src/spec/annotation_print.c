/* SPDX-License-Identifier: Apache-2.0 */
/* What annotations change, for people. What ends up in another part of a plan (groups, seccomp, labels) is shown there. */
#include <inttypes.h>
#include <string.h>

#include "spec/annotation.h"

static void print_text(struct buf *out, const char *key, const char *value)
{
	if (!value)
		return;
	buf_addf(out, "annotation %s: ", key);
	buf_add_visible(out, value);
	buf_adds(out, "\n");
}

static void print_item(struct buf *out, const char *type, const struct annotation_item *i)
{
	buf_adds(out, " ");
	if (i->text)
		buf_add_visible(out, i->text);
	if (i->second) {
		buf_adds(out, "=");
		buf_add_visible(out, i->second);
	} else if (strcmp(type, "au") == 0)
		buf_addf(out, "%" PRIu64, i->number);
	else if (strcmp(type, "a(st)") == 0)
		buf_addf(out, "=%" PRIu64, i->number);
}

static void print_property(struct buf *out, const struct annotation_property *p)
{
	buf_addf(out, "annotation: property %s %s", p->name, p->type);
	for (size_t i = 0; i < p->items_len; i++)
		print_item(out, p->type, &p->items[i]);
	for (size_t i = 0; i < p->bytes_len; i++)
		buf_addf(out, " %u", p->bytes[i]);
	if (p->text) {
		buf_adds(out, " ");
		buf_add_visible(out, p->text);
	}
	if (p->type[0] == 't')
		buf_addf(out, " %" PRIu64, (uint64_t)p->number);
	else if (!p->type[1] && !p->text)
		buf_addf(out, " %" PRId64, p->number);
	buf_adds(out, "\n");
}

void annotations_print(const struct annotations *an, struct buf *out)
{
	print_text(out, "run.oci.seccomp.receiver", an->seccomp_receiver);
	print_text(out, "run.oci.pidfd_receiver", an->pidfd_receiver);
	print_text(out, "run.oci.hooks.stdout", an->hooks_stdout);
	print_text(out, "run.oci.hooks.stderr", an->hooks_stderr);
	print_text(out, "run.oci.systemd.subgroup", an->systemd_subgroup);
	print_text(out, "run.oci.delegate-cgroup", an->delegate_cgroup);
	print_text(out, "org.criu.config", an->criu_config);
	for (size_t i = 0; i < an->properties_len; i++)
		print_property(out, &an->properties[i]);
}
