/* SPDX-License-Identifier: Apache-2.0 */
/* cpu and cpuset of the statistics. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "container/stats/stats_internal.h"

#define NS_PER_S UINT64_C(1000000000)
#define LIST_BITS 8192
#define WORD_BITS (8 * sizeof(unsigned long))

static void usage_v2(struct stats *s)
{
	const char *text = stats_file(s, "cgroup2", "cpu.stat");
	uint64_t total = 0, kernel = 0, user = 0;

	if (text) {
		(void)stats_find(text, "usage_usec", &total);
		(void)stats_find(text, "system_usec", &kernel);
		(void)stats_find(text, "user_usec", &user);
	}
	stats_put(s, "total", total * 1000);
	stats_put(s, "kernel", kernel * 1000);
	stats_put(s, "user", user * 1000);
}

/* A line of numbers. */
static void usage_per_cpu(struct stats *s)
{
	const char *p = stats_file(s, "cpuacct", "cpuacct.usage_percpu");

	if (!p)
		return;
	jw_key(s->w, "percpu");
	jw_array(s->w);
	for (;;) {
		char *end;
		uint64_t n = strtoull(p, &end, 10);

		if (end == p)
			break;
		jw_u64(s->w, n);
		p = end;
	}
	jw_end(s->w);
}

/* A heading, then a line "<cpu> <user> <system>" per CPU; column 1 is user, 2 is system. */
static void usage_column(struct stats *s, const char *text, const char *key, int column)
{
	jw_key(s->w, key);
	jw_array(s->w);
	for (const char *p = text + strcspn(text, "\n"); *p == '\n' && p[1]; p += strcspn(p, "\n")) {
		uint64_t v[3];
		char *end = (char *)p + 1;

		for (size_t i = 0; i < ARRAY_SIZE(v); i++)
			v[i] = strtoull(end, &end, 10);
		jw_u64(s->w, v[column]);
		p = end;
	}
	jw_end(s->w);
}

static void usage_v1(struct stats *s)
{
	uint64_t tick = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	const char *text;
	uint64_t total;

	(void)stats_number(s, "cpuacct", "cpuacct.usage", &total);
	stats_put(s, "total", total);
	usage_per_cpu(s);
	text = stats_file(s, "cpuacct", "cpuacct.usage_all");
	if (text) {
		usage_column(s, text, "percpu_kernel", 2);
		usage_column(s, text, "percpu_user", 1);
	}
	stats_put(s, "kernel", stats_field(s, "cpuacct", "cpuacct.stat", "system") * tick);
	stats_put(s, "user", stats_field(s, "cpuacct", "cpuacct.stat", "user") * tick);
}

void stats_cpu(struct stats *s)
{
	bool v2 = stats_is_v2(s, "cpu");
	const char *text;
	uint64_t periods = 0, throttled = 0, time = 0;

	jw_key(s->w, "cpu");
	jw_object(s->w);
	jw_key(s->w, "usage");
	jw_object(s->w);
	if (stats_is_v2(s, "cpuacct"))
		usage_v2(s);
	else
		usage_v1(s);
	jw_end(s->w);
	jw_key(s->w, "throttling");
	jw_object(s->w);
	text = stats_file(s, "cpu", "cpu.stat");
	if (text) {
		(void)stats_find(text, "nr_periods", &periods);
		(void)stats_find(text, "nr_throttled", &throttled);
		(void)stats_find(text, v2 ? "throttled_usec" : "throttled_time", &time);
	}
	stats_put(s, "periods", periods);
	stats_put(s, "throttledPeriods", throttled);
	stats_put(s, "throttledTime", v2 ? time * 1000 : time);
	jw_end(s->w);
	stats_psi(s, "cpu.pressure");
	jw_end(s->w);
}

/* "0-3,7" as numbers. noprefix: the name of the file in a v1 hierarchy that is mounted so. */
static void put_list(struct stats *s, const char *key, const char *file, const char *noprefix)
{
	unsigned long mask[LIST_BITS / WORD_BITS] = { 0 };
	char *text = stats_file(s, "cpuset", file);

	if (!text)
		text = stats_file(s, "cpuset", noprefix);
	if (!text)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (parse_list(text, mask, LIST_BITS) < 0)
		return;
	jw_key(s->w, key);
	jw_array(s->w);
	for (size_t i = 0; i < LIST_BITS; i++)
		if (mask[i / WORD_BITS] >> i % WORD_BITS & 1)
			jw_u64(s->w, i);
	jw_end(s->w);
}

static int64_t cpuset_setting(struct stats *s, const char *name)
{
	char file[64];
	char *text;
	int64_t n = 0;

	snprintf(file, sizeof(file), "cpuset.%s", name);
	text = stats_file(s, "cpuset", file);
	if (!text)
		text = stats_file(s, "cpuset", name);
	if (!text)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return parse_i64(text, INT64_MIN, INT64_MAX, &n) < 0 ? 0 : n;
}

void stats_cpuset(struct stats *s)
{
	static const char *const settings[] = {
		"cpu_exclusive",   "mem_hardwall",       "mem_exclusive",
		"memory_migrate",  "memory_spread_page", "memory_spread_slab",
		"memory_pressure", "sched_load_balance", "sched_relax_domain_level",
	};
	bool v2 = stats_is_v2(s, "cpuset");

	jw_key(s->w, "cpuset");
	jw_object(s->w);
	/* An empty list of v2 stands for that of the parent. */
	put_list(s, "cpus", v2 ? "cpuset.cpus.effective" : "cpuset.cpus", "cpus");
	put_list(s, "mems", v2 ? "cpuset.mems.effective" : "cpuset.mems", "mems");
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		jw_key(s->w, settings[i]);
		jw_i64(s->w, v2 ? 0 : cpuset_setting(s, settings[i]));
	}
	jw_end(s->w);
}
