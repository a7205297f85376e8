/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources to writes, per layout (RES, MEM, CPU, BLK, HUG), and the writer's rules against a fake tree of files. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "kernel/cgroup/apply.h"
#include "kernel/cgroup/delegate.h"
#include "kernel/cgroup/plan.h"

#define SET(v)          \
	{               \
		true, v \
	}

static struct cgroup_facts facts(const char *kind)
{
	static const char v1[] =
		"1 2 0:1 / /c/memory rw - cgroup c rw,memory\n1 2 0:2 / /c/cpu rw - cgroup c rw,cpu\n"
		"1 2 0:3 / /c/cpuset rw - cgroup c rw,cpuset\n1 2 0:4 / /c/pids rw - cgroup c rw,pids\n"
		"1 2 0:5 / /c/blkio rw - cgroup c rw,blkio\n1 2 0:6 / /c/n rw - cgroup c rw,net_cls,net_prio\n"
		"1 2 0:7 / /c/rdma rw - cgroup c rw,rdma\n1 2 0:8 / /c/h rw - cgroup c rw,hugetlb\n";
	static const char hybrid[] =
		"1 2 0:1 / /c/memory rw - cgroup c rw,memory\n1 2 0:9 / /c/unified rw - cgroup2 c rw\n";
	struct cgroup_facts f;

	CHECK_INT(cgroup_facts_parse(strcmp(kind, "v1") == 0   ? v1
				     : strcmp(kind, "v2") == 0 ? strchr(hybrid, '\n') + 1
							       : hybrid,
				     &f, NULL),
		  0);
	return f;
}

/* The whole plan as text, one "file=value" per write. */
static const char *plan(const char *kind, const struct spec_resources *res)
{
	static char text[4096];
	AUTO(arena_done) struct arena a = { 0 };
	struct cgroup_facts f = facts(kind);
	struct cgroup_writes w;
	struct err err = { 0 };

	text[0] = 0;
	if (cgroup_plan_resources(&f, res, &a, &w, &err) < 0) {
		snprintf(text, sizeof(text), "%d %s", err.code, err.pointer);
		return text;
	}
	for (size_t i = 0; i < w.len; i++) {
		size_t n = strlen(text);

		CHECK(w.v[i].pointer && strncmp(w.v[i].pointer, "/linux/resources/", 17) == 0);
		snprintf(text + n, sizeof(text) - n, "%s%s=%s", n ? "; " : "", w.v[i].file, w.v[i].value);
		n = strlen(text);
		if (w.v[i].alt_file && !(w.v[i].flags & CGROUP_WRITE_OR_FAIL))
			snprintf(text + n, sizeof(text) - n, "|%s=%s", w.v[i].alt_file,
				 w.v[i].alt_value ? w.v[i].alt_value : w.v[i].value);
	}
	return text;
}

static const char *plan_memory(const char *kind, struct spec_memory m)
{
	struct spec_resources res = { .memory = &m };

	return plan(kind, &res);
}

static const char *plan_cpu(const char *kind, struct spec_cpu c)
{
	struct spec_resources res = { .cpu = &c };

	return plan(kind, &res);
}

TEST(nothing_asked)
{
	struct spec_resources res = { 0 };
	struct spec_memory m = { 0 };

	CHECK_STR(plan("v1", &res), "");
	CHECK_STR(plan("v2", &res), "");
	CHECK_STR(plan_memory("v2", m), "");
}

