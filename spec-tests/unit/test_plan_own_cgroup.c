/* SPDX-License-Identifier: Apache-2.0 */
/* Which cgroup a mount of cgroups shows to a container that has none of its own. */
#include "check.h"

#include <string.h>

#include "container/plan_own_cgroup.h"

/* Lines as they are loaded: each ends with a zero byte. */
static void load(struct plan_own_cgroup *own, const char *text, size_t len)
{
	memcpy(own->text, text, len);
	own->len = len;
}

TEST(the_line_of_a_hierarchy)
{
	static const char text[] = "4:memory:/a\0001:cpu,cpuacct:/b/c\0000::/d";
	struct cgroup_hierarchy memory = { .name = "memory" }, pids = { .name = "pids" }, unified = { .v2 = true };
	static struct plan_own_cgroup own;

	load(&own, text, sizeof(text));
	CHECK_STR(plan_own_cgroup_path(&own, &memory), "/a");
	CHECK_STR(plan_own_cgroup_path(&own, &unified), "/d");
	CHECK(!plan_own_cgroup_path(&own, &pids));
}

/* Who entered a cgroup namespace and not a cgroup in it is outside: "/.." below the mount would be a directory of the host's. */
TEST(outside_of_the_cgroup_namespace)
{
	static const char text[] = "4:memory:/../../x\0000::/..";
	struct cgroup_hierarchy memory = { .name = "memory" }, unified = { .v2 = true };
	static struct plan_own_cgroup own;

	load(&own, text, sizeof(text));
	CHECK(!plan_own_cgroup_path(&own, &memory));
	CHECK(!plan_own_cgroup_path(&own, &unified));
}

CHECK_MAIN();
