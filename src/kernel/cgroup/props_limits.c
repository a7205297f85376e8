/* SPDX-License-Identifier: Apache-2.0 */
/* Planned writes to the unit properties that say the same. systemd writes the files of its properties again whenever it likes
 * (daemon-reload, set-property, a sibling's start), so a limit it does not know of would be lost. Pure. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "kernel/cgroup/props.h"

#define PERIOD_DEFAULT 100000
#define LIST_BITS 8192
#define BITS (8 * sizeof(unsigned long))

struct limits {
	struct arena *arena;
	struct unit_props *out;
	const struct cgroup_writes *writes;
	bool bfq;
};

struct limit_rule;
/* 0 also when systemd has no such value. */
typedef int limit_fn(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w);

struct limit_rule {
	const char *file; /* of the planned write */
	bool v2;
	const char *name;
	limit_fn *fn;
	unsigned since;
};

static int add_number(struct limits *l, const struct limit_rule *rule, uint64_t value)
{
	return unit_props_add(
		l->out, l->arena,
		(struct unit_prop){ .name = rule->name, .type = "t", .number = (int64_t)value, .since = rule->since });
}

/* A number, or "max" or -1 for none. */
static bool number_parse(const char *s, uint64_t *ret)
{
	*ret = UNIT_INFINITY;
	if (strcmp(s, "max") == 0 || strcmp(s, "-1") == 0)
		return true;
	return parse_u64(s, INT64_MAX, ret) == 0;
}

static int number(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	uint64_t value;

	return number_parse(w->value, &value) ? add_number(l, rule, value) : 0;
}

/* 0 is no value for systemd; 1 is the next. The file gets the 0 in any case. */
static int tasks(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	uint64_t value;

	if (!number_parse(w->value, &value))
		return 0;
	return add_number(l, rule, value ? value : 1);
}

/* ---- cpu ---- */

static const struct cgroup_write *find(const struct limits *l, const char *file)
{
	const struct cgroup_write *w = NULL;

	for (size_t i = 0; i < l->writes->len; i++)
		if (strcmp(l->writes->v[i].file, file) == 0)
			w = &l->writes->v[i];
	return w;
}

/* Weight 0 is systemd's word for idle, and there is only one of the two. */
static int weight(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	const struct cgroup_write *idle = find(l, "cpu.idle");
	uint64_t value;

	if ((idle && strcmp(idle->value, "1") == 0) || parse_u64(w->value, 10000, &value) < 0 || value == 0)
		return 0;
	return add_number(l, rule, value);
}

static int idle(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	struct limit_rule reset = { .name = rule->name };

	if (strcmp(w->value, "1") == 0)
		return add_number(l, rule, 0);
	return strcmp(w->value, "0") == 0 && !find(l, "cpu.weight") ? add_number(l, &reset, UNIT_INFINITY) : 0;
}

/* Unit files say it in whole percents of a CPU and a reload reads them: the next higher percent, so that it never gets less. */
static uint64_t per_second(uint64_t quota, uint64_t period)
{
	__extension__ typedef unsigned __int128 u128;
	u128 percent = ((u128)quota * 100 + period - 1) / period;

	return percent > UINT64_MAX / 20000 ? UNIT_INFINITY : (uint64_t)percent * 10000;
}

static int add_bandwidth(struct limits *l, const char *quota, const char *period)
{
	static const struct limit_rule per = { .name = "CPUQuotaPerSecUSec" },
				       length = { .name = "CPUQuotaPeriodUSec" };
	uint64_t q = UNIT_INFINITY, p = PERIOD_DEFAULT;
	int r = 0;

	if ((period && (parse_u64(period, 1000000, &p) < 0 || p == 0)) || (quota && !number_parse(quota, &q)))
		return 0;
	if (period)
		r = add_number(l, &length, p);
	if (r == 0 && quota)
		r = add_number(l, &per, q == UNIT_INFINITY ? q : per_second(q, p));
	return r;
}

/* "50000 100000", "max 100000", "50000"; with KEEP_FIRST the period alone. */
static int cpu_max(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	char quota[32] = "", period[32] = "", more[2];
	int n = sscanf(w->value, "%31s %31s %1s", quota, period, more);

	(void)rule;
	if (w->flags & CGROUP_WRITE_KEEP_FIRST)
		return add_bandwidth(l, NULL, w->value);
	return n == 1 || n == 2 ? add_bandwidth(l, quota, n == 2 ? period : NULL) : 0;
}

