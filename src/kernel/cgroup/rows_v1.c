/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources on cgroup v1: one row per property. Order inside a section is the order of writing. */
#include <inttypes.h>
#include <stddef.h>

#include "kernel/cgroup/rows.h"

#define ROWS_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MEM(m) offsetof(struct spec_memory, m)
#define CPU(m) offsetof(struct spec_cpu, m)
#define IO(m) offsetof(struct spec_block_io, m)
#define KMEM_FLAGS (CGROUP_WRITE_READ_BACK | CGROUP_WRITE_PAGES)

/* Kernels that dropped kernel memory limits may have dropped the file; "unlimited" is what they do. */
static int kmem(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
		struct cgroup_write *w)
{
	(void)row;
	(void)section;
	w->value = arena_printf(p->arena, "%" PRId64, v->i);
	if (v->i < 0)
		w->flags = CGROUP_WRITE_OPTIONAL;
	return 0;
}

static const struct row memory_rows[] = {
	{ .key = "limit", .offset = MEM(limit), .kind = ROW_I64, .file = "memory.limit_in_bytes", .group = 1 },
	{ .key = "swap", .offset = MEM(swap), .kind = ROW_I64, .file = "memory.memsw.limit_in_bytes", .group = 1 },
	{ .key = "reservation", .offset = MEM(reservation), .kind = ROW_I64, .file = "memory.soft_limit_in_bytes" },
	{ .key = "kernel",
	  .offset = MEM(kernel),
	  .kind = ROW_I64,
	  .file = "memory.kmem.limit_in_bytes",
	  .format = kmem,
	  .flags = KMEM_FLAGS },
	{ .key = "kernelTCP",
	  .offset = MEM(kernel_tcp),
	  .kind = ROW_I64,
	  .file = "memory.kmem.tcp.limit_in_bytes",
	  .format = kmem,
	  .flags = KMEM_FLAGS },
	{ .key = "swappiness", .offset = MEM(swappiness), .kind = ROW_U64, .file = "memory.swappiness" },
	{ .key = "disableOOMKiller",
	  .offset = MEM(disable_oom_killer),
	  .kind = ROW_BOOL,
	  .file = "memory.oom_control" },
	{ .key = "useHierarchy", .offset = MEM(use_hierarchy), .kind = ROW_BOOL, .file = "memory.use_hierarchy" },
};

static const struct row cpu_rows[] = {
	{ .key = "shares",
	  .offset = CPU(shares),
	  .kind = ROW_U64,
	  .file = "cpu.shares",
	  .format = row_skip_zero,
	  .flags = CGROUP_WRITE_READ_BACK,
	  .group = 2 },
	{ .key = "idle",
	  .offset = CPU(idle),
	  .kind = ROW_I64,
	  .file = "cpu.idle",
	  .format = row_zero_optional,
	  .group = 2 },
	{ .key = "period", .offset = CPU(period), .kind = ROW_U64, .file = "cpu.cfs_period_us", .group = 3 },
	{ .key = "quota", .offset = CPU(quota), .kind = ROW_I64, .file = "cpu.cfs_quota_us", .group = 3 },
	{ .key = "burst",
	  .offset = CPU(burst),
	  .kind = ROW_U64,
	  .file = "cpu.cfs_burst_us",
	  .format = row_burst,
	  .group = 3 },
	{ .key = "realtimePeriod",
	  .offset = CPU(realtime_period),
	  .kind = ROW_U64,
	  .file = "cpu.rt_period_us",
	  .group = 4 },
	{ .key = "realtimeRuntime",
	  .offset = CPU(realtime_runtime),
	  .kind = ROW_I64,
	  .file = "cpu.rt_runtime_us",
	  .group = 4 },
};

static const struct row cpuset_rows[] = {
	{ .key = "cpus", .offset = CPU(cpus), .kind = ROW_STR, .file = "cpuset.cpus", .alt_file = "cpus" },
	{ .key = "mems", .offset = CPU(mems), .kind = ROW_STR, .file = "cpuset.mems", .alt_file = "mems" },
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
	  .file = "blkio.weight",
	  .alt_file = "blkio.bfq.weight",
	  .format = row_skip_zero },
	{ .key = "leafWeight",
	  .offset = IO(leaf_weight),
	  .kind = ROW_U64,
	  .file = "blkio.leaf_weight",
	  .format = row_skip_zero },
};

static const struct row network_rows[] = {
	{ .key = "classID",
	  .offset = offsetof(struct spec_cgroup_network, class_id),
	  .kind = ROW_U64,
	  .file = "net_cls.classid" },
};

