/* SPDX-License-Identifier: Apache-2.0 */
/* update: a document of limits, or single limits. What they mean is the library's matter. */
#include <stddef.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cli/command.h"
#include "cli/document.h"
#include "cli/fail.h"

static struct {
	const char *resources, *blkio_weight;
	const char *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_idle, *cpu_rt_period, *cpu_rt_runtime;
	const char *cpuset_cpus, *cpuset_mems;
	const char *memory, *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp;
	const char *pids_limit, *l3_cache_schema, *mem_bw_schema;
} given;

const struct opt cmd_update_options[] = {
	OPT_TEXT('r', "resources", "FILE", &given.resources, "read linux.resources as JSON; - is stdin"),
	OPT_TEXT(0, "blkio-weight", "N", &given.blkio_weight, "share of block I/O, 10 to 1000"),
	OPT_TEXT(0, "cpu-period", "US", &given.cpu_period, "period of the CPU quota"),
	OPT_TEXT(0, "cpu-quota", "US", &given.cpu_quota, "CPU time in a period; -1: no limit"),
	OPT_TEXT(0, "cpu-burst", "US", &given.cpu_burst, "CPU time that may be saved for later periods"),
	OPT_TEXT(0, "cpu-share", "N", &given.cpu_share, "share of CPU time, 2 to 262144"),
	OPT_TEXT(0, "cpu-idle", "N", &given.cpu_idle, "1: only what nobody else needs; 0: not so"),
	OPT_TEXT(0, "cpu-rt-period", "US", &given.cpu_rt_period, "period of realtime processes"),
	OPT_TEXT(0, "cpu-rt-runtime", "US", &given.cpu_rt_runtime, "CPU time of realtime processes in it"),
	OPT_TEXT(0, "cpuset-cpus", "LIST", &given.cpuset_cpus, "CPUs to run on, such as 0-2,7"),
	OPT_TEXT(0, "cpuset-mems", "LIST", &given.cpuset_mems, "memory nodes to use"),
	OPT_TEXT(0, "memory", "SIZE", &given.memory, "memory limit; -1: none"),
	OPT_TEXT(0, "memory-reservation", "SIZE", &given.memory_reservation, "memory that is spared when it is scarce"),
	OPT_TEXT(0, "memory-swap", "SIZE", &given.memory_swap, "limit of memory and swap together; -1: none"),
	OPT_TEXT(0, "pids-limit", "N", &given.pids_limit, "number of processes; -1: no limit"),
	OPT_TEXT(0, "l3-cache-schema", "LINE", &given.l3_cache_schema,
		 "cache of its class of service, such as L3:0=ff"),
	OPT_TEXT(0, "mem-bw-schema", "LINE", &given.mem_bw_schema, "memory bandwidth of its class, such as MB:0=50"),
	OPT_QUIET_TEXT("kernel-memory", "SIZE", &given.kernel_memory),
	OPT_QUIET_TEXT("kernel-memory-tcp", "SIZE", &given.kernel_memory_tcp),
	OPT_END,
};

enum update_kind { UPDATE_NUMBER, UPDATE_SIZE };

static const struct update_row {
	const char *name;
	const char *const *text;
	size_t offset; /* of a struct masu_limit in the options */
	enum update_kind kind;
} update_rows[] = {
#define ROW(n, from, to, k)                                                     \
	{                                                                       \
		(n), &given.from, offsetof(struct masu_update_options, to), (k) \
	}
	ROW("blkio-weight", blkio_weight, blkio_weight, UPDATE_NUMBER),
	ROW("cpu-period", cpu_period, cpu_period, UPDATE_NUMBER),
	ROW("cpu-quota", cpu_quota, cpu_quota, UPDATE_NUMBER),
	ROW("cpu-burst", cpu_burst, cpu_burst, UPDATE_NUMBER),
	ROW("cpu-share", cpu_share, cpu_shares, UPDATE_NUMBER),
	ROW("cpu-idle", cpu_idle, cpu_idle, UPDATE_NUMBER),
	ROW("cpu-rt-period", cpu_rt_period, cpu_rt_period, UPDATE_NUMBER),
	ROW("cpu-rt-runtime", cpu_rt_runtime, cpu_rt_runtime, UPDATE_NUMBER),
	ROW("memory", memory, memory, UPDATE_SIZE),
	ROW("memory-reservation", memory_reservation, memory_reservation, UPDATE_SIZE),
	ROW("memory-swap", memory_swap, memory_swap, UPDATE_SIZE),
	ROW("kernel-memory", kernel_memory, kernel_memory, UPDATE_SIZE),
	ROW("kernel-memory-tcp", kernel_memory_tcp, kernel_memory_tcp, UPDATE_SIZE),
	ROW("pids-limit", pids_limit, pids, UPDATE_NUMBER),
#undef ROW
};

/* An empty value is an option that is not given: Go programs pass one. */
static int update_limit(const struct update_row *row, struct masu_update_options *o, struct masu_error *err)
{
	struct masu_limit *limit = (void *)((char *)o + row->offset);
	const char *text = command_text(*row->text);
	int r;

	if (!text)
		return 0;
	limit->set = 1;
	if (row->kind == UPDATE_SIZE)
		r = parse_size(text, true, &limit->value);
	else
		r = parse_i64(text, INT64_MIN, INT64_MAX, &limit->value);
	if (r == 0)
		return 0;
	return fail_usage(err, "option `--%s`: `%s`: expected %s", row->name, text,
			  row->kind == UPDATE_SIZE ? "a size such as 512m, or -1" : "a number");
}

static int update_check(struct masu_error *err)
{
	bool single = command_text(given.cpuset_cpus) || command_text(given.cpuset_mems);
	bool class = command_text(given.l3_cache_schema) || command_text(given.mem_bw_schema);

	for (size_t i = 0; i < ARRAY_SIZE(update_rows); i++)
		single |= command_text(*update_rows[i].text) != NULL;
	if (command_text(given.resources) && single)
		return fail_usage(err, "update: `--resources` and single limits exclude each other");
	if (!command_text(given.resources) && !single && !class)
		return fail_usage(err, "update: expected a limit");
	return 0;
}

int cmd_update(struct program *p, char **args, int n_args, struct masu_error *err)
{
	AUTO(buf_done) struct buf document = { 0 };
	struct masu_update_options o = {
		.size = sizeof(o),
		.cpuset_cpus = command_text(given.cpuset_cpus),
		.cpuset_mems = command_text(given.cpuset_mems),
		.l3_cache_schema = command_text(given.l3_cache_schema),
		.mem_bw_schema = command_text(given.mem_bw_schema),
	};
	int r = update_check(err);

	(void)n_args;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(update_rows); i++)
		r = update_limit(&update_rows[i], &o, err);
	if (r == 0 && command_text(given.resources)) {
		r = document_read(given.resources, "resources document", &document, err);
		o.resources_json = document.data ? document.data : "";
		o.resources_json_len = document.len;
	}
	if (r == 0)
		r = program_runtime(p, err);
	return r < 0 ? r : masu_update(p->rt, args[0], &o, err);
}
