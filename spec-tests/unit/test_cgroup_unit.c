/* SPDX-License-Identifier: Apache-2.0 */
/* The pure half of the systemd cgroup manager: names of units, and what systemd is told of a container's limits. */
#include "check.h"

#include <errno.h>

#include "base/cleanup.h"
#include "kernel/cgroup/devices.h"
#include "kernel/cgroup/props.h"
#include "kernel/cgroup/restore.h"
#include "kernel/cgroup/unit.h"

static struct unit_place place_;

static int plan(const char *path, bool user)
{
	return unit_plan(path, "box", user, &place_, NULL);
}

TEST(unit_names)
{
	CHECK_INT(plan("system.slice:runc:1234", false), 0);
	CHECK_STR(place_.unit, "runc-1234.scope");
	CHECK_STR(place_.slice, "system.slice");
	CHECK_STR(place_.path, "/system.slice/runc-1234.scope");
	CHECK(!place_.is_slice);
	CHECK_INT(plan("machine-a-b.slice:libpod:x", false), 0);
	CHECK_STR(place_.path, "/machine.slice/machine-a.slice/machine-a-b.slice/libpod-x.scope");
	CHECK_INT(plan(":p:n", false), 0);
	CHECK_STR(place_.slice, "system.slice");
	CHECK_INT(plan(":p:n", true), 0);
	CHECK_STR(place_.slice, "user.slice");
	CHECK_STR(place_.path, "/user.slice/p-n.scope");
	CHECK(place_.user);
	CHECK_INT(plan("::n", false), 0);
	CHECK_STR(place_.unit, "-n.scope");
}

TEST(unit_default)
{
	const char *const none[] = { NULL, "" };

	for (size_t i = 0; i < 2; i++) {
		CHECK_INT(plan(none[i], false), 0);
		CHECK_STR(place_.unit, "masu-box.scope");
		CHECK_STR(place_.path, "/system.slice/masu-box.scope");
	}
	CHECK_INT(unit_plan(NULL, "a+b", false, &place_, NULL), 0);
	CHECK_STR(place_.unit, "masu-a\\x2bb.scope");
}

TEST(unit_root_slice)
{
	const char *const roots[] = { "-:p:n", "-.slice:p:n" };

	for (size_t i = 0; i < 2; i++) {
		CHECK_INT(plan(roots[i], false), 0);
		CHECK_STR(place_.slice, "-.slice");
		CHECK_STR(place_.path, "/p-n.scope");
	}
}

TEST(unit_is_slice)
{
	CHECK_INT(plan("system.slice:p:a-b.slice", false), 0);
	CHECK(place_.is_slice);
	CHECK_STR(place_.unit, "a-b.slice");
	CHECK_STR(place_.path, "/a.slice/a-b.slice");
	CHECK_ERR(plan("system.slice:p:-.slice", false), -EINVAL);
	CHECK_ERR(plan("system.slice:p:a--b.slice", false), -EINVAL);
}

TEST(unit_bad)
{
	static const char *const bad[] = { "/a/b",          "a",
					   "a:b",           "a.slice:b:c:d",
					   "a.slice:b:",    "a:b:c",
					   ".slice:b:c",    "-a.slice:b:c",
					   "a-.slice:b:c",  "a--b.slice:b:c",
					   "a/b.slice:c:d", "a.slice:b/c:d",
					   "a b.slice:c:d", "a.slice:b:c\nd",
					   "a.slice:.b:c" };
	char name[400];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = { 0 };

		if (unit_plan(bad[i], "box", false, &place_, &err) != -EINVAL)
			printf("# %s\n", bad[i]);
		CHECK_INT(err.code, EINVAL);
		CHECK_STR(err.pointer, "/linux/cgroupsPath");
	}
	memset(name, 'x', sizeof(name));
	memcpy(name, "a.slice:b:", 10);
	name[10 + 240] = 0;
	CHECK_INT(plan(name, false), 0);
	name[10 + 240] = 'x';
	name[10 + 248] = 0;
	CHECK_ERR(plan(name, false), -ENAMETOOLONG);
	name[10 + 248] = 'x';
	name[399] = 0;
	CHECK_ERR(plan(name, false), -ENAMETOOLONG);
}

/* ---- limits ---- */

struct told {
	struct arena arena;
	struct cgroup_facts facts;
	struct unit_props props;
	struct buf text;
};

static void told_done(struct told *t)
{
	arena_done(&t->arena);
	buf_done(&t->text);
}

/* One line per property. */
static const char *print(struct told *t)
{
	buf_done(&t->text);
	t->text = (struct buf){ 0 };
	for (size_t i = 0; i < t->props.len; i++) {
		buf_adds(&t->text, i ? "; " : "");
		unit_prop_print(&t->props.v[i], &t->text);
	}
	return t->text.data ? t->text.data : "";
}

