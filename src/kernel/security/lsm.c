/* SPDX-License-Identifier: Apache-2.0 */
/* Both modules may be in force at once (stacked); each takes its own. */
#include "kernel/security/lsm.h"

#include <errno.h>

#include "kernel/security/apparmor.h"
#include "kernel/security/selinux.h"

static int text_of(const struct flat *f, struct flat_str s, const char **ret, struct err *err)
{
	*ret = flat_str(f, s);
	return *ret ? 0 : err_set(err, EPROTO, "set the security label: the record is damaged");
}

int lsm_apply(const struct flat *f, const struct lsm_plan *p, int proc_fd, struct err *err)
{
	const char *text;
	int r = 0;

	if (flat_has(p->apparmor)) {
		r = text_of(f, p->apparmor, &text, err);
		if (r >= 0)
			r = apparmor_apply_exec(proc_fd, text, err);
	}
	if (r >= 0 && flat_has(p->selinux)) {
		r = text_of(f, p->selinux, &text, err);
		if (r >= 0)
			r = selinux_apply_exec(proc_fd, text, err);
	}
	return r;
}

int lsm_apply_keys(const struct flat *f, const struct lsm_plan *p, int proc_fd, int on, struct err *err)
{
	const char *text;
	int r;

	if (!flat_has(p->selinux))
		return 0;
	r = text_of(f, p->selinux, &text, err);
	return r < 0 ? r : selinux_apply_keys(proc_fd, on ? text : NULL, err);
}