TEST(memory_v1)
{
	struct spec_memory all = { .limit = SET(1048576),
				   .swap = SET(2097152),
				   .reservation = SET(524288),
				   .kernel = SET(65536),
				   .kernel_tcp = SET(-1),
				   .swappiness = SET(0),
				   .disable_oom_killer = SET(true),
				   .use_hierarchy = SET(true) };

	CHECK_STR(
		plan_memory("v1", all),
		"memory.limit_in_bytes=1048576; memory.memsw.limit_in_bytes=2097152; memory.soft_limit_in_bytes=524288; "
		"memory.kmem.limit_in_bytes=65536; memory.kmem.tcp.limit_in_bytes=-1; memory.swappiness=0; memory.oom_control=1; "
		"memory.use_hierarchy=1");
	CHECK_STR(plan_memory("hybrid", (struct spec_memory){ .limit = SET(-1), .disable_oom_killer = SET(false) }),
		  "memory.limit_in_bytes=-1; memory.oom_control=0");
	CHECK_STR(plan_memory("v1", (struct spec_memory){ .limit = SET(0) }), "memory.limit_in_bytes=0");
}

TEST(memory_v2)
{
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .limit = SET(67108864),
							  .swap = SET(100663296),
							  .reservation = SET(-1) }),
		  "memory.max=67108864; memory.swap.max=33554432; memory.low=max");
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .limit = SET(-1), .swap = SET(-1) }),
		  "memory.max=max; memory.swap.max=max");
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .limit = SET(5), .swap = SET(5) }),
		  "memory.max=5; memory.swap.max=0");
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .limit = SET(5), .swap = SET(4) }),
		  "22 /linux/resources/memory/swap");
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .swap = SET(4) }), "22 /linux/resources/memory/swap");
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .limit = SET(-1), .swap = SET(4) }),
		  "22 /linux/resources/memory/swap");
}

TEST(memory_v2_without_counterpart)
{
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .kernel = SET(1) }), "95 /linux/resources/memory/kernel");
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .kernel_tcp = SET(0) }),
		  "95 /linux/resources/memory/kernelTCP");
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .swappiness = SET(60) }),
		  "95 /linux/resources/memory/swappiness");
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .disable_oom_killer = SET(true) }),
		  "95 /linux/resources/memory/disableOOMKiller");
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .use_hierarchy = SET(false) }),
		  "95 /linux/resources/memory/useHierarchy");
	CHECK_STR(plan_memory("v2", (struct spec_memory){ .kernel = SET(-1),
							  .kernel_tcp = SET(-1),
							  .disable_oom_killer = SET(false),
							  .use_hierarchy = SET(true),
							  .check_before_update = SET(true) }),
		  "");
}

TEST(unsupported_text)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct cgroup_facts f = facts("v2");
	struct spec_memory m = { .swappiness = SET(1) };
	struct spec_resources res = { .memory = &m };
	struct cgroup_writes w;
	struct err err = { 0 };

	CHECK_ERR(cgroup_plan_resources(&f, &res, &a, &w, &err), -EOPNOTSUPP);
	CHECK(strstr(err.text, "swappiness") && strstr(err.text, "memory.swappiness") && strstr(err.text, "cgroup v2"));
}

TEST(cpu_v1)
{
	CHECK_STR(
		plan_cpu("v1", (struct spec_cpu){ .shares = SET(1024),
						  .quota = SET(-1),
						  .period = SET(100000),
						  .burst = SET(0),
						  .realtime_runtime = SET(950000),
						  .realtime_period = SET(1000000),
						  .cpus = "0-1",
						  .mems = "0",
						  .idle = SET(1) }),
		"cpu.shares=1024; cpu.idle=1; cpu.cfs_period_us=100000; cpu.cfs_quota_us=-1; cpu.cfs_burst_us=0; cpu.rt_period_us=1000000; "
		"cpu.rt_runtime_us=950000; cpuset.cpus=0-1|cpus=0-1; cpuset.mems=0|mems=0");
	CHECK_STR(plan_cpu("v1", (struct spec_cpu){ .quota = SET(25000), .burst = SET(25001) }),
		  "22 /linux/resources/cpu/burst");
	CHECK_STR(plan_cpu("v1", (struct spec_cpu){ .shares = SET(0) }), "");
}

