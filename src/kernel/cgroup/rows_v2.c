/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources on cgroup v2. Rows stand at the same index as in rows_v1.c; a row without file and format has no v2
 * counterpart and is an error unless it asks for what v2 does anyway. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "kernel/cgroup/convert.h"
#include "kernel/cgroup/rows.h"

#define ROWS_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MEM(m) offsetof(struct spec_memory, m)
#define CPU(m) offsetof(struct spec_cpu, m)
#define IO(m) offsetof(struct spec_block_io, m)

static int memory_limit(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
			struct cgroup_write *w)
{
	const struct spec_memory *m = section;

	/* v1 refuses a limit below the usage by itself; v2 would call the OOM killer. */
	if (m->check_before_update.set && m->check_before_update.value && v->i >= 0)
		w->flags |= CGROUP_WRITE_NOT_BELOW;
	return row_max_if_negative(p, row, v, section, w);
}

static int memory_swap(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
		       struct cgroup_write *w)
{
	const struct spec_memory *m = section;
	int64_t swap;
	int r = convert_swap(v->i, m->limit.set, m->limit.value, &swap);

	(void)row;
	if (r == -ERANGE)
		return planner_invalid(p, w->pointer,
				       "set `swap`: memory and swap together (%" PRId64
				       ") are less than the memory limit %" PRId64,
				       v->i, m->limit.value);
	if (r < 0)
		return planner_invalid(
			p, w->pointer,
			"set `swap`: cgroup v2 limits swap alone, which cannot be worked out without a memory limit");
	w->value = swap < 0 ? "max" : arena_printf(p->arena, "%" PRId64, swap);
	if (swap < 0) /* without swap accounting there is no limit either */
		w->flags |= CGROUP_WRITE_OPTIONAL;
	return 0;
}

static int cpu_weight(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
		      struct cgroup_write *w)
{
	(void)row;
	(void)section;
	if (v->u == 0)
		return 1;
	w->value = arena_printf(p->arena, "%" PRIu64, convert_shares_to_weight(v->u));
	return 0;
}

/* cpu.max is "quota period": one write when both are given. */
static int cpu_period(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
		      struct cgroup_write *w)
{
	const struct spec_cpu *cpu = section;

	(void)row;
	if (!cpu->quota.set) {
		w->flags |= CGROUP_WRITE_KEEP_FIRST;
		w->value = arena_printf(p->arena, "%" PRIu64, v->u);
	} else if (cpu->quota.value < 0) {
		w->value = arena_printf(p->arena, "max %" PRIu64, v->u);
	} else {
		w->value = arena_printf(p->arena, "%" PRId64 " %" PRIu64, cpu->quota.value, v->u);
	}
	return 0;
}

/* A quota alone leaves the period as it is, 100000 in a new cgroup. */
static int cpu_quota(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
		     struct cgroup_write *w)
{
	const struct spec_cpu *cpu = section;

	if (cpu->period.set)
		return 1;
	return row_max_if_negative(p, row, v, section, w);
}

static int io_weight(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
		     struct cgroup_write *w)
{
	uint64_t linear;

	(void)section;
	if (v->i == 0 && !v->huge) /* what Docker writes for "not given" */
		return 1;
	w->value = arena_printf(p->arena, "%" PRIu64, v->u);
	if (convert_blkio_weight(v->u, &linear) == 0) {
		w->alt_value = arena_printf(p->arena, "%" PRIu64, linear);
	} else { /* BFQ takes 1..9, io.weight has nothing for them */
		w->flags |= CGROUP_WRITE_OR_FAIL;
		w->alt_file = arena_printf(p->arena, "%s %" PRIu64 " is outside 10..1000, and there is no `%s`",
					   row->key, v->u, row->file);
	}
	return 0;
}

