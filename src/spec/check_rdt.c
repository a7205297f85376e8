/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about linux.intelRdt and linux.memoryPolicy. */

#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "spec/check.h"

enum { DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL, PREFERRED_MANY, WEIGHTED_INTERLEAVE };
enum { NUMA_BALANCING = 1 << 13, RELATIVE_NODES = 1 << 14, STATIC_NODES = 1 << 15 };
enum { NODES_MAX = 1024 };

/* The id becomes a directory name below resctrl, beside the kernel's own. "/" is the default class. */
static bool is_clos_name(const char *s)
{
	static const char *const taken[] = { ".", "..", "info", "mon_groups", "mon_data" };

	if (!strcmp(s, "/"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (!strcmp(s, taken[i]))
			return false;
	return *s && !strpbrk(s, "/\n") && strlen(s) <= NAME_MAX;
}

static int rule_clos(const struct spec_check *k)
{
	const struct spec_intel_rdt *r = k->lnx->intel_rdt;

	if (r && r->clos_id && !is_clos_name(r->clos_id))
		return spec_check_fail(k, "not a name of a resctrl group", "/linux/intelRdt/closID");
	return 0;
}

/* Each is one line of the schemata file. */
static int rule_schemata(const struct spec_check *k)
{
	static const char text[] = "must not have a line break";
	const struct spec_intel_rdt *r = k->lnx->intel_rdt;

	if (!r)
		return 0;
	if (r->l3_cache_schema && strchr(r->l3_cache_schema, '\n'))
		return spec_check_fail(k, text, "/linux/intelRdt/l3CacheSchema");
	if (r->l3_cache_schema && strncmp(r->l3_cache_schema, "L3:", 3))
		spec_check_warn(k, "should start with `L3:`", "/linux/intelRdt/l3CacheSchema");
	if (r->mem_bw_schema && strchr(r->mem_bw_schema, '\n'))
		return spec_check_fail(k, text, "/linux/intelRdt/memBwSchema");
	if (r->mem_bw_schema && strncmp(r->mem_bw_schema, "MB:", 3))
		return spec_check_fail(k, "must start with `MB:`", "/linux/intelRdt/memBwSchema");
	for (size_t i = 0; i < r->schemata_len; i++)
		if (strchr(r->schemata[i], '\n'))
			return spec_check_fail(k, text, "/linux/intelRdt/schemata/%zu", i);
	return 0;
}

/* The kernel takes 0 of 1024 nodes as an empty set. */
static int count_nodes(const char *s, size_t *ret)
{
	unsigned long mask[NODES_MAX / (CHAR_BIT * sizeof(unsigned long))] = { 0 };
	int r = s ? parse_list(s, mask, NODES_MAX) : 0;

	*ret = 0;
	for (size_t i = 0; i < ARRAY_SIZE(mask); i++)
		*ret += (size_t)__builtin_popcountl(mask[i]);
	return r;
}

static int rule_policy_nodes(const struct spec_check *k)
{
	static const char at[] = "/linux/memoryPolicy/nodes";
	const struct spec_memory_policy *p = k->lnx->memory_policy;
	size_t n;

	if (!p)
		return 0;
	if (count_nodes(p->nodes, &n))
		return spec_check_fail(k, "not a list of memory nodes", "%s", at);
	if ((p->mode.value == DEFAULT || p->mode.value == LOCAL) && n)
		return spec_check_fail(k, "this mode takes no nodes", "%s", at);
	if (p->mode.value != DEFAULT && p->mode.value != LOCAL && p->mode.value != PREFERRED && !n)
		return spec_check_fail(k, "this mode needs at least one node", "%s", at);
	return 0;
}

static int rule_policy_flags(const struct spec_check *k)
{
	static const char at[] = "/linux/memoryPolicy/flags";
	const struct spec_memory_policy *p = k->lnx->memory_policy;
	int64_t flags = 0, placed = STATIC_NODES | RELATIVE_NODES;
	size_t n;

	for (size_t i = 0; p && i < p->flags_len; i++)
		flags |= p->flags[i];
	if (!flags)
		return 0;
	if ((flags & placed) == placed)
		return spec_check_fail(k, "static and relative nodes exclude each other", "%s", at);
	if (flags & NUMA_BALANCING && p->mode.value != BIND && p->mode.value != PREFERRED_MANY)
		return spec_check_fail(k, "this mode does not balance", "%s", at);
	count_nodes(p->nodes, &n);
	if (flags & placed && (p->mode.value == LOCAL || (p->mode.value == PREFERRED && !n)))
		return spec_check_fail(k, "there are no nodes that it could speak of", "%s", at);
	return 0;
}

static const struct spec_rule rules[] = {
	{ "clos", rule_clos, "RDT-06" },
	{ "schemata", rule_schemata, "RDT-08 RDT-09 RDT-10 RDT-11 RDT-12" },
	{ "policy_nodes", rule_policy_nodes, "MPO-06 MPO-07 MPO-10" },
	{ "policy_flags", rule_policy_flags, "MPO-12" },
};
const struct spec_rules spec_rules_rdt = { rules, ARRAY_SIZE(rules) };
