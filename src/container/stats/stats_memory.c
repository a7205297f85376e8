/* SPDX-License-Identifier: Apache-2.0 */
/* memory, pids and hugetlb of the statistics. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container/stats/stats_internal.h"

struct entry {
	uint64_t limit, usage, max, failcnt;
};

static void put_entry(struct stats *s, const char *key, const struct entry *e)
{
	jw_key(s->w, key);
	jw_object(s->w);
	stats_put(s, "limit", e->limit);
	stats_put(s, "usage", e->usage);
	stats_put(s, "max", e->max);
	stats_put(s, "failcnt", e->failcnt);
	jw_end(s->w);
}

static uint64_t number_of(struct stats *s, const char *controller, const char *prefix, const char *suffix)
{
	char file[96];
	uint64_t n;

	snprintf(file, sizeof(file), "%s%s", prefix, suffix);
	(void)stats_number(s, controller, file, &n);
	return n;
}

static void entry_v1(struct stats *s, const char *key, const char *prefix)
{
	const struct entry e = {
		.limit = number_of(s, "memory", prefix, ".limit_in_bytes"),
		.usage = number_of(s, "memory", prefix, ".usage_in_bytes"),
		.max = number_of(s, "memory", prefix, ".max_usage_in_bytes"),
		.failcnt = number_of(s, "memory", prefix, ".failcnt"),
	};

	put_entry(s, key, &e);
}

static void entries_v1(struct stats *s)
{
	entry_v1(s, "usage", "memory");
	entry_v1(s, "swap", "memory.memsw");
	entry_v1(s, "kernel", "memory.kmem");
	entry_v1(s, "kernelTCP", "memory.kmem.tcp");
}

/* swap is memory and swap together, as on v1; peaks of the two do not add up to one. */
static void entries_v2(struct stats *s)
{
	static const struct entry none;
	struct entry memory = { 0 }, swap = { 0 };

	(void)stats_number(s, "memory", "memory.max", &memory.limit);
	(void)stats_number(s, "memory", "memory.current", &memory.usage);
	(void)stats_number(s, "memory", "memory.peak", &memory.max);
	memory.failcnt = stats_field(s, "memory", "memory.events", "max");
	put_entry(s, "usage", &memory);
	if (stats_number(s, "memory", "memory.swap.max", &swap.limit)) {
		swap.limit = swap.limit > UINT64_MAX - memory.limit ? UINT64_MAX : swap.limit + memory.limit;
		(void)stats_number(s, "memory", "memory.swap.current", &swap.usage);
		swap.usage += memory.usage;
		swap.failcnt = stats_field(s, "memory", "memory.swap.events", "max");
	}
	put_entry(s, "swap", &swap);
	put_entry(s, "kernel", &none);
	put_entry(s, "kernelTCP", &none);
}

static void put_raw(struct stats *s, char *text)
{
	jw_key(s->w, "raw");
	jw_object(s->w);
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *blank = memchr(text, ' ', len);
		char *next = text + len + (text[len] == '\n');
		uint64_t value;

		if (blank && sscanf(blank + 1, "%" SCNu64, &value) == 1) {
			*blank = '\0';
			stats_put(s, text, value);
		}
		text = next;
	}
	jw_end(s->w);
}

void stats_memory(struct stats *s)
{
	bool v2 = stats_is_v2(s, "memory");
	uint64_t cache = 0;
	char *text;

	jw_key(s->w, "memory");
	jw_object(s->w);
	text = stats_file(s, "memory", "memory.stat");
	if (text && !stats_find(text, v2 ? "file" : "total_cache", &cache))
		(void)stats_find(text, "cache", &cache);
	stats_put(s, "cache", cache);
	if (v2)
		entries_v2(s);
	else
		entries_v1(s);
	text = stats_file(s, "memory", "memory.stat");
	if (text)
		put_raw(s, text);
	stats_psi(s, "memory.pressure");
	jw_end(s->w);
}

void stats_pids(struct stats *s)
{
	uint64_t current, limit;

	(void)stats_number(s, "pids", "pids.current", &current);
	(void)stats_number(s, "pids", "pids.max", &limit);
	jw_key(s->w, "pids");
	jw_object(s->w);
	stats_put(s, "current", current);
	/* 0 is how no limit is told */
	stats_put(s, "limit", limit == UINT64_MAX ? 0 : limit);
	jw_end(s->w);
}

/* Reservations count where the kernel has them: those are what a limit is set on. */
static void put_page_size(struct stats *s, const char *size)
{
	bool v2 = stats_is_v2(s, "hugetlb");
	char prefix[48], file[80];
	uint64_t usage;

	snprintf(prefix, sizeof(prefix), "hugetlb.%.16s.rsvd", size);
	snprintf(file, sizeof(file), "%s%s", prefix, v2 ? ".current" : ".usage_in_bytes");
	if (!stats_number(s, "hugetlb", file, &usage)) {
		snprintf(prefix, sizeof(prefix), "hugetlb.%.16s", size);
		snprintf(file, sizeof(file), "%s%s", prefix, v2 ? ".current" : ".usage_in_bytes");
		if (!stats_number(s, "hugetlb", file, &usage))
			return;
	}
	jw_key(s->w, size);
	jw_object(s->w);
	stats_put(s, "usage", usage);
	if (v2) {
		snprintf(file, sizeof(file), "hugetlb.%.16s.events", size);
		stats_put(s, "failcnt", stats_field(s, "hugetlb", file, "max"));
	} else {
		stats_put(s, "max", number_of(s, "hugetlb", prefix, ".max_usage_in_bytes"));
		stats_put(s, "failcnt", number_of(s, "hugetlb", prefix, ".failcnt"));
	}
	jw_end(s->w);
}

void stats_hugetlb(struct stats *s)
{
	jw_key(s->w, "hugetlb");
	jw_object(s->w);
	for (const char *const *p = s->source->page_sizes; p && *p; p++)
		put_page_size(s, *p);
	jw_end(s->w);
}

int stats_page_size(const char *name, char *ret, size_t len)
{
	static const char prefix[] = "hugepages-";
	static const char units[] = "KMGT";
	unsigned long long kb;
	size_t unit = 0;
	char *end;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return -EINVAL;
	kb = strtoull(name + sizeof(prefix) - 1, &end, 10);
	if (kb == 0 || strcmp(end, "kB") != 0)
		return -EINVAL;
	for (; kb % 1024 == 0 && units[unit + 1]; unit++)
		kb /= 1024;
	return snprintf(ret, len, "%llu%cB", kb, units[unit]) < (int)len ? 0 : -EINVAL;
}