static const struct row memory_rows[] = {
	{ .key = "limit", .offset = MEM(limit), .kind = ROW_I64, .file = "memory.max", .format = memory_limit },
	{ .key = "swap", .offset = MEM(swap), .kind = ROW_I64, .file = "memory.swap.max", .format = memory_swap },
	{ .key = "reservation",
	  .offset = MEM(reservation),
	  .kind = ROW_I64,
	  .file = "memory.low",
	  .format = row_max_if_negative },
	{ .key = "kernel", .offset = MEM(kernel), .kind = ROW_I64, .has_noop = true, .noop = -1 },
	{ .key = "kernelTCP", .offset = MEM(kernel_tcp), .kind = ROW_I64, .has_noop = true, .noop = -1 },
	{ .key = "swappiness", .offset = MEM(swappiness), .kind = ROW_U64 },
	{ .key = "disableOOMKiller", .offset = MEM(disable_oom_killer), .kind = ROW_BOOL, .has_noop = true, .noop = 0 },
	{ .key = "useHierarchy", .offset = MEM(use_hierarchy), .kind = ROW_BOOL, .has_noop = true, .noop = 1 },
};

static const struct row cpu_rows[] = {
	{ .key = "shares",
	  .offset = CPU(shares),
	  .kind = ROW_U64,
	  .file = "cpu.weight",
	  .format = cpu_weight,
	  .group = 2 },
	{ .key = "idle",
	  .offset = CPU(idle),
	  .kind = ROW_I64,
	  .file = "cpu.idle",
	  .format = row_zero_optional,
	  .group = 2 },
	{ .key = "period",
	  .offset = CPU(period),
	  .kind = ROW_U64,
	  .file = "cpu.max",
	  .format = cpu_period,
	  .group = 3 },
	{ .key = "quota", .offset = CPU(quota), .kind = ROW_I64, .file = "cpu.max", .format = cpu_quota, .group = 3 },
	{ .key = "burst",
	  .offset = CPU(burst),
	  .kind = ROW_U64,
	  .file = "cpu.max.burst",
	  .format = row_burst,
	  .group = 3 },
	{ .key = "realtimePeriod", .offset = CPU(realtime_period), .kind = ROW_U64 },
	{ .key = "realtimeRuntime", .offset = CPU(realtime_runtime), .kind = ROW_I64 },
};

static const struct row cpuset_rows[] = {
	{ .key = "cpus", .offset = CPU(cpus), .kind = ROW_STR, .file = "cpuset.cpus", .flags = CGROUP_WRITE_EFFECTIVE },
	{ .key = "mems", .offset = CPU(mems), .kind = ROW_STR, .file = "cpuset.mems", .flags = CGROUP_WRITE_EFFECTIVE },
};

static const struct row pids_rows[] = {
	{ .key = "limit",
	  .offset = offsetof(struct spec_pids, limit),
	  .kind = ROW_I64,
	  .file = "pids.max",
	  .format = row_max_if_negative },
};

static const struct row block_io_rows[] = {
	{ .key = "weight",
	  .offset = IO(weight),
	  .kind = ROW_U64,
	  .file = "io.bfq.weight",
	  .alt_file = "io.weight",
	  .format = io_weight },
	{ .key = "leafWeight", .offset = IO(leaf_weight), .kind = ROW_U64, .has_noop = true },
};

static const struct row network_rows[] = {
	{ .key = "classID", .offset = offsetof(struct spec_cgroup_network, class_id), .kind = ROW_U64 },
};

static int throttle(struct planner *p, const char *key, const char *word, const struct spec_throttle_device *v,
		    size_t n)
{
	bool counts = strstr(word, "iops");
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct cgroup_write w = { .file = "io.max", .pointer = planner_pointer(p, "%s/%zu", key, i) };

		if (counts && v[i].rate.value >= UINT32_MAX && v[i].rate.value != UINT64_MAX) /* would become `max` */
			return planner_invalid(p, planner_pointer(p, "%s/%zu/rate", key, i),
					       "set `rate`: %" PRIu64 " is more than `io.max` takes for `%s`",
					       v[i].rate.value, word);

		if (v[i].rate.value == 0) /* v1 says "no limit" so; here 0 is out of range */
			w.value = arena_printf(p->arena, "%" PRId64 ":%" PRId64 " %s=max", v[i].major.value,
					       v[i].minor.value, word);
		else
			w.value = arena_printf(p->arena, "%" PRId64 ":%" PRId64 " %s=%" PRIu64, v[i].major.value,
					       v[i].minor.value, word, v[i].rate.value);
		r = planner_add(p, w);
	}
	return r;
}

