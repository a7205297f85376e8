/* SPDX-License-Identifier: Apache-2.0 */
/* blkio of the statistics. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/stats/stats_internal.h"

static void put_operation(struct stats *s, unsigned major, unsigned minor, const char *op, uint64_t value)
{
	jw_object(s->w);
	stats_put(s, "major", major);
	stats_put(s, "minor", minor);
	if (op) {
		jw_key(s->w, "op");
		jw_str(s->w, op);
	}
	stats_put(s, "value", value);
	jw_end(s->w);
}

/* "8:0 Read 4096", or "8:0 4096" in files that do not tell operations apart. A sum over all devices ("Total 4096") is no
 * entry. */
static void put_line_v1(struct stats *s, const char *line)
{
	unsigned major, minor;
	uint64_t value;
	char op[24];

	if (sscanf(line, "%u:%u %" SCNu64, &major, &minor, &value) == 3)
		put_operation(s, major, minor, NULL, value);
	else if (sscanf(line, "%u:%u %23[A-Za-z] %" SCNu64, &major, &minor, op, &value) == 4)
		put_operation(s, major, minor, op, value);
}

/* The schedulers of the kernel have files of their own; without one of them only the throttle policy counts. */
static const struct list_v1 {
	const char *key;
	const char *files[3];
} lists_v1[] = {
	{ "ioServiceBytesRecursive",
	  { "blkio.bfq.io_service_bytes_recursive", "blkio.io_service_bytes_recursive",
	    "blkio.throttle.io_service_bytes_recursive" } },
	{ "ioServicedRecursive",
	  { "blkio.bfq.io_serviced_recursive", "blkio.io_serviced_recursive",
	    "blkio.throttle.io_serviced_recursive" } },
	{ "ioQueueRecursive", { "blkio.bfq.io_queued_recursive", "blkio.io_queued_recursive", NULL } },
	{ "ioServiceTimeRecursive",
	  { "blkio.bfq.io_service_time_recursive", "blkio.io_service_time_recursive", NULL } },
	{ "ioWaitTimeRecursive", { "blkio.bfq.io_wait_time_recursive", "blkio.io_wait_time_recursive", NULL } },
	{ "ioMergedRecursive", { "blkio.bfq.io_merged_recursive", "blkio.io_merged_recursive", NULL } },
	{ "ioTimeRecursive", { "blkio.bfq.time_recursive", "blkio.time_recursive", NULL } },
	{ "sectorsRecursive", { "blkio.bfq.sectors_recursive", "blkio.sectors_recursive", NULL } },
};

static void put_list_v1(struct stats *s, const struct list_v1 *list)
{
	const char *text = NULL;

	/* A device has a ':' in its name; a file that knows none is as good as absent. */
	for (size_t i = 0; i < ARRAY_SIZE(list->files) && list->files[i] && !(text && strchr(text, ':')); i++)
		text = stats_file(s, "blkio", list->files[i]);
	if (!text || !strchr(text, ':'))
		return;
	jw_key(s->w, list->key);
	jw_array(s->w);
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		put_line_v1(s, p);
	jw_end(s->w);
}

struct operation_v2 {
	const char *field; /* of io.stat, with its '=' */
	const char *op;
};
static const struct operation_v2 bytes_v2[] = { { " rbytes=", "Read" },
						{ " wbytes=", "Write" },
						{ " dbytes=", "Discard" } };
static const struct operation_v2 counts_v2[] = { { " rios=", "Read" }, { " wios=", "Write" }, { " dios=", "Discard" } };

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 ..." */
static void put_line_v2(struct stats *s, const char *line, const struct operation_v2 *ops, size_t n)
{
	const char *end = line + strcspn(line, "\n");
	unsigned major, minor;

	if (sscanf(line, "%u:%u", &major, &minor) != 2)
		return;
	for (size_t i = 0; i < n; i++) {
		const char *at = strstr(line, ops[i].field);
		uint64_t value;

		if (at && at < end && sscanf(at + strlen(ops[i].field), "%" SCNu64, &value) == 1)
			put_operation(s, major, minor, ops[i].op, value);
	}
}

static void put_list_v2(struct stats *s, const char *key, const struct operation_v2 *ops, size_t n)
{
	const char *text = stats_file(s, "io", "io.stat");

	if (!text || !*text)
		return;
	jw_key(s->w, key);
	jw_array(s->w);
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		put_line_v2(s, p, ops, n);
	jw_end(s->w);
}

void stats_blkio(struct stats *s)
{
	jw_key(s->w, "blkio");
	jw_object(s->w);
	if (stats_is_v2(s, "blkio")) {
		put_list_v2(s, "ioServiceBytesRecursive", bytes_v2, ARRAY_SIZE(bytes_v2));
		put_list_v2(s, "ioServicedRecursive", counts_v2, ARRAY_SIZE(counts_v2));
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(lists_v1); i++)
			put_list_v1(s, &lists_v1[i]);
	}
	stats_psi(s, "io.pressure");
	jw_end(s->w);
}
