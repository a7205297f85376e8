/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup paths (CGP-03..09) and the reading of mountinfo. Pure. */
#include "check.h"

#include <errno.h>
#include <string.h>

#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/facts.h"
#include "kernel/cgroup/path.h"

static const char *plan(const char *path)
{
	static char ret[CGROUP_PATH_MAX];

	ret[0] = 0;
	return cgroup_path_plan(path, "ctr", ret, sizeof(ret), NULL) == 0 ? ret : NULL;
}

TEST(path_places)
{
	CHECK_STR(plan("/a/b"), "/a/b");
	CHECK_STR(plan("a/b"), "/a/b"); /* the same place whoever asks */
	CHECK_STR(plan(NULL), "/ctr");
	CHECK_STR(plan("/machine/libpod-1.scope"), "/machine/libpod-1.scope");
	CHECK_STR(plan("/with:colon:s/x"), "/with:colon:s/x");
	CHECK_STR(plan("/...dots/..x"), "/...dots/..x");
}

TEST(path_refusals)
{
	static const char *const bad[] = { "/",      "",      "/../../etc", "a/../b", "..",   ".",
					   "/a/./b", "/a//b", "//a",        "/a/",    "/a\nb" };
	char out[CGROUP_PATH_MAX], name[300];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = { 0 };

		CHECK_ERR(cgroup_path_plan(bad[i], "ctr", out, sizeof(out), &err), -EINVAL);
		CHECK_STR(err.pointer, "/linux/cgroupsPath");
	}
	memset(name, 'x', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = 0;
	CHECK_ERR(cgroup_path_plan(name, "ctr", out, sizeof(out), NULL), -ENAMETOOLONG);
	CHECK_ERR(cgroup_path_plan("/aaaaaaaaa", "ctr", out, 10, NULL), -ENAMETOOLONG);
}

TEST(path_systemd_form)
{
	struct err err = { 0 };
	char out[CGROUP_PATH_MAX];

	CHECK_ERR(cgroup_path_plan("system.slice:docker:abc", "ctr", out, sizeof(out), &err), -EINVAL);
	CHECK(strstr(err.hint, "systemd") != NULL);
}

TEST(path_sub)
{
	char out[CGROUP_PATH_MAX];

	CHECK_INT(cgroup_path_plan_sub("/", out, sizeof(out), NULL), 0);
	CHECK_STR(out, "");
	CHECK_INT(cgroup_path_plan_sub("/x/y", out, sizeof(out), NULL), 0);
	CHECK_STR(out, "x/y");
	CHECK_ERR(cgroup_path_plan_sub("../x", out, sizeof(out), NULL), -EINVAL);
	CHECK_INT(cgroup_path_depth("/a/b/c"), 3);
}

static const char hybrid[] =
	"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:3 master:1 - cgroup cgroup rw,cpu,cpuacct\n"
	"33 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset,noprefix,release_agent=/sbin/cpuset_release_agent\n"
	"34 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n"
	"35 31 0:38 / /sys/fs/cgroup/uni\\040fied rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"
	"36 31 0:31 / /mnt/again rw - cgroup cgroup rw,cpuset,noprefix\n"
	"37 31 0:40 / /mnt/x\\040-\\040cgroup rw - ext4 /dev/vda rw\n";

TEST(facts_hybrid)
{
	struct cgroup_facts f;

	CHECK_INT(cgroup_facts_parse(hybrid, &f, NULL), 0);
	CHECK_INT(f.layout, CGROUP_LAYOUT_HYBRID);
	REQUIRE(f.hierarchies_len == 4);
	CHECK_STR(f.hierarchies[0].name, "cpu,cpuacct");
	CHECK_STR(f.hierarchies[1].name, "cpuset");
	CHECK(f.hierarchies[1].noprefix && !f.hierarchies[0].noprefix);
	CHECK_STR(f.hierarchies[2].name, "name=systemd");
	CHECK_STR(f.hierarchies[3].mount, "/sys/fs/cgroup/uni fied");
	CHECK_INT(f.unified, 3);
	CHECK_INT(cgroup_facts_find(&f, "cpuacct"), 0);
	CHECK_INT(cgroup_facts_find(&f, "cpu"), 0);
	CHECK_INT(cgroup_facts_find(&f, "hugetlb"), 3);
	CHECK_INT(cgroup_facts_find_v1(&f, "hugetlb"), -1);
}

