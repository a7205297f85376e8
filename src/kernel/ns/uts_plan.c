/* SPDX-License-Identifier: Apache-2.0 */
/* May these names be set, and do they fit. Touches nothing. */
#include "kernel/ns/uts_plan.h"

#include <errno.h>
#include <string.h>

#define UTS_NAME_MAX 64 /* __NEW_UTS_LEN */

static int uts_plan_name(const char *key, const char *value, bool own_uts, struct err *err)
{
	if (!value)
		return 0;
	if (!own_uts) {
		err_pointer(err, "/%s", key);
		err_hint(err, "add a namespace of type uts to linux.namespaces");
		return err_set(err, EINVAL, "plan %s `%s`: the container has no UTS namespace of its own", key, value);
	}
	if (strlen(value) > UTS_NAME_MAX) {
		err_pointer(err, "/%s", key);
		return err_set(err, EINVAL, "plan %s `%s`: longer than %d bytes", key, value, UTS_NAME_MAX);
	}
	return 0;
}

int uts_plan_build(const struct spec_config *c, bool own_uts, struct buf *flat, struct uts_plan *ret, struct err *err)
{
	int r = uts_plan_name("hostname", c->hostname, own_uts, err);

	if (r >= 0)
		r = uts_plan_name("domainname", c->domainname, own_uts, err);
	if (r < 0)
		return r;
	ret->hostname = flat_add_str(flat, c->hostname);
	ret->domainname = flat_add_str(flat, c->domainname);
	return flat->error ? err_code(err, flat->error, "plan the host name") : 0;
}

static void uts_print_name(const struct flat *f, const char *what, struct flat_str name, struct buf *out)
{
	const char *s = flat_str(f, name);

	if (!s)
		return;
	buf_addf(out, "%s ", what);
	buf_add_visible(out, s);
	buf_adds(out, "\n");
}

void uts_plan_print(const struct flat *f, const struct uts_plan *p, struct buf *out)
{
	uts_print_name(f, "hostname", p->hostname, out);
	uts_print_name(f, "domainname", p->domainname, out);
}
