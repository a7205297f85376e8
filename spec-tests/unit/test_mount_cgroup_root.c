/* SPDX-License-Identifier: Apache-2.0 */
/* The mount of type cgroup, as binds of the host's hierarchies or in a cgroup namespace. */
#define SCENE_FILE "cgroup"
#include "unit/mount_scene.h"

static struct mount_cgroup_hierarchy hierarchies[16];

static size_t hierarchies_read(const char *own)
{
	static const char *const names[] = { "memory", "pids", "cpu", "unified" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		static char paths[4][64];

		snprintf(paths[i], sizeof(paths[i]), "/sys/fs/cgroup/%s", names[i]);
		if (strstr(mounted(paths[i]), "cgroup"))
			hierarchies[n++] = (struct mount_cgroup_hierarchy){ names[i], paths[i], own };
	}
	return n;
}

static void cgroup_scene(bool cgroup_ns)
{
	struct scene s;

	scene_init(&s);
	s.in.hierarchies = hierarchies;
	s.in.hierarchies_len = hierarchies_read("/");
	s.in.cgroup_layout = 2;
	s.in.cgroup_ns = cgroup_ns;
	if (!s.in.hierarchies_len)
		return;
	if (cgroup_ns)
		CHECK(!unshare(CLONE_NEWCGROUP));
	proc_mount(&s);
	scene_mount(&s, "sysfs", "sysfs", "/sys", WORDS("ro"));
	scene_mount(&s, "cgroup", "cgroup", "/sys/fs/cgroup", WORDS("nosuid", "noexec", "nodev", "relatime", "ro"));
	RUN(&s);
	CHECK_MNT("/sys/fs/cgroup", "ro");
	CHECK(strstr(mounted("/sys/fs/cgroup"), "tmpfs"));
	CHECK_INT(mode_of("/sys/fs/cgroup"), 0755);
	CHECK_MNT("/sys/fs/cgroup/memory", "ro");
	CHECK_MNT("/sys/fs/cgroup/memory", "nosuid");
	CHECK(!access("/sys/fs/cgroup/memory/cgroup.procs", F_OK));
	CHECK(strstr(mounted("/sys/fs/cgroup/unified"), "cgroup2"));
}

SCENE(cgroup_bound)
{
	cgroup_scene(false);
}

SCENE(cgroup_namespace)
{
	cgroup_scene(true);
}

SCENE(cgroup_co_mounted)
{
	static const struct mount_cgroup_hierarchy h[] = { { "cpu,cpuacct", "/sys/fs/cgroup/cpu", "/" } };
	struct scene s;
	char link[32] = "";

	if (!strstr(mounted("/sys/fs/cgroup/cpu"), "cgroup"))
		return;
	scene_init(&s);
	s.in.hierarchies = h;
	s.in.hierarchies_len = 1;
	s.in.cgroup_layout = 1;
	scene_mount(&s, "cgroup", NULL, "/cg", NONE);
	RUN(&s);
	CHECK(readlink("/cg/cpuacct", link, sizeof(link)) == 3 && !strcmp(link, "cpu"));
	CHECK(!access("/cg/cpuacct/cgroup.procs", F_OK));
}

/* A whole read-only sysfs asked for by name: what hangs below it does not stay writable. */
SCENE(sysfs_clone_shields_control_groups)
{
	struct scene s;

	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, NULL, "/sys", "/sys", WORDS("rbind", "ro"));
	RUN(&s);
	CHECK_MNT("/sys", "ro");
	if (strstr(mounted("/sys/fs/cgroup/memory"), "cgroup"))
		CHECK_MNT("/sys/fs/cgroup/memory", "ro");
}

CHECK_MAIN();