TEST(facts_others)
{
	struct cgroup_facts f;

	CHECK_INT(cgroup_facts_parse("", &f, NULL), 0);
	CHECK_INT(f.layout, CGROUP_LAYOUT_NONE);
	CHECK_INT(cgroup_facts_find(&f, "memory"), -1);
	CHECK_INT(cgroup_facts_parse("1 2 0:3 / /c rw - cgroup2 none rw", &f, NULL), 0);
	CHECK_INT(f.layout, CGROUP_LAYOUT_V2);
	CHECK_INT(cgroup_facts_parse("1 2 0:3 / /c rw - cgroup none rw,memory", &f, NULL), 0);
	CHECK_INT(f.layout, CGROUP_LAYOUT_V1);
	CHECK_INT(cgroup_facts_find(&f, "io"), -1);
}

TEST(facts_assumed)
{
	static const enum cgroup_layout layouts[] = { CGROUP_LAYOUT_NONE, CGROUP_LAYOUT_V1, CGROUP_LAYOUT_HYBRID,
						      CGROUP_LAYOUT_V2 };
	static const size_t lens[] = { 0, 12, 13, 1 };
	struct cgroup_facts f;

	for (size_t i = 0; i < 4; i++) {
		CHECK_INT(cgroup_facts_assume(layouts[i], &f, NULL), 0);
		CHECK_INT(f.layout, layouts[i]);
		CHECK_INT(f.hierarchies_len, lens[i]);
		for (size_t k = 0; k < f.hierarchies_len; k++)
			CHECK_INT(f.hierarchies[k].fd, -1);
	}
	CHECK_STR(f.hierarchies[0].mount, "/sys/fs/cgroup");
}

TEST(record_round_trip)
{
	struct cgroup_facts f;
	struct cgroup cg, back;
	char a[CGROUP_RECORD_MAX], b[CGROUP_RECORD_MAX];

	CHECK_INT(cgroup_facts_parse(hybrid, &f, NULL), 0);
	CHECK_INT(cgroup_open(&f, "cgroupfs cpu,cpuacct:1 name=systemd:2 unified:1 /a b/c:d", &cg, NULL), 0);
	CHECK_STR(cg.path, "/a b/c:d");
	CHECK_INT(cg.dirs[0].made, 1);
	CHECK_INT(cg.dirs[1].made, 0);
	CHECK_INT(cg.dirs[2].made, 2);
	CHECK_INT(cgroup_record(&cg, a, sizeof(a)), 0);
	CHECK_STR(a, "cgroupfs cpu,cpuacct:1 name=systemd:2 unified:1 /a b/c:d");
	CHECK_INT(cgroup_open(&f, a, &back, NULL), 0);
	CHECK_INT(cgroup_record(&back, b, sizeof(b)), 0);
	CHECK_STR(b, a);
	CHECK_ERR(cgroup_record(&cg, a, 20), -ENAMETOOLONG);
	CHECK_INT(cgroup_open(&f, "disabled", &cg, NULL), 0);
	CHECK(cgroup_is_disabled(&cg));
	CHECK_INT(cgroup_destroy(&cg, NULL), 0);
}

TEST(record_refusals)
{
	static const char *const bad[] = { "",
					   "what /a",
					   "cgroupfs",
					   "cgroupfs /",
					   "cgroupfs /a/../b",
					   "cgroupfs cpu:x /a",
					   "cgroupfs unified:3 /a/b",
					   "cgroupfs unified:99999999 /a",
					   "cgroupfs junk /a" };
	struct cgroup_facts f;
	struct cgroup cg;

	CHECK_INT(cgroup_facts_parse(hybrid, &f, NULL), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!CHECK_ERR(cgroup_open(&f, bad[i], &cg, NULL), -EINVAL))
			printf("# record `%s`\n", bad[i]);
}

CHECK_MAIN();