/* v1 has two files; the quota's row, or the period's when it is alone, speaks for both. */
static int cfs(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	const struct cgroup_write *quota = find(l, "cpu.cfs_quota_us"), *period = find(l, "cpu.cfs_period_us");

	(void)rule;
	if (quota && w != quota)
		return 0;
	return add_bandwidth(l, quota ? quota->value : NULL, period ? period->value : NULL);
}

/* CPUs and nodes: one bit each, lowest first. */
static int bits(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	unsigned long mask[LIST_BITS / BITS] = { 0 };
	struct unit_prop p = { .name = rule->name, .type = "ay", .since = rule->since };
	uint8_t *bytes = arena_alloc(l->arena, 1, LIST_BITS / 8);

	if (!bytes)
		return -ENOMEM;
	if (parse_list(w->value, mask, LIST_BITS) < 0)
		return 0;
	for (size_t i = 0; i < LIST_BITS; i++)
		if (mask[i / BITS] >> (i % BITS) & 1) {
			bytes[i / 8] |= (uint8_t)(1 << i % 8);
			p.bytes_len = i / 8 + 1;
		}
	p.bytes = bytes;
	return unit_props_add(l->out, l->arena, p);
}

/* ---- block devices ---- */

/* "8:0 REST": the device as systemd wants it, and the rest. */
static bool device_parse(struct limits *l, const char *value, const char **ret_path, const char **ret_rest)
{
	uint32_t major, minor;
	int n = 0;

	if (sscanf(value, "%" SCNu32 ":%" SCNu32 " %n", &major, &minor, &n) != 2 || n == 0)
		return false;
	*ret_path = arena_printf(l->arena, "/dev/block/%" PRIu32 ":%" PRIu32, major, minor);
	*ret_rest = value + n;
	return true;
}

static int add_device(struct limits *l, const char *name, const char *path, uint64_t value)
{
	struct unit_item *item = arena_new(l->arena, struct unit_item, 1);

	if (!item || !path)
		return -ENOMEM;
	*item = (struct unit_item){ .text = path, .number = value };
	return unit_props_add(l->out, l->arena,
			      (struct unit_prop){ .name = name, .type = "a(st)", .items = item, .items_len = 1 });
}

/* "8:0 1048576" of cgroup v1, where 0 is no limit. */
static int per_device(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	const char *path, *rest;
	uint64_t value;

	if (!device_parse(l, w->value, &path, &rest) || parse_u64(rest, INT64_MAX, &value) < 0)
		return 0;
	return add_device(l, rule->name, path, value ? value : UNIT_INFINITY);
}

/* "8:0 rbps=1048576 wiops=max" */
static int io_max(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	static const char *const names[][2] = {
		{ "rbps", "IOReadBandwidthMax" },
		{ "wbps", "IOWriteBandwidthMax" },
		{ "riops", "IOReadIOPSMax" },
		{ "wiops", "IOWriteIOPSMax" },
	};
	const char *path, *rest;
	int r = 0;

	(void)rule;
	if (!device_parse(l, w->value, &path, &rest))
		return 0;
	for (size_t n; r == 0 && *rest; rest += n, rest += strspn(rest, " ")) {
		char word[64], *eq;
		uint64_t value;

		n = strcspn(rest, " ");
		snprintf(word, sizeof(word), "%.*s", (int)(n < sizeof(word) ? n : 0), rest);
		eq = strchr(word, '=');
		if (!eq || !number_parse(eq + 1, &value))
			continue;
		*eq = 0;
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++)
			if (strcmp(word, names[i][0]) == 0)
				r = add_device(l, names[i][1], path, value);
	}
	return r;
}

/* systemd derives BFQ's weight from its own: up to 100 they are alike, above that one step there is eleven here. */
static uint64_t from_bfq(uint64_t w)
{
	return w <= 100 ? w : 100 + (w - 100) * 11;
}