static int weight_device(struct planner *p, const struct spec_weight_device *d, size_t i)
{
	const char *pointer = planner_pointer(p, "weightDevice/%zu", i);
	struct cgroup_write w = { .file = "io.bfq.weight", .alt_file = "io.weight", .pointer = pointer };
	uint64_t linear;

	if (d->leaf_weight.set)
		return planner_unsupported(p, planner_pointer(p, "weightDevice/%zu/leafWeight", i),
					   "blkio.leaf_weight_device");
	if (!d->weight.set)
		return planner_invalid(p, pointer, "check `weightDevice`: neither weight nor leafWeight is given");
	w.value = arena_printf(p->arena, "%" PRId64 ":%" PRId64 " %" PRIu64, d->major.value, d->minor.value,
			       d->weight.value);
	if (convert_blkio_weight(d->weight.value, &linear) == 0) {
		w.alt_value = arena_printf(p->arena, "%" PRId64 ":%" PRId64 " %" PRIu64, d->major.value, d->minor.value,
					   linear);
	} else {
		w.flags |= CGROUP_WRITE_OR_FAIL;
		w.alt_file = arena_printf(p->arena, "weight %" PRIu64 " is outside 10..1000, and there is no `%s`",
					  d->weight.value, w.file);
	}
	return planner_add(p, w);
}

static int block_io_more(struct planner *p, const void *section)
{
	const struct spec_block_io *io = section;
	int r = 0;

	for (size_t i = 0; r == 0 && i < io->weight_device_len; i++)
		r = weight_device(p, &io->weight_device[i], i);
	if (r == 0)
		r = throttle(p, "throttleReadBpsDevice", "rbps", io->throttle_read_bps_device,
			     io->throttle_read_bps_device_len);
	if (r == 0)
		r = throttle(p, "throttleWriteBpsDevice", "wbps", io->throttle_write_bps_device,
			     io->throttle_write_bps_device_len);
	if (r == 0)
		r = throttle(p, "throttleReadIOPSDevice", "riops", io->throttle_read_iops_device,
			     io->throttle_read_iops_device_len);
	if (r == 0)
		r = throttle(p, "throttleWriteIOPSDevice", "wiops", io->throttle_write_iops_device,
			     io->throttle_write_iops_device_len);
	return r;
}

static int hugetlb_more(struct planner *p, const void *section)
{
	(void)section;
	return rows_hugetlb(p, "rsvd.max", "max");
}

static int net_prio_more(struct planner *p, const void *section)
{
	const struct spec_cgroup_network *net = section;

	if (net->priorities_len == 0)
		return 0;
	return planner_unsupported(p, planner_pointer(p, "priorities"), "net_prio.ifpriomap");
}

#define RES(m) offsetof(struct spec_resources, m)
const struct section sections_v2[SECTIONS_LEN] = {
	{ "memory", "memory", RES(memory), memory_rows, ROWS_LEN(memory_rows), NULL },
	{ "cpu", "cpu", RES(cpu), cpu_rows, ROWS_LEN(cpu_rows), NULL },
	{ "cpu", "cpuset", RES(cpu), cpuset_rows, ROWS_LEN(cpuset_rows), NULL },
	{ "pids", "pids", RES(pids), pids_rows, ROWS_LEN(pids_rows), NULL },
	{ "blockIO", "io", RES(block_io), block_io_rows, ROWS_LEN(block_io_rows), block_io_more },
	{ "", "hugetlb", SECTION_SELF, NULL, 0, hugetlb_more },
	{ "network", "net_cls", RES(network), network_rows, ROWS_LEN(network_rows), NULL },
	{ "network", "net_prio", RES(network), NULL, 0, net_prio_more },
	{ "", "rdma", SECTION_SELF, NULL, 0, rows_rdma },
};