TEST(cpu_v2)
{
	CHECK_STR(plan_cpu("v2", (struct spec_cpu){ .shares = SET(1024), .idle = SET(1) }),
		  "cpu.weight=100; cpu.idle=1");
	CHECK_STR(plan_cpu("v2", (struct spec_cpu){ .quota = SET(50000), .period = SET(200000), .burst = SET(1) }),
		  "cpu.max=50000 200000; cpu.max.burst=1");
	CHECK_STR(plan_cpu("v2", (struct spec_cpu){ .quota = SET(-1), .period = SET(200000) }), "cpu.max=max 200000");
	CHECK_STR(plan_cpu("v2", (struct spec_cpu){ .quota = SET(50000) }), "cpu.max=50000");
	CHECK_STR(plan_cpu("v2", (struct spec_cpu){ .quota = SET(-5) }), "cpu.max=max");
	CHECK_STR(plan_cpu("v2", (struct spec_cpu){ .realtime_period = SET(1) }),
		  "95 /linux/resources/cpu/realtimePeriod");
	CHECK_STR(plan_cpu("v2", (struct spec_cpu){ .realtime_runtime = SET(1) }),
		  "95 /linux/resources/cpu/realtimeRuntime");
	CHECK_STR(plan_cpu("v2", (struct spec_cpu){ .cpus = "1", .mems = "0" }), "cpuset.cpus=1; cpuset.mems=0");
}

TEST(pids)
{
	struct spec_pids p = { .limit = SET(0) };
	struct spec_resources res = { .pids = &p };

	CHECK_STR(plan("v1", &res), "pids.max=0");
	p.limit.value = -1;
	CHECK_STR(plan("v1", &res), "pids.max=max");
	p.limit.value = 4194304;
	CHECK_STR(plan("v2", &res), "pids.max=4194304");
}

TEST(block_io)
{
	struct spec_weight_device wd[2] = {
		{ .major = SET(8), .minor = SET(0), .weight = SET(500), .leaf_weight = SET(300) },
		{ .major = SET(8), .minor = SET(16), .weight = SET(5) }
	};
	struct spec_throttle_device t[2] = { { .major = SET(8), .minor = SET(0), .rate = SET(600) },
					     { .major = SET(8), .minor = SET(1), .rate = SET(0) } };
	struct spec_block_io io = { .weight = SET(10),
				    .leaf_weight = SET(10),
				    .weight_device = wd,
				    .weight_device_len = 2,
				    .throttle_read_bps_device = t,
				    .throttle_read_bps_device_len = 2,
				    .throttle_write_bps_device = t,
				    .throttle_write_bps_device_len = 1,
				    .throttle_read_iops_device = t,
				    .throttle_read_iops_device_len = 1,
				    .throttle_write_iops_device = t,
				    .throttle_write_iops_device_len = 1 };
	struct spec_resources res = { .block_io = &io };

	CHECK_STR(
		plan("v1", &res),
		"blkio.weight=10|blkio.bfq.weight=10; blkio.leaf_weight=10; "
		"blkio.weight_device=8:0 500|blkio.bfq.weight_device=8:0 500; blkio.leaf_weight_device=8:0 300; "
		"blkio.weight_device=8:16 5|blkio.bfq.weight_device=8:16 5; "
		"blkio.throttle.read_bps_device=8:0 600; blkio.throttle.read_bps_device=8:1 0; blkio.throttle.write_bps_device=8:0 600; "
		"blkio.throttle.read_iops_device=8:0 600; blkio.throttle.write_iops_device=8:0 600");
	CHECK_STR(plan("v2", &res), "95 /linux/resources/blockIO/leafWeight");
	io.leaf_weight.set = false;
	CHECK_STR(plan("v2", &res), "95 /linux/resources/blockIO/weightDevice/0/leafWeight");
	wd[0].leaf_weight.set = false;
	CHECK_STR(
		plan("v2", &res),
		"io.bfq.weight=10|io.weight=1; io.bfq.weight=8:0 500|io.weight=8:0 4950; io.bfq.weight=8:16 5; "
		"io.max=8:0 rbps=600; io.max=8:1 rbps=max; io.max=8:0 wbps=600; io.max=8:0 riops=600; io.max=8:0 wiops=600");
	t[0].rate.value = 5000000000;
	CHECK_STR(plan("v1", &res), "22 /linux/resources/blockIO/throttleReadIOPSDevice/0/rate");
	CHECK_STR(plan("v2", &res), "22 /linux/resources/blockIO/throttleReadIOPSDevice/0/rate");
	io.throttle_read_iops_device_len = 0;
	CHECK_STR(plan("v1", &res), "22 /linux/resources/blockIO/throttleWriteIOPSDevice/0/rate");
	io.throttle_write_iops_device_len = 0;
	CHECK(strstr(plan("v1", &res), "blkio.throttle.write_bps_device=8:0 5000000000"));
	CHECK(strstr(plan("v2", &res), "io.max=8:0 wbps=5000000000"));
	wd[1].weight.set = false;
	CHECK_STR(plan("v2", &res), "22 /linux/resources/blockIO/weightDevice/1");
	CHECK_STR(plan("v1", &res), "22 /linux/resources/blockIO/weightDevice/1");
}

