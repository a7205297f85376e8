/* SPDX-License-Identifier: Apache-2.0 */
/* Propagation, the change of the root, and roots that cannot be. */
#define SCENE_FILE "pivot"
#include "unit/mount_scene.h"

static const char *propagation_of(int64_t value, bool host_shared, bool no_pivot)
{
	static char out[4096];
	struct scene s;

	if (host_shared)
		mount("", "/", NULL, MS_REC | MS_SHARED, NULL);
	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, NULL, TOP "/vol", "/vol", WORDS("rbind"));
	scene_mount(&s, NULL, TOP "/vol", "/rshared", WORDS("rbind", "rshared"));
	s.in.no_pivot = no_pivot;
	if (value >= 0)
		s.lnx.rootfs_propagation = (struct opt_i64){ true, value };
	/* a master lives as long as its mount namespace */
	open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	unshare(CLONE_NEWNS);
	if (scene_run(&s))
		scene_say(&s);
	snprintf(out, sizeof(out), "%s", mounted("/"));
	return out;
}

#define PROPAGATION(ident, value, shared, no_pivot, good)                   \
	SCENE(ident)                                                        \
	{                                                                   \
		const char *line = propagation_of(value, shared, no_pivot); \
		if (!CHECK(good))                                           \
			printf("# %s\n", line);                             \
	}
PROPAGATION(propagation_absent, -1, true, false, strstr(line, "master:") && !strstr(line, "shared:"))
PROPAGATION(propagation_absent_private_host, -1, false, false,
	    *line && !strstr(line, "master:") && !strstr(line, "shared:"))
PROPAGATION(propagation_slave, SPEC_PROPAGATION_SLAVE, true, false, strstr(line, "master:") && !strstr(line, "shared:"))
PROPAGATION(propagation_shared, SPEC_PROPAGATION_SHARED, true, false,
	    strstr(line, "shared:") && !strstr(line, "master:"))
PROPAGATION(propagation_private, SPEC_PROPAGATION_PRIVATE, true, false,
	    *line && !strstr(line, "shared:") && !strstr(line, "master:"))
PROPAGATION(propagation_unbindable, SPEC_PROPAGATION_UNBINDABLE, true, false, strstr(line, "unbindable"))
PROPAGATION(propagation_no_pivot, SPEC_PROPAGATION_SHARED, true, true,
	    strstr(line, "shared:") && !strstr(line, "master:"))

/* What the container mounts stays inside, whatever the propagation; what the host mounts below the root comes in when the
 * root is a slave. */
SCENE(host_mounts_and_ours)
{
	static const int64_t values[] = { -1, SPEC_PROPAGATION_SHARED, SPEC_PROPAGATION_SLAVE,
					  SPEC_PROPAGATION_PRIVATE };
	char before[65536];

	mkdir(ROOTFS "/in", 0755);
	mkdir(ROOTFS "/host", 0755);
	mount("", "/", NULL, MS_REC | MS_SHARED, NULL);
	snprintf(before, sizeof(before), "%s", get("/proc/self/mountinfo"));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		int to[2], from[2], status;
		bool slave = values[i] < 0 || values[i] == SPEC_PROPAGATION_SLAVE;
		pid_t pid;
		char c = 0;

		CHECK(!pipe(to) && !pipe(from));
		pid = fork();
		if (!pid) {
			propagation_of(values[i], false, false);
			bool ok = !mount("tmpfs", "/in", "tmpfs", 0, NULL) && !mount("tmpfs", "/vol", "tmpfs", 0, NULL);

			ok = write(from[1], "x", 1) == 1 && read(to[0], &c, 1) == 1 && ok;
			ok = ok && slave == (access("/host/there", F_OK) == 0);
			_exit(!ok);
		}
		close(from[1]);
		CHECK(read(from[0], &c, 1) == 1);
		CHECK_STR(get("/proc/self/mountinfo"), before);
		mount("tmpfs", ROOTFS "/host", "tmpfs", 0, NULL);
		put(ROOTFS "/host/there", "");
		CHECK(write(to[1], "x", 1) == 1);
		waitpid(pid, &status, 0);
		CHECK_INT(status, 0);
		umount2(ROOTFS "/host", MNT_DETACH);
		CHECK_STR(get("/proc/self/mountinfo"), before);
	}
}

SCENE(no_pivot)
{
	struct scene s;

	scene_init(&s);
	proc_mount(&s);
	s.in.no_pivot = true;
	RUN(&s);
	CHECK_STR(get("/etc/name"), "rootfs");
	CHECK(!is_readable(TOP "/vol/file"));
	CHECK_MNT("/", "rw");
	/* out of the chroot there is only the same root again */
	int dir = open("/", O_DIRECTORY);
	mkdir("/jail", 0755);
	CHECK(!chroot("/jail") && !fchdir(dir));
	for (int i = 0; i < 16; i++)
		CHECK(!chdir(".."));
	CHECK(!chroot("."));
	CHECK_STR(get("/etc/name"), "rootfs");
}

SCENE(without_mount_namespace)
{
	struct scene s;

	scene_init(&s);
	s.in.mount_ns = MOUNT_NS_NONE;
	RUN(&s);
	CHECK_STR(get("/etc/name"), "rootfs");
	CHECK(is_node("/dev/null", 1, 3));
}

SCENE(joined_mount_namespace)
{
	struct scene s;

	scene_init(&s);
	s.in.mount_ns = MOUNT_NS_JOINED;
	proc_mount(&s);
	scene_mount(&s, "tmpfs", NULL, "/t", WORDS("ro"));
	masks(&s, WORDS("/etc"), NONE);
	RUN(&s);
	CHECK(access("/etc/name", F_OK) < 0);
	CHECK_MNT("/t", "ro");
}

SCENE(joined_mount_namespace_shared)
{
	struct scene s;

	mount("", "/", NULL, MS_REC | MS_SHARED, NULL);
	scene_init(&s);
	s.in.mount_ns = MOUNT_NS_JOINED;
	CHECK_ERR(scene_run(&s), -EINVAL);
	CHECK(strstr(s.err.text, "shares"));
}

SCENE(host_root_as_root)
{
	struct scene s;

	scene_init(&s);
	s.root.path = "/";
	scene_mount(&s, "tmpfs", NULL, "/mnt", WORDS("ro"));
	scene_mount(&s, NULL, "/dev", "/dev", WORDS("rbind"));
	RUN(&s);
	CHECK_STR(get(TOP "/vol/file"), "volume");
	CHECK(has_word(mounted("/mnt"), "ro", false));
}

SCENE(root_errors)
{
	struct scene *s;

	s = scene_shared();
	s->root.path = "nowhere";
	CHECK_ERR(scene_try(s), -ENOENT);
	CHECK_STR(s->err.pointer, "/root/path");
	s = scene_shared();
	s->root.path = TOP "/vol/file";
	CHECK_ERR(scene_try(s), -ENOTDIR);
}

CHECK_MAIN();
