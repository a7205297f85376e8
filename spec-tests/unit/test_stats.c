/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics from files that are only texts: the JSON shape on v1, hybrid and v2, and files that are missing. */

#include <check.h>

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "container/stats/stats.h"

struct file {
	const char *controller, *name, *text;
};

struct host {
	const struct file *files;
	size_t n;
	const char *v2; /* " cpu memory ": controllers of the cgroup2 tree */
};

static ssize_t fake_read(void *arg, const char *controller, const char *file, char *p, size_t len)
{
	const struct host *h = arg;

	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->files[i].controller, controller) == 0 && strcmp(h->files[i].name, file) == 0)
			return snprintf(p, len, "%s", h->files[i].text);
	return -ENOENT;
}

static bool fake_is_v2(void *arg, const char *controller)
{
	const struct host *h = arg;
	char word[64];

	snprintf(word, sizeof(word), " %s ", controller);
	return strstr(h->v2, word);
}

#define ALL_V2 " cpu cpuacct cpuset memory pids blkio io hugetlb "

static void run(const struct file *files, size_t n, const char *v2, struct buf *out)
{
	static const char *const sizes[] = { "2MB", "1GB", NULL };
	struct host h = { files, n, v2 };
	const struct stats_source source = { fake_read, fake_is_v2, &h, sizes };
	AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, jw_to_buf, out);

	CHECK_ERR(stats_write(w, &source), 0);
	CHECK_ERR(jw_finish(w), 0);
}

/* The text of member key, which starts at `from`, up to the end of want. */
static void has(const struct buf *b, const char *want)
{
	check_that(b->data && strstr(b->data, want), __FILE__, __LINE__, want);
	if (b->data && !strstr(b->data, want))
		printf("# in %s\n", b->data);
}

static void has_not(const struct buf *b, const char *text)
{
	check_that(b->data && !strstr(b->data, text), __FILE__, __LINE__, text);
}

#define RUN(files, v2, out) run((files), sizeof(files) / sizeof((files)[0]), (v2), (out))

TEST(nothing_there)
{
	AUTO(buf_done) struct buf b = { 0 };

	run(NULL, 0, ALL_V2, &b);
	CHECK_STR(
		b.data,
		"{\"cpu\":{\"usage\":{\"total\":0,\"kernel\":0,\"user\":0},\"throttling\":{\"periods\":0,\"throttledPeriods\":0,\"throttledTime\":0}},"
		"\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0,\"memory_spread_page\":0,"
		"\"memory_spread_slab\":0,\"memory_pressure\":0,\"sched_load_balance\":0,\"sched_relax_domain_level\":0},"
		"\"memory\":{\"cache\":0,\"usage\":{\"limit\":0,\"usage\":0,\"max\":0,\"failcnt\":0},\"swap\":{\"limit\":0,\"usage\":0,\"max\":0,\"failcnt\":0},"
		"\"kernel\":{\"limit\":0,\"usage\":0,\"max\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"usage\":0,\"max\":0,\"failcnt\":0}},"
		"\"pids\":{\"current\":0,\"limit\":0},\"blkio\":{},\"hugetlb\":{}}");
}

TEST(cpu_v1)
{
	static const struct file files[] = {
		{ "cpuacct", "cpuacct.usage", "1234567890123\n" },
		{ "cpuacct", "cpuacct.usage_percpu", "111 0 333 \n" },
		{ "cpuacct", "cpuacct.usage_all", "cpu user system\n0 10 1\n1 20 2\n2 30 3\n" },
		{ "cpuacct", "cpuacct.stat", "user 70\nsystem 5\n" },
		{ "cpu", "cpu.stat", "nr_periods 9\nnr_throttled 4\nthrottled_time 123456\n" },
		{ "cpuset", "cpuset.cpus", "0-2,7\n" },
		{ "cpuset", "cpuset.mems", "0\n" },
		{ "cpuset", "cpuset.sched_load_balance", "1\n" },
		{ "cpuset", "cpuset.sched_relax_domain_level", "-1\n" },
		{ "cgroup2", "cpu.pressure",
		  "some avg10=1.05 avg60=0.20 avg300=100.00 total=77\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n" },
	};
	AUTO(buf_done) struct buf b = { 0 };
	char want[256];
	long tick = 1000000000 / sysconf(_SC_CLK_TCK);

	RUN(files, " ", &b);
	snprintf(
		want, sizeof(want),
		"\"usage\":{\"total\":1234567890123,\"percpu\":[111,0,333],\"percpu_kernel\":[1,2,3],\"percpu_user\":[10,20,30],\"kernel\":%ld,\"user\":%ld}",
		5 * tick, 70 * tick);
	has(&b, want);
	has(&b, "\"throttling\":{\"periods\":9,\"throttledPeriods\":4,\"throttledTime\":123456}");
	has(&b, "\"psi\":{\"some\":{\"avg10\":1.05,\"avg60\":0.20,\"avg300\":100.00,\"total\":77},"
		"\"full\":{\"avg10\":0.00,\"avg60\":0.00,\"avg300\":0.00,\"total\":0}}}");
	has(&b, "\"cpuset\":{\"cpus\":[0,1,2,7],\"mems\":[0],");
	has(&b, "\"sched_load_balance\":1,\"sched_relax_domain_level\":-1}");
}