TEST(hugetlb)
{
	struct spec_hugepage_limit h[1] = { { .page_size = "2MB", .limit = SET(UINT64_MAX) } };
	struct spec_resources res = { .hugepage_limits = h, .hugepage_limits_len = 1 };
	static const char *const bad[] = { "64kB", "2M", "0MB", "MB", "2MBs", "../2MB", "02MB" };

	CHECK_STR(
		plan("v1", &res),
		"hugetlb.2MB.rsvd.limit_in_bytes=18446744073709551615|hugetlb.2MB.limit_in_bytes=18446744073709551615");
	CHECK_STR(plan("v2", &res), "hugetlb.2MB.rsvd.max=18446744073709551615|hugetlb.2MB.max=18446744073709551615");
	CHECK_STR(plan("hybrid", &res),
		  "hugetlb.2MB.rsvd.max=18446744073709551615|hugetlb.2MB.max=18446744073709551615");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		h[0].page_size = bad[i];
		CHECK_STR(plan("v2", &res), "22 /linux/resources/hugepageLimits/0");
	}
}

TEST(network_and_rdma)
{
	struct spec_if_priority prio = { .name = "eth0", .priority = SET(5) };
	struct spec_cgroup_network n = { .class_id = SET(1048577), .priorities = &prio, .priorities_len = 1 };
	struct spec_rdma d[2] = { { .key = "mlx5_0", .hca_handles = SET(3), .hca_objects = SET(10) },
				  { .key = "x", .hca_objects = SET(0) } };
	struct spec_resources res = { .network = &n, .rdma = d, .rdma_len = 2 };

	CHECK_STR(plan("v1", &res),
		  "net_cls.classid=1048577; net_prio.ifpriomap=eth0 5; rdma.max=mlx5_0 hca_handle=3 hca_object=10; "
		  "rdma.max=x hca_object=0");
	CHECK_STR(plan("v2", &res), "95 /linux/resources/network/classID");
	n.class_id.set = false;
	CHECK_STR(plan("v2", &res), "95 /linux/resources/network/priorities");
	res.network = NULL;
	CHECK_STR(plan("v2", &res), "rdma.max=mlx5_0 hca_handle=3 hca_object=10; rdma.max=x hca_object=0");
	d[1].hca_objects.set = false;
	CHECK_STR(plan("v2", &res), "22 /linux/resources/rdma/x");
}

