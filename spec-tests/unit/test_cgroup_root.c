/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroups on the real kernel, as root: each test runs on the host's layout and, in a mount namespace of its own, on what can
 * be had of the others (pure v2: the cgroup2 tree alone over /sys/fs/cgroup; v1: the tree unmounted). Names are unique. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "kernel/cgroup/cgroup.h"

#define SET(v)          \
	{               \
		true, v \
	}

static char name_[96];

/* "/masu-test-PID-<what>" */
static const char *unique(const char *what)
{
	snprintf(name_, sizeof(name_), "/masu-test-%d-%s", (int)getpid(), what);
	return name_;
}

struct env {
	struct cgroup_facts facts;
	int proc;
};

static void env_done(struct env *e)
{
	cgroup_facts_done(&e->facts);
	cleanup_close(&e->proc);
}

static struct env env_new(void)
{
	struct env e = { .facts = CGROUP_FACTS_INIT, .proc = -1 };

	CHECK_INT(cgroup_facts_load(&e.facts, NULL), 0);
	e.proc = procfs_open(NULL);
	return e;
}

static bool fail_text(int r, const struct err *err)
{
	if (r < 0)
		printf("# %s: %s\n", err->pointer, err->text);
	return r < 0;
}

static int prepare(const struct cgroup_facts *facts, const char *path, const struct spec_resources *res,
		   const struct cgroup_options *o, struct cgroup *ret, struct err *err)
{
	AUTO(cgroup_limits_done) struct cgroup_limits limits = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	int r = cgroup_limits_plan(facts, res, NULL, 0, &a, &limits, err);

	if (r == 0)
		r = cgroup_probe(facts, path, o, ret, err);
	if (r < 0)
		return r;
	r = cgroup_create(ret, &limits, err);
	if (r < 0)
		cgroup_done(ret);
	return r;
}

static bool exists(const struct env *e, const char *path)
{
	for (size_t i = 0; i < e->facts.hierarchies_len; i++)
		if (faccessat(e->facts.hierarchies[i].fd, path + 1, F_OK, 0) == 0)
			return true;
	return false;
}

/* A child that sleeps, and forks `more` others that do. */
static pid_t sleeper(unsigned more)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (unsigned i = 0; i < more; i++)
			if (fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				break;
			}
		for (;;)
			pause();
	}
	return pid;
}

static int reap(pid_t pid)
{
	int status = 0;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

/* Runs fn in a child on another layout; its failed checks count here. */
static void on_layout(enum cgroup_layout layout, void (*fn)(void))
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		SKIP("needs root");
	pid = fork();
	if (pid == 0) {
		int r = unshare(CLONE_NEWNS) | mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);

		if (layout == CGROUP_LAYOUT_V2 && access("/sys/fs/cgroup/cgroup.controllers", F_OK) < 0)
			r |= mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
		if (layout == CGROUP_LAYOUT_V1 && umount2("/sys/fs/cgroup/unified", MNT_DETACH) < 0)
			_exit(200);
		if (r < 0)
			_exit(201);
		fn();
		_exit(check_failed ? 1 : check_skipped ? 202 : 0);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) >= 200)
		SKIP(WEXITSTATUS(status) == 202 ? "needs another layout" : "cannot make that layout here");
	CHECK_INT(status, 0);
}