TEST(cpu_v2)
{
	static const char stat[] =
		"usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 3\nnr_throttled 2\nthrottled_usec 40\n";
	static const struct file files[] = {
		{ "cgroup2", "cpu.stat", stat },
		{ "cpu", "cpu.stat", stat },
		{ "cpuset", "cpuset.cpus.effective", "0,3-4\n" },
		{ "cpuset", "cpuset.cpus", "\n" },
	};
	AUTO(buf_done) struct buf b = { 0 };

	RUN(files, ALL_V2, &b);
	has(&b, "\"cpu\":{\"usage\":{\"total\":1500000,\"kernel\":500000,\"user\":1000000},"
		"\"throttling\":{\"periods\":3,\"throttledPeriods\":2,\"throttledTime\":40000}}");
	has(&b, "\"cpus\":[0,3,4]");
}

TEST(memory_v1)
{
	static const struct file files[] = {
		{ "memory", "memory.stat",
		  "cache_x 9\ncache 1\nrss 2\nhierarchical_memory_limit 9223372036854771712\ntotal_cache_x 99\ntotal_cache 11\ntotal_rss 12\n" },
		{ "memory", "memory.usage_in_bytes", "100\n" },
		{ "memory", "memory.limit_in_bytes", "9223372036854771712\n" },
		{ "memory", "memory.max_usage_in_bytes", "200\n" },
		{ "memory", "memory.failcnt", "3\n" },
		{ "memory", "memory.memsw.usage_in_bytes", "101\n" },
		{ "memory", "memory.kmem.usage_in_bytes", "102\n" },
		{ "memory", "memory.kmem.tcp.usage_in_bytes", "103\n" },
		{ "pids", "pids.current", "5\n" },
		{ "pids", "pids.max", "64\n" },
	};
	AUTO(buf_done) struct buf b = { 0 };

	RUN(files, " ", &b);
	has(&b,
	    "\"memory\":{\"cache\":11,\"usage\":{\"limit\":9223372036854771712,\"usage\":100,\"max\":200,\"failcnt\":3},"
	    "\"swap\":{\"limit\":0,\"usage\":101,\"max\":0,\"failcnt\":0},\"kernel\":{\"limit\":0,\"usage\":102,\"max\":0,\"failcnt\":0},"
	    "\"kernelTCP\":{\"limit\":0,\"usage\":103,\"max\":0,\"failcnt\":0},"
	    "\"raw\":{\"cache_x\":9,\"cache\":1,\"rss\":2,\"hierarchical_memory_limit\":9223372036854771712,\"total_cache_x\":99,\"total_cache\":11,\"total_rss\":12}}");
	has(&b, "\"pids\":{\"current\":5,\"limit\":64}");
}

TEST(memory_v2)
{
	static const struct file files[] = {
		{ "memory", "memory.stat", "anon 7\nfile 8\n" },
		{ "memory", "memory.current", "1000\n" },
		{ "memory", "memory.max", "4096\n" },
		{ "memory", "memory.peak", "2000\n" },
		{ "memory", "memory.events", "low 0\nhigh 0\nmax 6\noom 1\noom_kill 1\n" },
		{ "memory", "memory.swap.current", "50\n" },
		{ "memory", "memory.swap.max", "8192\n" },
		{ "memory", "memory.swap.events", "high 0\nmax 2\nfail 0\n" },
		{ "pids", "pids.max", "max\n" },
	};
	AUTO(buf_done) struct buf b = { 0 };

	RUN(files, ALL_V2, &b);
	has(&b, "\"memory\":{\"cache\":8,\"usage\":{\"limit\":4096,\"usage\":1000,\"max\":2000,\"failcnt\":6},"
		"\"swap\":{\"limit\":12288,\"usage\":1050,\"max\":0,\"failcnt\":2}");
	has(&b, "\"raw\":{\"anon\":7,\"file\":8}");
	has(&b, "\"pids\":{\"current\":0,\"limit\":0}");
}

TEST(memory_v2_without_limit)
{
	static const struct file files[] = {
		{ "memory", "memory.max", "max\n" },
		{ "memory", "memory.swap.max", "8192\n" },
	};
	AUTO(buf_done) struct buf b = { 0 };

	RUN(files, ALL_V2, &b);
	has(&b, "\"usage\":{\"limit\":18446744073709551615,");
	has(&b, "\"swap\":{\"limit\":18446744073709551615,");
}