/* "100", "default 100", "8:0 100", for io.weight or, with io.weight as the alternative, io.bfq.weight. */
static int io_weight(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	bool is_bfq = strcmp(w->file, "io.bfq.weight") == 0, use_alt = is_bfq && !l->bfq && w->alt_value;
	const char *value = use_alt ? w->alt_value : w->value, *path = NULL, *rest = value;
	uint64_t n;

	if (!device_parse(l, value, &path, &rest) && strncmp(value, "default ", 8) == 0)
		rest = value + 8;
	if (strcmp(rest, "default") == 0)
		n = 100;
	else if (parse_u64(rest, 10000, &n) < 0 || n == 0)
		return 0;
	if (is_bfq && !use_alt)
		n = from_bfq(n);
	return path ? add_device(l, "IODeviceWeight", path, n) : add_number(l, rule, n);
}

/* "8:0 target=5000" */
static int io_latency(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	const char *path, *rest;
	uint64_t value;

	if (!device_parse(l, w->value, &path, &rest) || strncmp(rest, "target=", 7) != 0 ||
	    parse_u64(rest + 7, INT64_MAX, &value) < 0)
		return 0;
	return add_device(l, rule->name, path, value);
}

static int oom_group(struct limits *l, const struct limit_rule *rule, const struct cgroup_write *w)
{
	struct unit_prop p = { .name = rule->name, .type = "s", .since = rule->since, .only_new = true };

	p.text = strcmp(w->value, "1") == 0 ? "kill" : "continue";
	return unit_props_add(l->out, l->arena, p);
}

static const struct limit_rule rules[] = {
	{ "memory.max", true, "MemoryMax", number, 0 },
	{ "memory.low", true, "MemoryLow", number, 0 },
	{ "memory.min", true, "MemoryMin", number, 0 },
	{ "memory.high", true, "MemoryHigh", number, 0 },
	{ "memory.swap.max", true, "MemorySwapMax", number, 0 },
	{ "memory.zswap.max", true, "MemoryZSwapMax", number, 253 },
	{ "memory.oom.group", true, "OOMPolicy", oom_group, 253 },
	{ "pids.max", true, "TasksMax", tasks, 0 },
	{ "cpu.weight", true, "CPUWeight", weight, 0 },
	{ "cpu.idle", true, "CPUWeight", idle, 252 },
	{ "cpu.max", true, NULL, cpu_max, 0 },
	{ "cpuset.cpus", true, "AllowedCPUs", bits, 0 },
	{ "cpuset.mems", true, "AllowedMemoryNodes", bits, 0 },
	{ "io.weight", true, "IOWeight", io_weight, 0 },
	{ "io.bfq.weight", true, "IOWeight", io_weight, 0 },
	{ "io.max", true, NULL, io_max, 0 },
	{ "io.latency", true, "IODeviceLatencyTargetUSec", io_latency, 0 },
	{ "memory.limit_in_bytes", false, "MemoryLimit", number, 0 },
	{ "pids.max", false, "TasksMax", tasks, 0 },
	{ "cpu.shares", false, "CPUShares", number, 0 },
	{ "cpu.cfs_quota_us", false, NULL, cfs, 0 },
	{ "cpu.cfs_period_us", false, NULL, cfs, 0 },
	{ "blkio.weight", false, "BlockIOWeight", number, 0 },
	{ "blkio.weight_device", false, "BlockIODeviceWeight", per_device, 0 },
	{ "blkio.throttle.read_bps_device", false, "BlockIOReadBandwidth", per_device, 0 },
	{ "blkio.throttle.write_bps_device", false, "BlockIOWriteBandwidth", per_device, 0 },
};

int unit_props_limits(const struct cgroup_facts *facts, const struct cgroup_writes *w, bool bfq, struct arena *a,
		      struct unit_props *ret, struct err *err)
{
	struct limits l = { .arena = a, .out = ret, .writes = w, .bfq = bfq };
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->len; i++) {
		bool v2 = facts->hierarchies[w->v[i].hierarchy].v2;

		for (size_t k = 0; r == 0 && k < ARRAY_SIZE(rules); k++)
			if (rules[k].v2 == v2 && strcmp(rules[k].file, w->v[i].file) == 0)
				r = rules[k].fn(&l, &rules[k], &w->v[i]);
	}
	return r < 0 ? err_code(err, r, "plan unit properties") : 0;
}
