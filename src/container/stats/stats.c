/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the statistics: reading a cgroup's files, and what several members share. */

#include "container/stats/stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "container/stats/stats_internal.h"

char *stats_file(struct stats *s, const char *controller, const char *file)
{
	ssize_t n = s->source->read(s->source->arg, controller, file, s->room, STATS_ROOM);

	/* Kernels differ in what they have, and a cgroup may go away between two files. */
	if (n < 0 && n != -ENOENT)
		log_debug("read `%s` for statistics: %s", file, strerror((int)-n));
	return n < 0 ? NULL : s->room;
}

bool stats_is_v2(const struct stats *s, const char *controller)
{
	return s->source->is_v2(s->source->arg, controller);
}

bool stats_number(struct stats *s, const char *controller, const char *file, uint64_t *ret)
{
	char *text = stats_file(s, controller, file);

	*ret = 0;
	if (!text)
		return false;
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, "max") == 0) {
		*ret = UINT64_MAX;
		return true;
	}
	return parse_u64(text, UINT64_MAX, ret) == 0;
}

bool stats_find(const char *text, const char *key, uint64_t *ret)
{
	size_t len = strlen(key);

	*ret = 0;
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		char *end;

		if (strncmp(p, key, len) != 0 || p[len] != ' ')
			continue;
		errno = 0;
		*ret = strtoull(p + len + 1, &end, 10);
		return errno == 0 && end != p + len + 1;
	}
	return false;
}

uint64_t stats_field(struct stats *s, const char *controller, const char *file, const char *key)
{
	const char *text = stats_file(s, controller, file);
	uint64_t n = 0;

	if (text)
		(void)stats_find(text, key, &n);
	return n;
}

void stats_put(struct stats *s, const char *key, uint64_t value)
{
	jw_key(s->w, key);
	jw_u64(s->w, value);
}

/* "12.34" behind "<key>=" in a line; 0 when it is not there. */
static uint64_t psi_hundredths(const char *line, const char *key)
{
	const char *p = strstr(line, key);
	unsigned whole = 0, part = 0;

	if (!p || sscanf(p + strlen(key), "%u.%2u", &whole, &part) < 1)
		return 0;
	return (uint64_t)whole * 100 + part;
}

static void put_average(struct stats *s, const char *line, const char *name)
{
	char key[16];

	snprintf(key, sizeof(key), "%s=", name);
	jw_key(s->w, name);
	jw_hundredths(s->w, psi_hundredths(line, key));
}

static void put_pressure(struct stats *s, const char *line, const char *name)
{
	const char *total = strstr(line, "total=");

	jw_key(s->w, name);
	jw_object(s->w);
	put_average(s, line, "avg10");
	put_average(s, line, "avg60");
	put_average(s, line, "avg300");
	stats_put(s, "total", total ? strtoull(total + 6, NULL, 10) : 0);
	jw_end(s->w);
}

/* Only the cgroup2 tree knows pressure; on a hybrid host it does so for every resource. */
void stats_psi(struct stats *s, const char *file)
{
	char *line = stats_file(s, "cgroup2", file);

	if (!line)
		return;
	jw_key(s->w, "psi");
	jw_object(s->w);
	while (*line) {
		char *next = line + strcspn(line, "\n");
		bool more = *next != '\0';

		*next = '\0';
		if (strncmp(line, "some ", 5) == 0)
			put_pressure(s, line, "some");
		else if (strncmp(line, "full ", 5) == 0)
			put_pressure(s, line, "full");
		line = next + more;
	}
	jw_end(s->w);
}

int stats_write(struct jw *w, const struct stats_source *source)
{
	autofree char *room = malloc(STATS_ROOM);
	struct stats s = { .source = source, .w = w, .room = room };

	if (!room)
		return -ENOMEM;
	jw_object(w);
	stats_cpu(&s);
	stats_cpuset(&s);
	stats_memory(&s);
	stats_pids(&s);
	stats_blkio(&s);
	stats_hugetlb(&s);
	jw_end(w);
	return 0;
}
