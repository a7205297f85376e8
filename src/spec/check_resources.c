/* SPDX-License-Identifier: Apache-2.0 */
/* Rules between the properties of linux.resources that hold on every cgroup layout. */

#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "spec/check.h"

enum { CPUS_MAX = 8192, NODES_MAX = 1024 };

static int rule_devices(const struct spec_check *k)
{
	for (size_t i = 0; i < k->resources->devices_len; i++) {
		const char *access = k->resources->devices[i].access;

		if (access && (!*access || access[strspn(access, "rwm")]))
			return spec_check_fail(k, "must be made of `r`, `w` and `m`", "%s/devices/%zu/access", k->base,
					       i);
	}
	return 0;
}

static int fail_key(const struct spec_check *k, const char *map, const char *key, const char *text)
{
	char pointer[JP_MAX] = "";

	jp_add_key(pointer, map, strlen(map));
	jp_add_key(pointer, key, strlen(key));
	return spec_check_fail(k, text, "%s%s", k->base, pointer);
}

/* A key is a file of the container's own cgroup directory. */
static int rule_unified(const struct spec_check *k)
{
	for (size_t i = 0; i < k->resources->unified_len; i++) {
		const char *key = k->resources->unified[i].key;
		bool bad = !*key || *key == '.' || strchr(key, '/') || strstr(key, "..") || strlen(key) > 255;

		for (const char *c = key; *c && !bad; c++)
			bad = (unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f;
		if (bad)
			return fail_key(k, "unified", key, "not a name of a cgroup file");
	}
	return 0;
}

/* swap counts memory and swap together */
static int rule_memory(const struct spec_check *k)
{
	const struct spec_memory *m = k->resources->memory;

	if (m && m->limit.set && m->limit.value > 0 && m->swap.set && m->swap.value >= 0 &&
	    m->swap.value < m->limit.value)
		return spec_check_fail(k, "below the memory limit", "%s/memory/swap", k->base);
	return 0;
}

static int rule_cpu(const struct spec_check *k)
{
	const struct spec_cpu *c = k->resources->cpu;

	if (!c)
		return 0;
	if (c->burst.set && c->quota.set && c->quota.value > 0 && c->burst.value > (uint64_t)c->quota.value)
		return spec_check_fail(k, "above the quota", "%s/cpu/burst", k->base);
	if (c->cpus && parse_list(c->cpus, NULL, CPUS_MAX))
		return spec_check_fail(k, "not a list of CPUs", "%s/cpu/cpus", k->base);
	if (c->mems && parse_list(c->mems, NULL, NODES_MAX))
		return spec_check_fail(k, "not a list of memory nodes", "%s/cpu/mems", k->base);
	return 0;
}

static bool is_zero(const struct opt_u64 *v)
{
	return v->set && !v->value;
}

static int rule_block_io(const struct spec_check *k)
{
	static const char text[] = "must not be 0";
	const struct spec_block_io *b = k->resources->block_io;

	if (!b)
		return 0;
	/* weight and leafWeight 0 are what Docker writes for "not given": the planner leaves them out. */
	for (size_t i = 0; i < b->weight_device_len; i++) {
		const struct spec_weight_device *d = &b->weight_device[i];

		if (!d->weight.set && !d->leaf_weight.set)
			return spec_check_fail(k, "needs weight or leafWeight", "%s/blockIO/weightDevice/%zu", k->base,
					       i);
		if (is_zero(&d->weight))
			return spec_check_fail(k, text, "%s/blockIO/weightDevice/%zu/weight", k->base, i);
		if (is_zero(&d->leaf_weight))
			return spec_check_fail(k, text, "%s/blockIO/weightDevice/%zu/leafWeight", k->base, i);
	}
	return 0;
}

/* ^[1-9][0-9]*[KMG]B$, the kernel's spelling in file names */
static bool is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && *s != '0' && s[n] && strchr("KMG", s[n]) && !strcmp(s + n + 1, "B");
}

static int rule_hugepages(const struct spec_check *k)
{
	for (size_t i = 0; i < k->resources->hugepage_limits_len; i++)
		if (!is_page_size(k->resources->hugepage_limits[i].page_size))
			return spec_check_fail(k, "not a page size like `2MB`", "%s/hugepageLimits/%zu/pageSize",
					       k->base, i);
	return 0;
}

static int rule_network(const struct spec_check *k)
{
	const struct spec_cgroup_network *n = k->resources->network;

	for (size_t i = 0; n && i < n->priorities_len; i++)
		if (!spec_check_ifname(n->priorities[i].name))
			return spec_check_fail(k, "not a name of a network interface", "%s/network/priorities/%zu/name",
					       k->base, i);
	return 0;
}

static int rule_rdma(const struct spec_check *k)
{
	for (size_t i = 0; i < k->resources->rdma_len; i++) {
		const struct spec_rdma *d = &k->resources->rdma[i];

		if (!*d->key || strpbrk(d->key, " \t\n/"))
			return fail_key(k, "rdma", d->key, "not a name of a device");
		if (!d->hca_handles.set && !d->hca_objects.set)
			return fail_key(k, "rdma", d->key, "needs hcaHandles or hcaObjects");
	}
	return 0;
}

static const struct spec_rule rules[] = {
	{ "devices", rule_devices, "RDV-06" },
	{ "unified", rule_unified, "RES-09" },
	{ "memory", rule_memory, "MEM-11" },
	{ "cpu", rule_cpu, "CPU-09 CPU-19" },
	{ "block_io", rule_block_io, "BLK-04 BLK-09" },
	{ "hugepages", rule_hugepages, "HUG-02" },
	{ "network", rule_network, "HUG-11" },
	{ "rdma", rule_rdma, "HUG-22" },
};
const struct spec_rules spec_rules_resources = { rules, ARRAY_SIZE(rules) };