TEST(unified)
{
	struct spec_kv kv[] = { { "io.max", "8:0 rbps=1\n8:16 wbps=2\n" },
				{ "memory.high", "max" },
				{ "cgroup.max.descendants", "5" } };
	struct spec_memory m = { .limit = SET(9) };
	struct spec_resources res = { .unified = kv, .unified_len = 3, .unified_set = true, .memory = &m };
	static const char *const bad[] = { "../x.max",     "a/b.max",       "..",          "",  "nodot",
					   "cgroup.procs", "cgroup.freeze", "cgroup.kill", ".x" };

	CHECK_STR(plan("v2", &res),
		  "memory.max=9; io.max=8:0 rbps=1; io.max=8:16 wbps=2; memory.high=max; cgroup.max.descendants=5");
	CHECK_STR(plan("hybrid", &res), "95 /linux/resources/unified/memory.high");
	CHECK_STR(plan("v1", &res), "95 /linux/resources/unified/io.max");
	res.unified_len = 1;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		kv[0].key = bad[i];
		CHECK(strncmp(plan("v2", &res), "22 /linux/resources/unified/", 28) == 0);
	}
}

TEST(not_mounted)
{
	struct cgroup_facts f = facts("v1");
	AUTO(arena_done) struct arena a = { 0 };
	struct spec_pids p = { .limit = SET(1) };
	struct spec_resources res = { .pids = &p };
	struct cgroup_writes w;
	struct err err = { 0 };

	f.hierarchies_len = 3; /* memory, cpu, cpuset */
	CHECK_ERR(cgroup_plan_resources(&f, &res, &a, &w, &err), -EOPNOTSUPP);
	CHECK(strstr(err.text, "pids") != NULL);
	CHECK_STR(err.pointer, "/linux/resources/pids/limit");
}

/* The writer, on plain files: it cannot tell them from a kernel that takes everything. */
struct fake {
	char path[64];
	int fd;
};

