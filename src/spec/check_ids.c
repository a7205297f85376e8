/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about id mappings: of the user namespace and of mounts. The limits are the kernel's (user_namespaces(7)). */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/check.h"

enum { MAPPINGS_MAX = 340 };

static bool overlap(uint64_t a, uint64_t alen, uint64_t b, uint64_t blen)
{
	return a < b + blen && b < a + alen;
}

static int check_list(const struct spec_check *k, const struct spec_id_mapping *m, size_t n, const char *pointer)
{
	if (n > MAPPINGS_MAX)
		return spec_check_fail(k, "more than 340 mappings", "%s", pointer);
	for (size_t i = 0; i < n; i++) {
		if (!m[i].size.value)
			return spec_check_fail(k, "must not be 0", "%s/%zu/size", pointer, i);
		/* 4294967295 is "no id" to the kernel */
		if (m[i].container_id.value + m[i].size.value > UINT32_MAX)
			return spec_check_fail(k, "the range ends above 4294967294", "%s/%zu/containerID", pointer, i);
		if (m[i].host_id.value + m[i].size.value > UINT32_MAX)
			return spec_check_fail(k, "the range ends above 4294967294", "%s/%zu/hostID", pointer, i);
		for (size_t j = 0; j < i; j++) {
			if (overlap(m[i].container_id.value, m[i].size.value, m[j].container_id.value, m[j].size.value))
				return spec_check_fail(k, "overlaps another mapping", "%s/%zu/containerID", pointer, i);
			if (overlap(m[i].host_id.value, m[i].size.value, m[j].host_id.value, m[j].size.value))
				return spec_check_fail(k, "overlaps another mapping", "%s/%zu/hostID", pointer, i);
		}
	}
	return 0;
}

static int rule_lists(const struct spec_check *k)
{
	int r = 0;

	if (k->lnx) {
		r = check_list(k, k->lnx->uid_mappings, k->lnx->uid_mappings_len, "/linux/uidMappings");
		if (!r)
			r = check_list(k, k->lnx->gid_mappings, k->lnx->gid_mappings_len, "/linux/gidMappings");
	}
	return r;
}

static int rule_user_namespace(const struct spec_check *k)
{
	const struct spec_linux_ *l = k->lnx;
	const struct spec_namespace *ns = spec_find_namespace(l, SPEC_NS_USER);

	if (!l)
		return 0;
	if (!ns && l->uid_mappings_len)
		return spec_check_fail(k, "needs a user namespace", "/linux/uidMappings");
	if (!ns && l->gid_mappings_len)
		return spec_check_fail(k, "needs a user namespace", "/linux/gidMappings");
	if (!ns)
		return 0;
	/* Mappings beside a path must be those that the namespace has: who opens it looks. */
	if (ns->path) {
		if ((l->uid_mappings_len || l->gid_mappings_len) &&
		    spec_is_dummy_map(l->uid_mappings, l->uid_mappings_len) &&
		    spec_is_dummy_map(l->gid_mappings, l->gid_mappings_len))
			spec_check_warn(k, "not used, the user namespace is joined", "/linux/uidMappings");
		return 0;
	}
	if (!l->uid_mappings_len)
		return spec_check_fail(k, "a new user namespace needs mappings", "/linux/uidMappings");
	if (!l->gid_mappings_len)
		return spec_check_fail(k, "a new user namespace needs mappings", "/linux/gidMappings");
	return 0;
}

static bool has_option(const struct spec_mount *m, const char *option)
{
	for (size_t i = 0; i < m->options_len; i++)
		if (!strcmp(m->options[i], option))
			return true;
	return false;
}

static int check_mount(const struct spec_check *k, const struct spec_mount *m, size_t i)
{
	char pointer[64];
	int r;

	if (m->uid_mappings_len && !m->gid_mappings_len)
		return spec_check_fail(k, "needs gidMappings too", "/mounts/%zu/uidMappings", i);
	if (m->gid_mappings_len && !m->uid_mappings_len)
		return spec_check_fail(k, "needs uidMappings too", "/mounts/%zu/gidMappings", i);
	if (!m->uid_mappings_len && (has_option(m, "idmap") || has_option(m, "ridmap")) &&
	    !spec_find_namespace(k->lnx, SPEC_NS_USER))
		return spec_check_fail(k, "an id-mapped mount needs mappings or a user namespace",
				       "/mounts/%zu/options", i);
	snprintf(pointer, sizeof(pointer), "/mounts/%zu/uidMappings", i);
	r = check_list(k, m->uid_mappings, m->uid_mappings_len, pointer);
	if (r)
		return r;
	snprintf(pointer, sizeof(pointer), "/mounts/%zu/gidMappings", i);
	return check_list(k, m->gid_mappings, m->gid_mappings_len, pointer);
}

static int rule_mounts(const struct spec_check *k)
{
	int r = 0;

	for (size_t i = 0; !r && i < k->config->mounts_len; i++)
		r = check_mount(k, &k->config->mounts[i], i);
	return r;
}

static const struct spec_rule rules[] = {
	{ "lists", rule_lists, "IDM-05 IDM-07" },
	{ "user_namespace", rule_user_namespace, "IDM-08 IDM-09 IDM-10" },
	{ "mounts", rule_mounts, "MNT-25 MNT-26 MNT-27 MNT-31" },
};
const struct spec_rules spec_rules_ids = { rules, ARRAY_SIZE(rules) };