TEST(blkio_v1)
{
	static const struct file files[] = {
		{ "blkio", "blkio.bfq.io_service_bytes_recursive", "Total 0\n" },
		{ "blkio", "blkio.throttle.io_service_bytes_recursive",
		  "8:0 Read 4096\n8:0 Write 0\n253:16 Read 1\nTotal 4097\n" },
		{ "blkio", "blkio.bfq.io_serviced_recursive", "8:0 Read 3\nTotal 3\n" },
		{ "blkio", "blkio.throttle.io_serviced_recursive", "8:0 Read 99\nTotal 99\n" },
		{ "blkio", "blkio.sectors_recursive", "8:0 8\n" },
	};
	AUTO(buf_done) struct buf b = { 0 };

	RUN(files, " ", &b);
	has(&b,
	    "\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":4096},"
	    "{\"major\":8,\"minor\":0,\"op\":\"Write\",\"value\":0},{\"major\":253,\"minor\":16,\"op\":\"Read\",\"value\":1}],"
	    "\"ioServicedRecursive\":[{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":3}],"
	    "\"sectorsRecursive\":[{\"major\":8,\"minor\":0,\"value\":8}]}");
}

TEST(blkio_v2)
{
	static const struct file files[] = {
		{ "io", "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n252:1 rbytes=7 rios=8\n" },
	};
	AUTO(buf_done) struct buf b = { 0 };

	RUN(files, ALL_V2, &b);
	has(&b,
	    "\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":1},{\"major\":8,\"minor\":0,\"op\":\"Write\",\"value\":2},"
	    "{\"major\":8,\"minor\":0,\"op\":\"Discard\",\"value\":5},{\"major\":252,\"minor\":1,\"op\":\"Read\",\"value\":7}]");
	has(&b,
	    "\"ioServicedRecursive\":[{\"major\":8,\"minor\":0,\"op\":\"Read\",\"value\":3},{\"major\":8,\"minor\":0,\"op\":\"Write\",\"value\":4},"
	    "{\"major\":8,\"minor\":0,\"op\":\"Discard\",\"value\":6},{\"major\":252,\"minor\":1,\"op\":\"Read\",\"value\":8}]");
	has_not(&b, "sectors");
}

TEST(hugetlb)
{
	static const struct file v1[] = {
		{ "hugetlb", "hugetlb.2MB.usage_in_bytes", "1\n" },
		{ "hugetlb", "hugetlb.2MB.max_usage_in_bytes", "2\n" },
		{ "hugetlb", "hugetlb.2MB.failcnt", "3\n" },
		{ "hugetlb", "hugetlb.1GB.usage_in_bytes", "1\n" },
		{ "hugetlb", "hugetlb.1GB.rsvd.usage_in_bytes", "4\n" },
		{ "hugetlb", "hugetlb.1GB.rsvd.max_usage_in_bytes", "5\n" },
		{ "hugetlb", "hugetlb.1GB.rsvd.failcnt", "6\n" },
	};
	static const struct file v2[] = {
		{ "hugetlb", "hugetlb.2MB.current", "8\n" },
		{ "hugetlb", "hugetlb.2MB.events", "max 9\n" },
	};
	AUTO(buf_done) struct buf b = { 0 }, c = { 0 };

	RUN(v1, " ", &b);
	has(&b,
	    "\"hugetlb\":{\"2MB\":{\"usage\":1,\"max\":2,\"failcnt\":3},\"1GB\":{\"usage\":4,\"max\":5,\"failcnt\":6}}}");
	RUN(v2, ALL_V2, &c);
	has(&c, "\"hugetlb\":{\"2MB\":{\"usage\":8,\"failcnt\":9}}}");
	buf_done(&c);
}

TEST(damaged_files)
{
	static const struct file files[] = {
		{ "cpuacct", "cpuacct.usage", "x" },
		{ "cpuacct", "cpuacct.usage_all", "cpu user system" },
		{ "cpuacct", "cpuacct.usage_percpu", "" },
		{ "cpu", "cpu.stat", "nr_periods\nnr_periods x\n" },
		{ "cpuset", "cpuset.cpus", "3-1\n" },
		{ "memory", "memory.stat", "\n\nalone\nkey value\n" },
		{ "memory", "memory.limit_in_bytes", "-1" },
		{ "blkio", "blkio.throttle.io_serviced_recursive", "8:\n:\nTotal" },
		{ "cgroup2", "io.pressure", "some\nsome \nfull avg10=x" },
	};
	AUTO(buf_done) struct buf b = { 0 };

	RUN(files, " ", &b);
	has(&b, "\"percpu\":[],\"percpu_kernel\":[]");
	has(&b, "\"periods\":0");
	has(&b, "\"raw\":{}");
	has_not(&b, "\"cpus\"");
}

TEST(page_sizes)
{
	char size[16];

	CHECK_ERR(stats_page_size("hugepages-2048kB", size, sizeof(size)), 0);
	CHECK_STR(size, "2MB");
	CHECK_ERR(stats_page_size("hugepages-1048576kB", size, sizeof(size)), 0);
	CHECK_STR(size, "1GB");
	CHECK_ERR(stats_page_size("hugepages-64kB", size, sizeof(size)), 0);
	CHECK_STR(size, "64KB");
	CHECK_ERR(stats_page_size("hugepages-0kB", size, sizeof(size)), -EINVAL);
	CHECK_ERR(stats_page_size("hugepages-2MB", size, sizeof(size)), -EINVAL);
	CHECK_ERR(stats_page_size("..", size, sizeof(size)), -EINVAL);
	CHECK_ERR(stats_page_size("hugepages-2048kB", size, 3), -EINVAL);
}

CHECK_MAIN();
