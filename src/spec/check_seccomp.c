/* SPDX-License-Identifier: Apache-2.0 */
/* Rules between the properties of linux.seccomp. */

#include <string.h>

#include "base/cleanup.h"
#include "spec/check.h"

enum { FLAG_WAIT_KILLABLE_RECV = 32, SUN_PATH_MAX = 107 };

static bool takes_errno(int64_t action)
{
	return action == SPEC_ACT_ERRNO || action == SPEC_ACT_TRACE;
}

static bool notifies(const struct spec_seccomp *s)
{
	if (s->default_action.value == SPEC_ACT_NOTIFY)
		return true;
	for (size_t i = 0; i < s->syscalls_len; i++)
		if (s->syscalls[i].action.value == SPEC_ACT_NOTIFY)
			return true;
	return false;
}

static int rule_errno(const struct spec_check *k)
{
	static const char text[] = "this action returns no errno";
	const struct spec_seccomp *s = k->lnx->seccomp;

	if (!s)
		return 0;
	if (s->default_errno_ret.set && !takes_errno(s->default_action.value))
		return spec_check_fail(k, text, "/linux/seccomp/defaultErrnoRet");
	for (size_t i = 0; i < s->syscalls_len; i++)
		if (s->syscalls[i].errno_ret.set && !takes_errno(s->syscalls[i].action.value))
			return spec_check_fail(k, text, "/linux/seccomp/syscalls/%zu/errnoRet", i);
	return 0;
}

static int rule_names(const struct spec_check *k)
{
	const struct spec_seccomp *s = k->lnx->seccomp;

	for (size_t i = 0; s && i < s->syscalls_len; i++)
		for (size_t j = 0; j < s->syscalls[i].names_len; j++)
			if (!*s->syscalls[i].names[j])
				return spec_check_fail(k, "must not be empty", "/linux/seccomp/syscalls/%zu/names/%zu",
						       i, j);
	return 0;
}

static int rule_listener(const struct spec_check *k)
{
	const struct spec_seccomp *s = k->lnx->seccomp;

	if (!s)
		return 0;
	if (s->listener_metadata && !s->listener_path && !spec_check_annotation(k->config, "run.oci.seccomp.receiver"))
		return spec_check_fail(k, "needs listenerPath", "/linux/seccomp/listenerMetadata");
	if (s->listener_path && strlen(s->listener_path) > SUN_PATH_MAX)
		return spec_check_fail(k, "longer than 107 bytes", "/linux/seccomp/listenerPath");
	if (notifies(s) && !s->listener_path && !spec_check_annotation(k->config, "run.oci.seccomp.receiver"))
		return spec_check_fail(k, "`SCMP_ACT_NOTIFY` needs it", "/linux/seccomp/listenerPath");
	/* the kernel takes this flag only for a filter with a listener */
	for (size_t i = 0; i < s->flags_len; i++)
		if (s->flags[i] == FLAG_WAIT_KILLABLE_RECV && !notifies(s))
			return spec_check_fail(k, "needs an action `SCMP_ACT_NOTIFY`", "/linux/seccomp/flags/%zu", i);
	return 0;
}

static const struct spec_rule rules[] = {
	{ "errno", rule_errno, "SEC-06 SEC-31" },
	{ "names", rule_names, "SEC-27" },
	{ "listener", rule_listener, "SEC-13 SEC-23 SEC-25" },
};
const struct spec_rules spec_rules_seccomp = { rules, ARRAY_SIZE(rules) };