/* Writes as "file=value", in hierarchies as the layout has them. */
static const char *tell(struct told *t, enum cgroup_layout layout, bool bfq, const char *const *writes, size_t n)
{
	struct cgroup_write v[8] = { 0 };
	struct cgroup_writes w = { .v = v, .len = n };

	t->props = (struct unit_props){ 0 };
	CHECK_INT(cgroup_facts_assume(layout, &t->facts, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		char *copy = arena_strdup(&t->arena, writes[i]), *eq = strchr(copy, '=');

		*eq = 0;
		v[i].file = copy;
		v[i].value = eq + 1;
		v[i].hierarchy = layout == CGROUP_LAYOUT_V2 ? t->facts.unified : 0;
		if (strcmp(copy, "io.bfq.weight") == 0) {
			v[i].alt_file = "io.weight";
			v[i].alt_value = "4950";
		}
	}
	CHECK_INT(unit_props_limits(&t->facts, &w, bfq, &t->arena, &t->props, NULL), 0);
	return print(t);
}

#define TELL(t, layout, ...)                                    \
	({                                                      \
		const char *const w_[] = { __VA_ARGS__ };       \
		tell((t), (layout), false, w_, ARRAY_SIZE(w_)); \
	})
#define V2 CGROUP_LAYOUT_V2
#define V1 CGROUP_LAYOUT_V1

TEST(limits_v2)
{
	AUTO(told_done) struct told t = { .arena = { 0 } };

	CHECK_STR(TELL(&t, V2, "memory.max=1048576", "memory.swap.max=max", "memory.low=5", "memory.high=7"),
		  "MemoryMax t 1048576; MemorySwapMax t infinity; MemoryLow t 5; MemoryHigh t 7");
	CHECK_STR(TELL(&t, V2, "pids.max=0", "pids.max=max", "pids.max=9"),
		  "TasksMax t 1; TasksMax t infinity; TasksMax t 9");
	CHECK_STR(TELL(&t, V2, "hugetlb.2MB.max=0", "rdma.max=x hca_handle=1", "memory.max=rubbish"), "");
	CHECK_STR(TELL(&t, V2, "memory.oom.group=1"), "OOMPolicy s kill (systemd 253)");
	CHECK(t.props.v[0].only_new);
	CHECK_INT(unit_props_since(&t.props), 253);
}

TEST(limits_cpu)
{
	AUTO(told_done) struct told t = { .arena = { 0 } };

	CHECK_STR(TELL(&t, V2, "cpu.max=12500 50000"), "CPUQuotaPeriodUSec t 50000; CPUQuotaPerSecUSec t 250000");
	CHECK_STR(TELL(&t, V2, "cpu.max=12001 100000"), "CPUQuotaPeriodUSec t 100000; CPUQuotaPerSecUSec t 130000");
	CHECK_STR(TELL(&t, V2, "cpu.max=20000"), "CPUQuotaPerSecUSec t 200000");
	CHECK_STR(TELL(&t, V2, "cpu.max=max 7000"), "CPUQuotaPeriodUSec t 7000; CPUQuotaPerSecUSec t infinity");
	CHECK_STR(TELL(&t, V2, "cpu.max=max"), "CPUQuotaPerSecUSec t infinity");
	CHECK_STR(TELL(&t, V2, "cpu.max=1 2 3"), "");
	CHECK_STR(TELL(&t, V2, "cpu.weight=59"), "CPUWeight t 59");
	CHECK_STR(TELL(&t, V2, "cpu.weight=59", "cpu.idle=1"), "CPUWeight t 0 (systemd 252)");
	CHECK_STR(TELL(&t, V2, "cpu.weight=59", "cpu.idle=0"), "CPUWeight t 59");
	CHECK_STR(TELL(&t, V2, "cpu.idle=0"), "CPUWeight t infinity");
	CHECK_STR(TELL(&t, V2, "cpuset.cpus=0-1,9", "cpuset.mems=0"), "AllowedCPUs ay 0302; AllowedMemoryNodes ay 01");
	CHECK_STR(TELL(&t, V2, "cpuset.cpus="), "AllowedCPUs ay ");
}

TEST(limits_io)
{
	AUTO(told_done) struct told t = { .arena = { 0 } };
	static const char *const bfq[] = { "io.bfq.weight=500" };

	CHECK_STR(TELL(&t, V2, "io.weight=200", "io.weight=default 300", "io.weight=8:0 default", "io.weight=8:16 5"),
		  "IOWeight t 200; IOWeight t 300; IODeviceWeight a(st) [/dev/block/8:0 100]; "
		  "IODeviceWeight a(st) [/dev/block/8:16 5]");
	CHECK_STR(TELL(&t, V2, "io.bfq.weight=500"), "IOWeight t 4950");
	CHECK_STR(tell(&t, V2, true, bfq, 1), "IOWeight t 4500");
	CHECK_STR(
		TELL(&t, V2, "io.max=8:0 rbps=1 wiops=max bogus=3"),
		"IOReadBandwidthMax a(st) [/dev/block/8:0 1]; IOWriteIOPSMax a(st) [/dev/block/8:0 18446744073709551615]");
	CHECK_STR(TELL(&t, V2, "io.latency=8:0 target=50"), "IODeviceLatencyTargetUSec a(st) [/dev/block/8:0 50]");
	CHECK_STR(TELL(&t, V2, "io.max=nothing"), "");
}

TEST(limits_v1)
{
	AUTO(told_done) struct told t = { .arena = { 0 } };

	CHECK_STR(TELL(&t, V1, "memory.limit_in_bytes=-1", "cpu.shares=512", "pids.max=max", "blkio.weight=10"),
		  "MemoryLimit t infinity; CPUShares t 512; TasksMax t infinity; BlockIOWeight t 10");
	CHECK_STR(TELL(&t, V1, "cpu.cfs_period_us=50000", "cpu.cfs_quota_us=25000"),
		  "CPUQuotaPeriodUSec t 50000; CPUQuotaPerSecUSec t 500000");
	CHECK_STR(TELL(&t, V1, "cpu.cfs_period_us=50000"), "CPUQuotaPeriodUSec t 50000");
	CHECK_STR(TELL(&t, V1, "cpu.cfs_quota_us=-1"), "CPUQuotaPerSecUSec t infinity");
	CHECK_STR(TELL(&t, V1, "blkio.throttle.read_bps_device=8:0 77", "blkio.throttle.write_bps_device=8:0 0"),
		  "BlockIOReadBandwidth a(st) [/dev/block/8:0 77]; "
		  "BlockIOWriteBandwidth a(st) [/dev/block/8:0 18446744073709551615]");
	CHECK_STR(TELL(&t, V1, "memory.max=5", "cpuset.cpus=0"), "");
}

/* ---- devices ---- */

static int devices(struct told *t, bool v1, const struct device_rule *rules, size_t n)
{
	struct buf b = { .data = (char *)(uintptr_t)rules, .len = n * sizeof(*rules) };

	t->props = (struct unit_props){ 0 };
	return unit_props_devices(&b, v1, &t->arena, &t->props, NULL);
}

#define RULE(a, t, x, ma, mi)                                                          \
	{                                                                              \
		.allow = (a), .type = (t), .access = (x), .major = (ma), .minor = (mi) \
	}
#define STRICT "DevicePolicy s strict; DeviceAllow a(ss) []"
#define DEVICES(t, v1, ...)                                      \
	({                                                       \
		const struct device_rule r_[] = { __VA_ARGS__ }; \
		devices((t), (v1), r_, ARRAY_SIZE(r_));          \
	})

TEST(device_lists)
{
	AUTO(told_done) struct told t = { .arena = { 0 } };

	for (int v1 = 0; v1 < 2; v1++) {
		CHECK_INT(DEVICES(&t, v1, RULE(true, 'c', 3, 1, 3), RULE(true, 'b', 1, 8, DEVICE_ANY),
				  RULE(true, 'c', 4, DEVICE_ANY, DEVICE_ANY)),
			  0);
		CHECK_STR(print(&t), STRICT "; DeviceAllow a(ss) [/dev/char/1:3 rwm, block-8 r, char-* m]");
		CHECK_INT(DEVICES(&t, v1, RULE(true, 'c', 7, 1, 3), RULE(false, 'c', 2, 1, 3)), 0);
		CHECK_STR(print(&t), STRICT "; DeviceAllow a(ss) [/dev/char/1:3 rm]");
		CHECK_INT(DEVICES(&t, v1, RULE(true, 'a', 7, DEVICE_ANY, DEVICE_ANY)), 0);
		CHECK_STR(print(&t), "DevicePolicy s auto; DeviceAllow a(ss) []");
		CHECK_INT(DEVICES(&t, v1, RULE(true, 'a', 7, DEVICE_ANY, DEVICE_ANY),
				  RULE(false, 'a', 7, DEVICE_ANY, DEVICE_ANY)),
			  0);
		CHECK_STR(print(&t), STRICT);
	}
}

/* What systemd has no words for: never less than the rules allow on v2, an error on v1. */
TEST(device_exceptions)
{
	AUTO(told_done) struct told t = { .arena = { 0 } };

	CHECK_INT(DEVICES(&t, false, RULE(true, 'c', 7, 1, DEVICE_ANY), RULE(false, 'c', 7, 1, 3)), 0);
	CHECK_STR(print(&t), STRICT "; DeviceAllow a(ss) [char-1 rwm]");
	CHECK_ERR(DEVICES(&t, true, RULE(true, 'c', 7, 1, DEVICE_ANY), RULE(false, 'c', 7, 1, 3)), -EOPNOTSUPP);
	/* One entry for each device: systemd takes the last of two for the whole. */
	CHECK_INT(DEVICES(&t, false, RULE(true, 'c', 4, 1, 11), RULE(true, 'c', 1, 1, 11),
			  RULE(true, 'c', 7, 10, DEVICE_ANY), RULE(false, 'c', 2, 10, 200)),
		  0);
	CHECK_STR(print(&t), STRICT "; DeviceAllow a(ss) [/dev/char/1:11 rm, char-10 rwm]");
	CHECK_INT(DEVICES(&t, false, RULE(true, 'c', 7, DEVICE_ANY, 3)), 0);
	CHECK_STR(print(&t), STRICT "; DeviceAllow a(ss) [char-* rwm]");
	CHECK_ERR(DEVICES(&t, true, RULE(true, 'c', 7, DEVICE_ANY, 3)), -EOPNOTSUPP);
	CHECK_INT(DEVICES(&t, false, RULE(true, 'a', 7, DEVICE_ANY, DEVICE_ANY), RULE(false, 'b', 7, 8, 0)), 0);
	CHECK_STR(print(&t), "DevicePolicy s auto; DeviceAllow a(ss) []");
	CHECK_ERR(DEVICES(&t, true, RULE(true, 'a', 7, DEVICE_ANY, DEVICE_ANY), RULE(false, 'b', 7, 8, 0)),
		  -EOPNOTSUPP);
}

TEST(unit_base)
{
	AUTO(told_done) struct told t = { .arena = { 0 } };
	static const char more[] =
		"CPUAccounting b true; MemoryAccounting b true; TasksAccounting b true; IOAccounting b true; "
		"DefaultDependencies b false; CollectMode s inactive-or-failed";
	char want[512];

	CHECK_INT(plan("a.slice:p:n", false), 0);
	CHECK_INT(unit_props_base(&place_, "box", false, &t.arena, &t.props, NULL), 0);
	snprintf(want, sizeof(want), "Description s masu container box; Slice s a.slice; Delegate b true; %s", more);
	CHECK_STR(print(&t), want);
	t.props = (struct unit_props){ 0 };
	CHECK_INT(plan("a.slice:p:n.slice", false), 0);
	CHECK_INT(unit_props_base(&place_, "box", false, &t.arena, &t.props, NULL), 0);
	snprintf(want, sizeof(want), "Description s masu container box; Wants as [a.slice]; %s", more);
	CHECK_STR(print(&t), want);
}

/* ---- what was there before ---- */

#define SAVED(file, now, value) cgroup_saved_value(file, now, value, &a)

TEST(saved_values)
{
	AUTO(arena_done) struct arena a = { 0 };

	CHECK_STR(SAVED("memory.max", "max\n", "5"), "max");
	CHECK_STR(SAVED("cpu.max", "max 100000\n", "5 6"), "max 100000");
	CHECK_STR(SAVED("cpuset.cpus", "\n", "0"), "\n");
	CHECK_STR(SAVED("io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n8:16 rbps=2\n", "8:16 wbps=9"),
		  "8:16 rbps=2");
	CHECK_STR(SAVED("io.max", "", "8:1 wbps=9"), "8:1 rbps=max wbps=max riops=max wiops=max");
	CHECK_STR(SAVED("io.max", "8:10 rbps=1\n", "8:1 wbps=9"), "8:1 rbps=max wbps=max riops=max wiops=max");
	CHECK_STR(SAVED("io.weight", "default 100\n8:0 50\n", "200"), "default 100");
	CHECK_STR(SAVED("io.weight", "default 100\n8:0 50\n", "default 200"), "default 100");
	CHECK_STR(SAVED("io.weight", "default 100\n8:0 50\n", "8:0 200"), "8:0 50");
	CHECK_STR(SAVED("io.weight", "default 100\n", "8:0 200"), "8:0 default");
	CHECK_STR(SAVED("io.bfq.weight", "100\n", "200"), "100");
	CHECK_STR(SAVED("rdma.max", "mlx4_0 hca_handle=2 hca_object=2000\n", "mlx4_0 hca_handle=3"),
		  "mlx4_0 hca_handle=2 hca_object=2000");
	CHECK_STR(SAVED("memory.oom_control", "oom_kill_disable 1\nunder_oom 0\n", "0"), "1");
	CHECK_STR(SAVED("blkio.throttle.read_bps_device", "8:0 5\n", "8:16 9"), "8:16 0");
}

CHECK_MAIN();