static int rm(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void fake_done(struct fake *f)
{
	cleanup_close(&f->fd);
	nftw(f->path, rm, 8, FTW_DEPTH | FTW_PHYS);
}

static struct fake fake_new(void)
{
	struct fake f = { .path = "/tmp/masu-test-XXXXXX" };

	CHECK(mkdtemp(f.path) != NULL);
	f.fd = open(f.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return f;
}

static void put(const struct fake *f, const char *name, const char *text)
{
	autoclose int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK_INT(io_write_full(fd, text, strlen(text)), 0);
}

static const char *get(const struct fake *f, const char *name)
{
	static char text[128];

	return io_read_file_at(f->fd, name, text, sizeof(text)) < 0 ? NULL : text;
}

static int apply(const struct fake *f, const char *kind, const struct spec_resources *res, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct cgroup_facts facts_ = facts(kind);
	struct cgroup_writes w;
	int fds[CGROUP_HIERARCHIES_MAX];
	int r = cgroup_plan_resources(&facts_, res, &a, &w, err);

	for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
		fds[i] = f->fd;
	return r < 0 ? r : cgroup_apply(&facts_, fds, &w, err);
}

TEST(writer_alternatives)
{
	AUTO(fake_done) struct fake f = fake_new();
	struct spec_block_io io = { .weight = SET(500) };
	struct spec_resources res = { .block_io = &io };
	struct err err = { 0 };

	put(&f, "io.weight", "");
	CHECK_INT(apply(&f, "v2", &res, &err), 0);
	CHECK_STR(get(&f, "io.weight"), "4950");
	put(&f, "io.bfq.weight", "");
	CHECK_INT(apply(&f, "v2", &res, &err), 0);
	CHECK_STR(get(&f, "io.bfq.weight"), "500");
	unlinkat(f.fd, "io.bfq.weight", 0);
	io.weight.value = 5;
	CHECK_ERR(apply(&f, "v2", &res, &err), -EOPNOTSUPP);
	CHECK_STR(err.pointer, "/linux/resources/blockIO/weight");
}

TEST(HUG_06_without_reservations_the_faults_are_counted)
{
	AUTO(fake_done) struct fake f = fake_new();
	struct spec_hugepage_limit h = { .page_size = "2MB", .limit = SET(4194304) };
	struct spec_resources res = { .hugepage_limits = &h, .hugepage_limits_len = 1 };

	put(&f, "hugetlb.2MB.max", "");
	CHECK_INT(apply(&f, "v2", &res, NULL), 0);
	CHECK_STR(get(&f, "hugetlb.2MB.max"), "4194304");
	CHECK_ERR(apply(&f, "v1", &res, NULL), -ENOENT); /* hugetlb.2MB.limit_in_bytes */
}

TEST(writer_missing_file)
{
	AUTO(fake_done) struct fake f = fake_new();
	struct spec_memory m = { .limit = SET(4096) };
	struct spec_resources res = { .memory = &m };
	struct err err = { 0 };

	CHECK_ERR(apply(&f, "v2", &res, &err), -ENOENT);
	CHECK_STR(err.pointer, "/linux/resources/memory/limit");
	CHECK(get(&f, "memory.max") == NULL); /* nothing is created */
	m = (struct spec_memory){ .limit = SET(-1), .swap = SET(-1) };
	put(&f, "memory.max", "");
	CHECK_INT(apply(&f, "v2", &res, &err), 0); /* no swap accounting and no limit asked */
	m.limit.value = m.swap.value = 4096;
	put(&f, "memory.max", "");
	CHECK_ERR(apply(&f, "v2", &res, &err), -ENOENT);
}

TEST(writer_keeps_quota)
{
	AUTO(fake_done) struct fake f = fake_new();
	struct spec_cpu c = { .period = SET(50000) };
	struct spec_resources res = { .cpu = &c };

	put(&f, "cpu.max", "20000 10000\n");
	CHECK_INT(apply(&f, "v2", &res, NULL), 0);
	CHECK_STR(get(&f, "cpu.max"), "20000 50000\n"); /* the fake keeps the old line's end */
}

TEST(writer_check_before_update)
{
	AUTO(fake_done) struct fake f = fake_new();
	struct spec_memory m = { .limit = SET(4096), .check_before_update = SET(true) };
	struct spec_resources res = { .memory = &m };
	struct err err = { 0 };

	put(&f, "memory.max", "");
	put(&f, "memory.current", "8192\n");
	CHECK_ERR(apply(&f, "v2", &res, &err), -EBUSY);
	CHECK_STR(get(&f, "memory.max"), "");
	m.limit.value = 8192;
	CHECK_INT(apply(&f, "v2", &res, &err), 0);
}

TEST(writer_effective_cpus)
{
	AUTO(fake_done) struct fake f = fake_new();
	struct spec_cpu c = { .cpus = "0,1,2-3" };
	struct spec_resources res = { .cpu = &c };
	struct err err = { 0 };

	put(&f, "cpuset.cpus", "");
	put(&f, "cpuset.cpus.effective", "0-3\n");
	CHECK_INT(apply(&f, "v2", &res, &err), 0);
	put(&f, "cpuset.cpus.effective", "0-2\n");
	CHECK_ERR(apply(&f, "v2", &res, &err), -EINVAL);
	CHECK_STR(err.pointer, "/linux/resources/cpu/cpus");
}

TEST(delegated_files)
{ /* CGP-19..23 */
	AUTO(fake_done) struct fake f = fake_new();
	struct stat st;

	if (geteuid() != 0)
		SKIP("needs root to change owners");
	put(&f, "cgroup.procs", "");
	put(&f, "memory.max", "");
	CHECK_INT(delegate_files(f.fd, "cgroup.procs\ncgroup.threads\nmemory.oom.group\n", 12345, NULL), 0);
	CHECK_INT(fstatat(f.fd, "cgroup.procs", &st, 0), 0);
	CHECK_INT(st.st_uid, 12345);
	CHECK_INT(fstatat(f.fd, "memory.max", &st, 0), 0);
	CHECK_INT(st.st_uid, 0);
	CHECK_INT(stat(f.path, &st), 0);
	CHECK_INT(st.st_uid, 12345);
	CHECK_ERR(delegate_files(f.fd, "../x\n", 12345, NULL), -EINVAL);
}

CHECK_MAIN();