static int throttle(struct planner *p, const char *key, const char *file, uint64_t max,
		    const struct spec_throttle_device *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct cgroup_write w = { .file = file, .pointer = planner_pointer(p, "%s/%zu", key, i) };
		int r;

		if (v[i].rate.value > max && v[i].rate.value != UINT64_MAX) /* all bits: no limit in either width */
			return planner_invalid(p, planner_pointer(p, "%s/%zu/rate", key, i),
					       "set `rate`: %" PRIu64 " is more than `%s` takes", v[i].rate.value,
					       file);
		w.value = arena_printf(p->arena, "%" PRId64 ":%" PRId64 " %" PRIu64, v[i].major.value, v[i].minor.value,
				       v[i].rate.value);
		r = planner_add(p, w);
		if (r < 0)
			return r;
	}
	return 0;
}

static int weight_device(struct planner *p, const struct spec_weight_device *d, size_t i)
{
	const char *pointer = planner_pointer(p, "weightDevice/%zu", i);
	int r = 0;

	if (!d->weight.set && !d->leaf_weight.set)
		return planner_invalid(p, pointer, "check `weightDevice`: neither weight nor leafWeight is given");
	if (d->weight.set)
		r = planner_add(p, (struct cgroup_write){
					   .file = "blkio.weight_device",
					   .alt_file = "blkio.bfq.weight_device",
					   .pointer = pointer,
					   .value = arena_printf(p->arena, "%" PRId64 ":%" PRId64 " %" PRIu64,
								 d->major.value, d->minor.value, d->weight.value) });
	if (r == 0 && d->leaf_weight.set)
		r = planner_add(p,
				(struct cgroup_write){
					.file = "blkio.leaf_weight_device",
					.pointer = pointer,
					.value = arena_printf(p->arena, "%" PRId64 ":%" PRId64 " %" PRIu64,
							      d->major.value, d->minor.value, d->leaf_weight.value) });
	return r;
}

/* The kernel keeps operations per second in 32 bits and drops the others without a word. */
static int block_io_more(struct planner *p, const void *section)
{
	const struct spec_block_io *io = section;
	int r = 0;

	for (size_t i = 0; r == 0 && i < io->weight_device_len; i++)
		r = weight_device(p, &io->weight_device[i], i);
	if (r == 0)
		r = throttle(p, "throttleReadBpsDevice", "blkio.throttle.read_bps_device", UINT64_MAX,
			     io->throttle_read_bps_device, io->throttle_read_bps_device_len);
	if (r == 0)
		r = throttle(p, "throttleWriteBpsDevice", "blkio.throttle.write_bps_device", UINT64_MAX,
			     io->throttle_write_bps_device, io->throttle_write_bps_device_len);
	if (r == 0)
		r = throttle(p, "throttleReadIOPSDevice", "blkio.throttle.read_iops_device", UINT32_MAX,
			     io->throttle_read_iops_device, io->throttle_read_iops_device_len);
	if (r == 0)
		r = throttle(p, "throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", UINT32_MAX,
			     io->throttle_write_iops_device, io->throttle_write_iops_device_len);
	return r;
}

static int hugetlb_more(struct planner *p, const void *section)
{
	(void)section;
	return rows_hugetlb(p, "rsvd.limit_in_bytes", "limit_in_bytes");
}

static int net_prio_more(struct planner *p, const void *section)
{
	const struct spec_cgroup_network *net = section;
	int r = 0;

	for (size_t i = 0; r == 0 && i < net->priorities_len; i++)
		r = planner_add(p, (struct cgroup_write){ .file = "net_prio.ifpriomap",
							  .pointer = planner_pointer(p, "priorities/%zu", i),
							  .value = arena_printf(p->arena, "%s %" PRIu64,
										net->priorities[i].name,
										net->priorities[i].priority.value) });
	return r;
}

#define RES(m) offsetof(struct spec_resources, m)
const struct section sections_v1[SECTIONS_LEN] = {
	{ "memory", "memory", RES(memory), memory_rows, ROWS_LEN(memory_rows), NULL },
	{ "cpu", "cpu", RES(cpu), cpu_rows, ROWS_LEN(cpu_rows), NULL },
	{ "cpu", "cpuset", RES(cpu), cpuset_rows, ROWS_LEN(cpuset_rows), NULL },
	{ "pids", "pids", RES(pids), pids_rows, ROWS_LEN(pids_rows), NULL },
	{ "blockIO", "blkio", RES(block_io), block_io_rows, ROWS_LEN(block_io_rows), block_io_more },
	{ "", "hugetlb", SECTION_SELF, NULL, 0, hugetlb_more },
	{ "network", "net_cls", RES(network), network_rows, ROWS_LEN(network_rows), NULL },
	{ "network", "net_prio", RES(network), NULL, 0, net_prio_more },
	{ "", "rdma", SECTION_SELF, NULL, 0, rows_rdma },
};
