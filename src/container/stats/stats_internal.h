/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that write statistics. Nothing else includes it. */
#pragma once

#include <stdint.h>

#include "container/stats/stats.h"

#define STATS_ROOM (1u << 20) /* cpuacct.usage_all of 8192 CPUs fits */

struct stats {
	const struct stats_source *source;
	struct jw *w;
	char *room; /* STATS_ROOM bytes: the file that was read last */
};

/* The file's text, valid until the next read; NULL when there is none. */
char *stats_file(struct stats *s, const char *controller, const char *file);
bool stats_is_v2(const struct stats *s, const char *controller);
/* A file with one number, or "max" for UINT64_MAX. False and 0 when it cannot be had. */
bool stats_number(struct stats *s, const char *controller, const char *file, uint64_t *ret);
/* The number of the line "<key> N" in text; false and 0 when there is none. */
bool stats_find(const char *text, const char *key, uint64_t *ret);
/* stats_file and stats_find. */
uint64_t stats_field(struct stats *s, const char *controller, const char *file, const char *key);

void stats_put(struct stats *s, const char *key, uint64_t value);
/* "psi" with the pressure that cgroup2 keeps in file; nothing when it keeps none. */
void stats_psi(struct stats *s, const char *file);

/* The members of `data`, each with its key. */
void stats_cpu(struct stats *s);
void stats_cpuset(struct stats *s);
void stats_memory(struct stats *s);
void stats_pids(struct stats *s);
void stats_blkio(struct stats *s);
void stats_hugetlb(struct stats *s);