#define TEST_LAYOUTS(ident)                                 \
	static void run_##ident(void);                      \
	TEST(ident##_v1)                                    \
	{                                                   \
		on_layout(CGROUP_LAYOUT_V1, run_##ident);   \
	}                                                   \
	TEST(ident##_v2)                                    \
	{                                                   \
		on_layout(CGROUP_LAYOUT_V2, run_##ident);   \
	}                                                   \
	TEST(ident##_host)                                  \
	{                                                   \
		on_layout(CGROUP_LAYOUT_NONE, run_##ident); \
	}                                                   \
	static void run_##ident(void)

/* CGP-04, CGP-10, CGP-11, OPS-32 */
TEST_LAYOUTS(life)
{
	AUTO(env_done) struct env e = env_new();
	struct cgroup cg, again;
	char record[CGROUP_RECORD_MAX], parent[96], path[128];
	struct err err = { 0 };
	pid_t pid, *pids;
	size_t n;

	snprintf(parent, sizeof(parent), "%s", unique("life"));
	snprintf(path, sizeof(path), "%s/a/b", parent);
	REQUIRE(!fail_text(prepare(&e.facts, path, NULL, NULL, &cg, &err), &err));
	pid = sleeper(2);
	CHECK(!fail_text(cgroup_place(&cg, pid, false, &err), &err));
	CHECK(!fail_text(cgroup_check_pid(&cg, e.proc, pid, &err), &err));
	CHECK_ERR(cgroup_check_pid(&cg, e.proc, getpid(), NULL), -EIO);
	CHECK_INT(cgroup_procs(&cg, true, &pids, &n, &err), 0);
	CHECK(n >= 1);
	free(pids);
	CHECK_ERR(cgroup_probe(&e.facts, path, NULL, &again, &err), -EBUSY);
	CHECK_INT(cgroup_record(&cg, record, sizeof(record)), 0);
	CHECK_INT(cgroup_open(&e.facts, record, &again, NULL), 0);
	cgroup_done(&cg);
	CHECK(!fail_text(cgroup_destroy(&again, &err), &err));
	CHECK_INT(WTERMSIG(reap(pid)), SIGKILL);
	CHECK(!exists(&e, parent));
	CHECK(!fail_text(cgroup_destroy(&again, &err), &err)); /* once more is fine */
	cgroup_done(&again);
}

/* OPS-32, CGP-02: what was there stays. */
TEST_LAYOUTS(foreign)
{
	AUTO(env_done) struct env e = env_new();
	struct cgroup outer, cg;
	struct err err = { 0 };
	char path[2048];
	pid_t pid;

	REQUIRE(!fail_text(prepare(&e.facts, unique("foreign"), NULL, NULL, &outer, &err), &err));
	REQUIRE(!fail_text(prepare(&e.facts, outer.path, NULL, NULL, &cg, &err), &err));
	CHECK_INT(cg.dirs[0].made, 0);
	pid = sleeper(0);
	CHECK_INT(cgroup_place(&cg, pid, false, NULL), 0);
	CHECK(!fail_text(cgroup_destroy(&cg, &err), &err));
	CHECK_INT(WTERMSIG(reap(pid)), SIGKILL);
	CHECK_INT(cgroup_destroy(&cg, NULL), 0); /* not even when it is empty */
	CHECK(exists(&e, outer.path));
	cgroup_done(&cg);

	snprintf(path, sizeof(path), "%s/x", outer.path); /* only the leaf is ours */
	REQUIRE(!fail_text(prepare(&e.facts, path, NULL, NULL, &cg, &err), &err));
	CHECK_INT(cg.dirs[0].made, 1);
	CHECK_INT(cgroup_freeze(&outer, true, &err), 0);
	snprintf(path, sizeof(path), "%s/y", outer.path);
	CHECK_ERR(prepare(&e.facts, path, NULL, NULL, &(struct cgroup){ 0 }, &err),
		  -EBUSY); /* it would be born frozen */
	CHECK(!exists(&e, path));
	CHECK_ERR(prepare(&e.facts, outer.path, NULL, NULL, &(struct cgroup){ 0 }, &err), -EBUSY);
	CHECK_INT(cgroup_freeze(&outer, false, &err), 0);
	CHECK_INT(cgroup_destroy(&cg, &err), 0);
	CHECK(exists(&e, outer.path));
	CHECK_INT(cgroup_destroy(&outer, &err), 0);
	CHECK(!exists(&e, outer.path));
	cgroup_done(&cg);
	cgroup_done(&outer);
}

TEST_LAYOUTS(freeze)
{
	AUTO(env_done) struct env e = env_new();
	struct err err = { 0 };
	struct cgroup cg;
	pid_t pid;

	REQUIRE(!fail_text(prepare(&e.facts, unique("freeze"), NULL, NULL, &cg, &err), &err));
	pid = sleeper(0);
	CHECK_INT(cgroup_place(&cg, pid, false, NULL), 0);
	CHECK_INT(cgroup_is_frozen(&cg, &err), 0);
	CHECK(!fail_text(cgroup_freeze(&cg, true, &err), &err));
	CHECK_INT(cgroup_is_frozen(&cg, &err), 1);
	CHECK_ERR(cgroup_check_fit(&cg, NULL), -EBUSY);
	CHECK(!fail_text(cgroup_kill(&cg, SIGTERM, &err), &err));
	if (e.facts.layout !=
	    CGROUP_LAYOUT_V2) /* the v1 freezer keeps the signal for the thaw; v2 lets a fatal one through */
		CHECK_INT(waitpid(pid, NULL, WNOHANG), 0);
	CHECK(!fail_text(cgroup_freeze(&cg, false, &err), &err));
	CHECK_INT(WTERMSIG(reap(pid)), SIGTERM);
	pid = sleeper(0);
	CHECK_INT(cgroup_place(&cg, pid, false, NULL), 0);
	CHECK_INT(cgroup_freeze(&cg, true, NULL), 0);
	CHECK(!fail_text(cgroup_destroy(&cg, &err), &err)); /* a frozen container can be deleted */
	CHECK_INT(WTERMSIG(reap(pid)), SIGKILL);
	CHECK(!exists(&e, cg.path));
	cgroup_done(&cg);
}

/* What stands above decides; whoever thaws is told so at once. */
TEST_LAYOUTS(frozen_above)
{
	AUTO(env_done) struct env e = env_new();
	int i = cgroup_facts_find(&e.facts, "freezer");
	struct err err = { 0 };
	struct cgroup cg;
	char file[128], path[128];
	bool v2;
	pid_t pid;

	if (i < 0)
		SKIP("there is no freezer");
	v2 = e.facts.hierarchies[i].v2;
	snprintf(path, sizeof(path), "%s/x", unique("above"));
	snprintf(file, sizeof(file), "%s/%s", unique("above") + 1, v2 ? "cgroup.freeze" : "freezer.state");
	REQUIRE(!fail_text(prepare(&e.facts, path, NULL, NULL, &cg, &err), &err));
	pid = sleeper(0);
	CHECK_INT(cgroup_place(&cg, pid, false, NULL), 0);
	CHECK_INT(io_write_file_at(e.facts.hierarchies[i].fd, file, v2 ? "1" : "FROZEN"), 0);
	for (int64_t end = clock_ms() + 10000; cgroup_is_frozen(&cg, NULL) != 1 && clock_ms() < end;)
		clock_pause_us(1000);
	CHECK_ERR(cgroup_freeze(&cg, false, &err), -EBUSY);
	CHECK(strstr(err.text, "a cgroup above it is frozen") != NULL);
	CHECK_INT(io_write_file_at(e.facts.hierarchies[i].fd, file, v2 ? "0" : "THAWED"), 0);
	CHECK(!fail_text(cgroup_freeze(&cg, false, NULL), &err));
	CHECK(!fail_text(cgroup_destroy(&cg, &err), &err));
	CHECK_INT(WTERMSIG(reap(pid)), SIGKILL);
	cgroup_done(&cg);
}

/* Sub-cgroups that the container made, deep ones, with processes in them. */
TEST_LAYOUTS(nested)
{
	AUTO(env_done) struct env e = env_new();
	struct err err = { 0 };
	struct cgroup cg, sub;
	pid_t pid, *pids;
	size_t n;

	REQUIRE(!fail_text(prepare(&e.facts, unique("nested"), NULL, NULL, &cg, &err), &err));
	for (size_t i = 0; i < e.facts.hierarchies_len; i++) {
		char path[2048];

		snprintf(path, sizeof(path), "%s", cg.path + 1);
		for (unsigned k = 0; k < 40; k++) {
			snprintf(path + strlen(path), sizeof(path) - strlen(path), "/d%u", k);
			CHECK_INT(mkdirat(e.facts.hierarchies[i].fd, path, 0755), 0);
		}
		snprintf(path, sizeof(path), "%s/side", cg.path + 1);
		CHECK_INT(mkdirat(e.facts.hierarchies[i].fd, path, 0755), 0);
	}
	pid = sleeper(0);
	CHECK(!fail_text(cgroup_open_sub(&cg, "side", &sub, &err), &err));
	if (cgroup_facts_find_v1(&e.facts, "cpuset") >= 0) { /* an empty cpuset takes nobody */
		CHECK_ERR(cgroup_place(&sub, pid, false, NULL), -ENOSPC);
	} else {
		CHECK(!fail_text(cgroup_place(&sub, pid, false, &err), &err));
		CHECK_INT(cgroup_procs(&cg, false, &pids, &n, NULL), 0);
		CHECK_INT(n, 0);
		free(pids);
		CHECK_INT(cgroup_procs(&cg, true, &pids, &n, NULL), 0);
		CHECK_INT(n, 1);
		free(pids);
	}
	CHECK_ERR(cgroup_open_sub(&cg, "nosuch", &(struct cgroup){ 0 }, NULL), -ENOENT);
	CHECK_ERR(cgroup_open_sub(&cg, "../..", &(struct cgroup){ 0 }, NULL), -EINVAL);
	cgroup_done(&sub);
	CHECK_INT(cgroup_open_pid(&e.facts, e.proc, pid, &sub, &err), 0);
	cgroup_done(&sub);
	CHECK(!fail_text(cgroup_destroy(&cg, &err), &err));
	kill(pid, SIGKILL);
	reap(pid);
	CHECK(!exists(&e, cg.path));
	cgroup_done(&cg);
}

static int try_open(struct cgroup *cg, bool unified, int type, int major, int minor, const char *what)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd;

		if (cgroup_place(cg, getpid(), unified, NULL) < 0)
			_exit(99);
		unlink(what);
		if (mknod(what, (mode_t)type | 0600, makedev((unsigned)major, (unsigned)minor)) < 0)
			_exit(errno);
		fd = open(what, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		_exit(fd < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	unlink(what);
	return WEXITSTATUS(status);
}

/* GHSA-g54h-m393-cpwq, behaviours 7, 21 */
TEST_LAYOUTS(devices)
{
	AUTO(env_done) struct env e = env_new();
	struct spec_device_rule rules[] = {
		{ .allow = SET(false), .access = "rwm" },
		{ .allow = SET(true), .type = SET('c'), .major = SET(1), .minor = SET(11), .access = "rwm" }
	};
	struct spec_resources res = { .devices = rules, .devices_len = 2, .devices_set = true };
	struct err err = { 0 };
	struct cgroup cg;
	char node[64];

	snprintf(node, sizeof(node), "/dev/masu-test-%d", (int)getpid());
	REQUIRE(!fail_text(prepare(&e.facts, unique("devices"), NULL, NULL, &cg, &err), &err));
	CHECK_INT(try_open(&cg, false, S_IFCHR, 1, 3, node), 0);
	CHECK_INT(try_open(&cg, false, S_IFCHR, 1, 11, node), EPERM);
	CHECK_INT(try_open(&cg, false, S_IFBLK, 8, 0, node), EPERM);
	CHECK_INT(try_open(&cg, false, S_IFCHR, 10, 200, node), EPERM);
	CHECK(!fail_text(cgroup_update(&cg, &res, &err), &err)); /* replaces the rules */
	CHECK_INT(try_open(&cg, false, S_IFCHR, 1, 11, node), 0);
	CHECK_INT(try_open(&cg, false, S_IFCHR, 1, 3, node), 0);
	rules[1].minor.value = 3;
	rules[1].allow.value = false;
	CHECK(!fail_text(cgroup_update(&cg, &res, &err), &err));
	CHECK_INT(try_open(&cg, false, S_IFCHR, 1, 11, node), EPERM);
	CHECK_INT(try_open(&cg, false, S_IFCHR, 1, 3, node), EPERM);
	CHECK_INT(try_open(&cg, false, S_IFCHR, 1, 5, node), 0);
	rules[0].allow.value = true; /* everything but null */
	CHECK(!fail_text(cgroup_update(&cg, &res, &err), &err));
	CHECK_INT(try_open(&cg, false, S_IFCHR, 1, 11, node), 0);
	CHECK_INT(try_open(&cg, false, S_IFCHR, 1, 3, node), EPERM);
	CHECK(!fail_text(cgroup_destroy(&cg, &err), &err));
	cgroup_done(&cg);
}

static const char *get(struct cgroup *cg, const char *controller, const char *file)
{
	static char text[256];

	if (cgroup_read(cg, controller, file, text, sizeof(text)) < 0)
		return "?";
	text[strcspn(text, "\n")] = 0;
	return text;
}

static bool v2_has(const struct env *e, const char *controller)
{
	char text[256] = "";

	if (e->facts.unified >= 0)
		(void)io_read_file_at(e->facts.hierarchies[e->facts.unified].fd, "cgroup.controllers", text,
				      sizeof(text));
	return strstr(text, controller) != NULL;
}

/* Where v2 has its controllers: other files, other numbers, and no file for some limits. */
static void limits_of_v2(const struct env *e)
{
	struct spec_memory m = { .limit = SET(67108864), .swap = SET(100663296), .reservation = SET(33554432) };
	struct spec_cpu c = { .shares = SET(512),
			      .quota = SET(25000),
			      .period = SET(50000),
			      .burst = SET(1000),
			      .cpus = "0",
			      .mems = "0" };
	struct spec_pids p = { .limit = SET(0) };
	struct spec_resources res = { .memory = &m, .cpu = &c, .pids = &p };
	struct err err = { 0 };
	struct cgroup cg;

	REQUIRE(!fail_text(prepare(&e->facts, unique("limits"), &res, NULL, &cg, &err), &err));
	CHECK_STR(get(&cg, "memory", "memory.max"), "67108864");
	CHECK_STR(get(&cg, "memory", "memory.swap.max"), "33554432");
	CHECK_STR(get(&cg, "memory", "memory.low"), "33554432");
	CHECK_STR(get(&cg, "cpu", "cpu.weight"), "59");
	CHECK_STR(get(&cg, "cpu", "cpu.max"), "25000 50000");
	CHECK_STR(get(&cg, "cpu", "cpu.max.burst"), "1000");
	CHECK_STR(get(&cg, "cpuset", "cpuset.cpus"), "0");
	CHECK_STR(get(&cg, "cpuset", "cpuset.mems"), "0");
	CHECK_STR(get(&cg, "pids", "pids.max"), "0");

	m = (struct spec_memory){ .limit = SET(134217728), .swap = SET(134217728) }; /* raise both, then lower both */
	c = (struct spec_cpu){ .quota = SET(100000), .burst = SET(90000), .shares = SET(2048) };
	p.limit.value = -1;
	CHECK(!fail_text(cgroup_update(&cg, &res, &err), &err));
	CHECK_STR(get(&cg, "memory", "memory.max"), "134217728");
	CHECK_STR(get(&cg, "memory", "memory.swap.max"), "0");
	CHECK_STR(get(&cg, "cpu", "cpu.weight"), "174");
	CHECK_STR(get(&cg, "cpu", "cpu.max"), "100000 50000");
	CHECK_STR(get(&cg, "cpu", "cpu.max.burst"), "90000");
	CHECK_STR(get(&cg, "pids", "pids.max"), "max");
	m = (struct spec_memory){ .limit = SET(33554432), .swap = SET(33554432) };
	c = (struct spec_cpu){ .quota = SET(20000), .burst = SET(10000) };
	CHECK(!fail_text(cgroup_update(&cg, &res, &err), &err));
	CHECK_STR(get(&cg, "memory", "memory.max"), "33554432");
	CHECK_STR(get(&cg, "cpu", "cpu.max.burst"), "10000");
	m = (struct spec_memory){ .swappiness = SET(7) };
	CHECK_ERR(cgroup_update(&cg, &res, &err), -EOPNOTSUPP);
	CHECK_STR(err.pointer, "/linux/resources/memory/swappiness");
	CHECK(!fail_text(cgroup_destroy(&cg, &err), &err));
	cgroup_done(&cg);
}

/* RES-05, RES-06, RES-07; MEM-02..24, CPU-02..24, HUG-05, HUG-17 on what the host has. */
TEST_LAYOUTS(limits)
{
	AUTO(env_done) struct env e = env_new();
	struct spec_memory m = { .limit = SET(67108864),
				 .swap = SET(100663296),
				 .reservation = SET(33554432),
				 .swappiness = SET(7),
				 .disable_oom_killer = SET(true),
				 .use_hierarchy = SET(true),
				 .kernel_tcp = SET(8388608) };
	struct spec_cpu c = { .shares = SET(512),
			      .quota = SET(25000),
			      .period = SET(50000),
			      .burst = SET(1000),
			      .cpus = "0",
			      .mems = "0",
			      .idle = SET(1) };
	struct spec_pids p = { .limit = SET(0) };
	struct spec_resources res = { .memory = &m, .cpu = &c, .pids = &p };
	struct err err = { 0 };
	struct cgroup cg;

	if (cgroup_facts_find_v1(&e.facts, "memory") < 0) { /* v2 here has no memory controller: RES-05 */
		CHECK_ERR(prepare(&e.facts, unique("limits"), &res, NULL, &cg, &err), -EOPNOTSUPP);
		CHECK_STR(err.pointer, "/linux/resources/memory/kernelTCP");
		if (v2_has(&e, "memory") && v2_has(&e, "cpu") && v2_has(&e, "pids")) {
			limits_of_v2(&e);
			return;
		}
		res.memory = NULL;
		err_clear(&err);
		CHECK_ERR(prepare(&e.facts, unique("limits"), &res, NULL, &cg, &err), -EOPNOTSUPP);
		CHECK(strstr(err.text, "not available") != NULL);
		CHECK(!exists(&e, unique("limits")));
		return;
	}
	REQUIRE(!fail_text(prepare(&e.facts, unique("limits"), &res, NULL, &cg, &err), &err));
	CHECK_STR(get(&cg, "memory", "memory.limit_in_bytes"), "67108864");
	CHECK_STR(get(&cg, "memory", "memory.memsw.limit_in_bytes"), "100663296");
	CHECK_STR(get(&cg, "memory", "memory.swappiness"), "7");
	CHECK_STR(get(&cg, "memory", "memory.kmem.tcp.limit_in_bytes"), "8388608");
	CHECK_STR(get(&cg, "memory", "memory.oom_control"), "oom_kill_disable 1");
	CHECK_STR(get(&cg, "cpu", "cpu.idle"), "1");
	CHECK_STR(get(&cg, "cpu", "cpu.cfs_quota_us"), "25000");
	CHECK_STR(get(&cg, "cpu", "cpu.cfs_period_us"), "50000");
	CHECK_STR(get(&cg, "cpuset", "cpuset.cpus"), "0");
	CHECK_STR(get(&cg, "pids", "pids.max"), "0");

	m = (struct spec_memory){ .limit = SET(134217728), .swap = SET(134217728) }; /* raise both, then lower both */
	c = (struct spec_cpu){ .quota = SET(100000), .burst = SET(90000), .idle = SET(0), .shares = SET(2048) };
	p.limit.value = -1;
	CHECK(!fail_text(cgroup_update(&cg, &res, &err), &err));
	CHECK_STR(get(&cg, "memory", "memory.memsw.limit_in_bytes"), "134217728");
	CHECK_STR(get(&cg, "cpu", "cpu.shares"), "2048");
	CHECK_STR(get(&cg, "cpu", "cpu.cfs_burst_us"), "90000");
	CHECK_STR(get(&cg, "pids", "pids.max"), "max");
	m = (struct spec_memory){ .limit = SET(33554432), .swap = SET(33554432) };
	c = (struct spec_cpu){ .quota = SET(20000), .burst = SET(10000) };
	CHECK(!fail_text(cgroup_update(&cg, &res, &err), &err));
	CHECK_STR(get(&cg, "memory", "memory.limit_in_bytes"), "33554432");
	CHECK_STR(get(&cg, "cpu", "cpu.cfs_burst_us"), "10000");
	m = (struct spec_memory){ .kernel = SET(65536) };
	CHECK_ERR(cgroup_update(&cg, &(struct spec_resources){ .memory = &m }, &err),
		  -ERANGE); /* this kernel only pretends */
	c = (struct spec_cpu){ .shares = SET(262145) };
	CHECK_ERR(cgroup_update(&cg, &(struct spec_resources){ .cpu = &c }, &err), -ERANGE);
	CHECK(!fail_text(cgroup_destroy(&cg, &err), &err));
	cgroup_done(&cg);
}

/* Turning a controller on in the root stays, with every runtime; a test must not leave it so. */
static bool hugetlb_is_on(const struct env *e)
{
	char text[256] = "";

	if (e->facts.unified >= 0)
		(void)io_read_file_at(e->facts.hierarchies[e->facts.unified].fd, "cgroup.subtree_control", text,
				      sizeof(text));
	return strstr(text, "hugetlb") != NULL;
}

static void hugetlb_restore(const struct env *e, bool on)
{
	if (!on && hugetlb_is_on(e))
		CHECK_INT(io_write_file_at(e->facts.hierarchies[e->facts.unified].fd, "cgroup.subtree_control",
					   "-hugetlb"),
			  0);
}

/* A failing limit leaves nothing. */
TEST_LAYOUTS(undo)
{
	AUTO(env_done) struct env e = env_new();
	bool before = hugetlb_is_on(&e);
	struct spec_cpu c = { .cpus = "4000" };
	struct spec_hugepage_limit h = { .page_size = "3MB", .limit = SET(1) };
	struct spec_kv kv = { "nosuch.max", "1" };
	struct spec_resources bad[] = { { .cpu = &c },
					{ .hugepage_limits = &h, .hugepage_limits_len = 1 },
					{ .unified = &kv, .unified_len = 1 } };
	char parent[96], path[128];

	snprintf(parent, sizeof(parent), "%s", unique("undo"));
	snprintf(path, sizeof(path), "%s/x", parent);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = { 0 };
		struct cgroup cg;

		CHECK(prepare(&e.facts, path, &bad[i], NULL, &cg, &err) < 0);
		CHECK(err.pointer[0] == '/');
		CHECK(!exists(&e, parent));
	}
	hugetlb_restore(&e, before);
}

/* HUG-05, RES-08..11 on the cgroup2 tree. */
TEST(hugetlb_and_unified)
{
	struct spec_hugepage_limit h = { .page_size = "2MB", .limit = SET(4194304) };
	struct spec_kv kv = { "cgroup.max.descendants", "5" };
	struct spec_resources res = {
		.hugepage_limits = &h, .hugepage_limits_len = 1, .unified = &kv, .unified_len = 1, .unified_set = true
	};
	struct err err = { 0 };
	struct cgroup cg;

	AUTO(env_done) struct env e = env_new();
	bool before = hugetlb_is_on(&e);

	if (geteuid() != 0)
		SKIP("needs root");
	if (e.facts.unified < 0 ||
	    faccessat(e.facts.hierarchies[e.facts.unified].fd, "cgroup.controllers", F_OK, 0) < 0)
		SKIP("needs a cgroup2 tree");
	REQUIRE(!fail_text(prepare(&e.facts, unique("huge"), &res, NULL, &cg, &err), &err));
	CHECK_STR(get(&cg, "cgroup2", "hugetlb.2MB.rsvd.max"), "4194304");
	CHECK_STR(get(&cg, "cgroup2", "cgroup.max.descendants"), "5");
	CHECK(!fail_text(cgroup_destroy(&cg, &err), &err));
	cgroup_done(&cg);
	hugetlb_restore(&e, before);
}

/* CVE-2025-47291: cloned straight into the cgroup. */
TEST_LAYOUTS(clone_into)
{
	AUTO(env_done) struct env e = env_new();
	struct err err = { 0 };
	struct cgroup cg;
	long pid;

	REQUIRE(!fail_text(prepare(&e.facts, unique("clone"), NULL, NULL, &cg, &err), &err));
	if (e.facts.layout == CGROUP_LAYOUT_V1) {
		CHECK_INT(cgroup_dir_fd(&cg), -1);
	} else {
		struct sys_clone_args args = { .flags = SYS_CLONE_INTO_CGROUP,
					       .exit_signal = SIGCHLD,
					       .cgroup = (uint64_t)cgroup_dir_fd(&cg) };

		pid = sys_clone3(&args);
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		if (CHECK(pid > 0)) {
			CHECK(!fail_text(cgroup_place(&cg, (pid_t)pid, true, &err), &err));
			CHECK(!fail_text(cgroup_check_pid(&cg, e.proc, (pid_t)pid, &err), &err));
			CHECK_INT(cgroup_kill(&cg, SIGKILL, &err), 0);
			CHECK_INT(WTERMSIG(reap((pid_t)pid)), SIGKILL);
		}
	}
	CHECK(!fail_text(cgroup_destroy(&cg, &err), &err));
	cgroup_done(&cg);
}

/* Only pure v2 is handed over (CGP-15). */
TEST_LAYOUTS(delegate)
{
	AUTO(env_done) struct env e = env_new();
	struct err err = { 0 };
	struct cgroup cg;
	struct stat st;
	int fd;

	REQUIRE(!fail_text(prepare(&e.facts, unique("delegate"), NULL, NULL, &cg, &err), &err));
	CHECK(!fail_text(cgroup_delegate(&cg, 12345, &err), &err));
	fd = cgroup_dir_fd(&cg);
	if (fd >= 0) {
		uid_t want = e.facts.layout == CGROUP_LAYOUT_V2 ? 12345 : 0;

		CHECK_INT(fstatat(fd, "cgroup.procs", &st, 0), 0);
		CHECK_INT(st.st_uid, want);
		CHECK_INT(fstat(fd, &st), 0);
		CHECK_INT(st.st_uid, want);
		CHECK_INT(fstatat(fd, "cgroup.max.depth", &st, 0), 0);
		CHECK_INT(st.st_uid, 0);
	}
	CHECK(!fail_text(cgroup_destroy(&cg, &err), &err));
	cgroup_done(&cg);
}

static void unprivileged(bool tolerant, bool limits, int want)
{
	AUTO(env_done) struct env e = env_new();
	struct cgroup_options o = { .rootless_tolerant = tolerant };
	struct spec_pids p = { .limit = SET(5) };
	struct spec_resources res = { .pids = limits ? &p : NULL };
	struct err err = { 0 };
	struct cgroup cg;

	CHECK_INT(setuid(65534), 0);
	CHECK_ERR(prepare(&e.facts, unique("user"), &res, &o, &cg, &err), want);
	if (want == 0)
		CHECK(cgroup_is_disabled(&cg) && cg.driver == &cgroup_driver_disabled);
	else
		CHECK(err.hint[0] != 0);
	CHECK(!exists(&e, unique("user")));
}

TEST_LAYOUTS(rootless_without_limits)
{
	unprivileged(true, false, 0);
}

TEST_LAYOUTS(rootless_with_limits)
{
	unprivileged(true, true, -EACCES);
}

TEST_LAYOUTS(user_intolerant)
{
	unprivileged(false, false, -EACCES);
}

CHECK_MAIN();
