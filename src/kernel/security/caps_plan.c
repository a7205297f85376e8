/* SPDX-License-Identifier: Apache-2.0 */
/* Capability names to masks and what of them can be granted. The only file that includes libcap. Applies nothing. */
#include "kernel/security/caps_plan.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/capability.h>

#include "base/log.h"
#include "base/mutation.h"

static uint64_t caps_known_mask(void)
{
	int n = cap_max_bits();

	return n >= 64 || n <= 0 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

static void caps_proc_free(cap_t *c)
{
	if (*c)
		cap_free(*c);
}

int caps_grantable_own(struct caps_grantable *ret, struct err *err)
{
	cap_t own __attribute__((cleanup(caps_proc_free))) = cap_get_proc();
	struct caps_grantable g = { 0 };
	int n = cap_max_bits();

	if (!own)
		return err_sys(err, "read the capabilities");
	for (int cap = 0; cap < n && cap < 64; cap++) {
		cap_flag_value_t value;
		int bound = cap_get_bound(cap);

		if (bound < 0)
			return err_sys(err, "read the bounding set");
		if (cap_get_flag(own, cap, CAP_PERMITTED, &value) == 0 && value == CAP_SET)
			g.permitted |= UINT64_C(1) << cap;
		if (bound == 1)
			g.bounding |= UINT64_C(1) << cap;
	}
	*ret = g;
	return 0;
}

int caps_grantable_all(struct caps_grantable *ret, struct err *err)
{
	(void)err;
	ret->permitted = ret->bounding = caps_known_mask();
	return 0;
}

int caps_plan_parse(const char *name)
{
	cap_value_t cap;

	if (strncmp(name, "CAP_", 4))
		return -1;
	/* libcap takes any case and bare numbers; the specification has neither */
	for (const char *p = name + 4; *p; p++)
		if (!isupper((unsigned char)*p) && *p != '_')
			return -1;
	return cap_from_name(name, &cap) == 0 && cap >= 0 && cap < 64 ? cap : -1;
}

/* Names to a mask; what is not in grantable is left out with a warning. */
static uint64_t caps_set(const char *set, const char *const *list, size_t n, uint64_t grantable, const char *why)
{
	uint64_t known = caps_known_mask(), mask = 0;

	for (size_t i = 0; i < n; i++) {
		int cap = caps_plan_parse(list[i]);

		if (cap < 0 || !(known >> cap & 1))
			log_warn("capability `%s` in /process/capabilities/%s/%zu is not known, ignored", list[i], set,
				 i);
		else if (!(grantable >> cap & 1))
			log_warn("capability `%s` in /process/capabilities/%s/%zu cannot be granted: %s", list[i], set,
				 i, why);
		else
			mask |= UINT64_C(1) << cap;
	}
	return mask;
}

int caps_plan_build(const struct spec_process *p, const struct caps_grantable *g, struct caps_plan *ret,
		    struct err *err)
{
	const struct spec_capabilities *c = p ? p->capabilities : NULL;
	struct caps_plan r = { 0 };

	(void)err;
	r.no_new_privs = p && p->no_new_privileges.set && p->no_new_privileges.value;
	if (c) {
		r.bounding = caps_set("bounding", c->bounding, c->bounding_len, g->bounding,
				      "not in the runtime's bounding set");
		r.permitted = caps_set("permitted", c->permitted, c->permitted_len, g->permitted,
				       "the runtime does not have it");
		r.effective = caps_set("effective", c->effective, c->effective_len, r.permitted, "it is not permitted");
		/* capset(2): inheritable may grow only within permitted and, since it survives execve, within bounding */
		r.inheritable = caps_set("inheritable", c->inheritable, c->inheritable_len, r.bounding & g->permitted,
					 "the runtime does not have it or it is not in the bounding set");
		r.ambient = caps_set("ambient", c->ambient, c->ambient_len, r.permitted & r.inheritable,
				     "it is not both permitted and inheritable");
		r.inheritable = MUTATION(A6) || MUTATION(A15) ? r.permitted : r.inheritable;
		r.ambient = MUTATION(A6) ? r.permitted : r.ambient;
	}
	if (!c && MUTATION(NOCAPS))
		r.bounding = r.permitted = r.effective = g->permitted;
	*ret = r;
	return 0;
}

static void caps_print_set(struct buf *out, const char *what, uint64_t mask)
{
	char name[32];

	buf_addf(out, "%s: %016" PRIx64, what, mask);
	for (unsigned cap = 0; cap < 64; cap++) {
		if (!(mask >> cap & 1))
			continue;
		caps_name(cap, name);
		buf_addf(out, " %s", name);
	}
	buf_adds(out, "\n");
}

void caps_plan_print(const struct caps_plan *p, struct buf *out)
{
	caps_print_set(out, "capabilities bounding", p->bounding);
	caps_print_set(out, "capabilities effective", p->effective);
	caps_print_set(out, "capabilities permitted", p->permitted);
	caps_print_set(out, "capabilities inheritable", p->inheritable);
	caps_print_set(out, "capabilities ambient", p->ambient);
	buf_addf(out, "no_new_privs: %s\n", p->no_new_privs ? "yes" : "no");
}
