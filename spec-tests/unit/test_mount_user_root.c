/* SPDX-License-Identifier: Apache-2.0 */
/* The same in a user namespace, with and without the right to mount. */
#define SCENE_FILE "user"
#include "unit/mount_scene.h"

static struct spec_id_mapping map_ids[] = { { { true, 0 }, { true, 100000 }, { true, 65536 } } };

/* fn sets the scene up; the child has a user namespace with map_ids and, if privileged, what the host side opened. */
static void user_scene_with(int namespaces, void (*fn)(struct scene *), bool privileged, void (*check)(struct scene *),
			    int want)
{
	int ready[2], mapped[2], status;
	struct scene s;
	pid_t pid;
	char c;

	scene_init(&s);
	s.in.user_ns = s.dev_in.user_ns = true;
	s.in.host_can_open_sources = s.dev_in.host_can_make_nodes = privileged;
	s.lnx.uid_mappings = s.lnx.gid_mappings = map_ids;
	s.lnx.uid_mappings_len = s.lnx.gid_mappings_len = 1;
	chown(ROOTFS, 100000, 100000);
	chown(ROOTFS "/etc", 100000, 100000);
	fn(&s);
	if (!CHECK_INT(scene_plan(&s), 0)) {
		scene_say(&s);
		return;
	}
	CHECK(!pipe(ready) && !pipe(mapped));
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWUSER | namespaces) || write(ready[1], "x", 1) != 1 || read(mapped[0], &c, 1) != 1)
			_exit(98);
		pid = fork(); /* into the pid namespace */
		if (pid) {
			waitpid(pid, &status, 0);
			_exit(WEXITSTATUS(status));
		}
		if (setresgid(0, 0, 0) || setresuid(0, 0, 0) || unshare(CLONE_NEWNS))
			_exit(97);
		int r = scene_enter(&s);

		if (!CHECK_INT(r, want))
			scene_say(&s);
		if (check && r == want)
			check(&s);
		fflush(stdout);
		_exit(check_failed ? 1 : 0);
	}
	CHECK(read(ready[0], &c, 1) == 1);
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	put(path, "0 100000 65536\n");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	put(path, "0 100000 65536\n");
	CHECK(write(mapped[1], "x", 1) == 1);
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
}

static void user_scene(void (*fn)(struct scene *), bool privileged, void (*check)(struct scene *), int want)
{
	user_scene_with(CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET, fn, privileged, check, want);
}

/* The host side of a privileged start: sources and nodes are opened before the fork, so that the child has the fds. */
static void host_side(struct scene *s)
{
	int userns = -1;

	if (scene_plan(s) || scene_sources(s, userns) ||
	    dev_host_make(&s->flat, &s->dev, s->dev_fds, ARRAY_SIZE(s->dev_fds), &s->dev_nfds, &s->err))
		scene_say(s);
	s->buf = (struct buf){ 0 }; /* planned once more, with the same result */
}

static void user_setup(struct scene *s)
{
	mount(TOP "/vol", TOP "/vol", NULL, MS_BIND, NULL);
	mount(NULL, TOP "/vol", NULL, MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV, NULL);
	proc_mount(s);
	scene_mount(s, "tmpfs", NULL, "/dev", WORDS("nosuid", "mode=755"));
	scene_mount(s, "devpts", NULL, "/dev/pts", WORDS("newinstance", "ptmxmode=0666", "mode=0620", "gid=5"));
	scene_mount(s, "mqueue", NULL, "/dev/mqueue", NONE);
	scene_mount(s, "sysfs", NULL, "/sys", WORDS("ro", "nosuid"));
	scene_mount(s, NULL, TOP "/vol", "/vol", WORDS("bind", "ro"));
	masks(s, WORDS("/proc/timer_list", "/proc/acpi", "/sys/firmware"), WORDS("/proc/sys"));
}

static void user_setup_host(struct scene *s)
{
	user_setup(s);
	chmod(TOP, 0700); /* the container's root cannot even walk to its sources */
	scene_device(s, 'c', "/dev/mine", 1, 5);
	s->devices[0].file_mode = (struct opt_u64){ true, 0640 };
	s->devices[0].uid = (struct opt_u64){ true, 5 };
	s->devices[0].gid = (struct opt_u64){ true, 6 };
	host_side(s);
}

static void user_check(struct scene *s)
{
	struct stat st;

	CHECK(is_node("/dev/null", 1, 3) && is_node("/dev/tty", 5, 0));
	CHECK_STR(get("/vol/file"), "volume");
	CHECK_MNT("/vol", "ro");
	CHECK_MNT("/vol", "nosuid");
	CHECK_MNT("/sys", "ro");
	CHECK_MNT("/proc/sys", "ro");
	CHECK_STR(get("/proc/timer_list"), "");
	int fd = open("/dev/null", O_RDWR);
	CHECK(fd >= 0 && write(fd, "x", 1) == 1);
	if (!(s->plan.host_sources))
		return;
	CHECK(!stat("/dev/mine", &st) && st.st_rdev == makedev(1, 5) && st.st_uid == 5 && st.st_gid == 6 &&
	      (st.st_mode & 07777) == 0640);
	CHECK(!stat("/dev/null", &st) && st.st_uid == 0 && st.st_gid == 0 && (st.st_mode & 07777) == 0666);
	char b[4];
	fd = open("/dev/mine", O_RDONLY);
	CHECK(fd >= 0 && read(fd, b, 4) == 4);
}

SCENE(user_namespace)
{
	user_scene(user_setup, false, user_check, 0);
}

SCENE(user_namespace_host_sources)
{
	user_scene(user_setup_host, true, user_check, 0);
}

/* Neither a pid nor a network namespace: proc and sysfs cannot be mounted, the host's are cloned. */
static void fallback_setup(struct scene *s)
{
	scene_mount(s, "proc", "proc", "/proc", WORDS("nosuid", "noexec", "nodev"));
	scene_mount(s, "sysfs", NULL, "/sys", WORDS("ro", "nosuid", "noexec", "nodev"));
}

static void fallback_check(struct scene *s)
{
	(void)s;
	CHECK_MNT("/proc", "nosuid");
	CHECK_MNT("/sys", "ro");
	if (strstr(mounted("/sys/fs/cgroup"), "tmpfs"))
		CHECK_MNT("/sys/fs/cgroup", "ro");
	if (strstr(mounted("/sys/fs/cgroup/memory"), "cgroup"))
		CHECK_MNT("/sys/fs/cgroup/memory", "ro");
}

SCENE(user_namespace_fallback)
{
	user_scene_with(0, fallback_setup, false, fallback_check, 0);
}

/* What cannot be had of the host's own is refused: the way in which it keeps access times is locked. */
static void fallback_atime_setup(struct scene *s)
{
	scene_mount(s, "proc", "proc", "/proc", NONE);
	scene_mount(s, "sysfs", NULL, "/sys", WORDS("ro", "noatime"));
}

SCENE(user_namespace_fallback_atime)
{
	user_scene_with(0, fallback_atime_setup, false, NULL, -EPERM);
}

static void fallback_writable_setup(struct scene *s)
{
	scene_mount(s, "sysfs", NULL, "/sys", WORDS("nosuid"));
}

SCENE(user_namespace_fallback_writable)
{
	user_scene_with(0, fallback_writable_setup, false, NULL, -EPERM);
}

static void locked_setup(struct scene *s)
{
	user_setup(s);
	scene_mount(s, NULL, TOP "/vol", "/vol2", WORDS("bind", "suid"));
}

static void locked_check(struct scene *s)
{
	CHECK(strstr(s->err.text, "suid: locked by the parent user namespace"));
	CHECK_STR(s->err.pointer, "/mounts/6");
}

SCENE(user_namespace_locked_flags)
{
	user_scene(locked_setup, false, locked_check, -EPERM);
}

static void owned_device_setup(struct scene *s)
{
	scene_mount(s, "tmpfs", NULL, "/dev", NONE);
	scene_device(s, 'c', "/dev/zero", 1, 5);
	s->devices[0].file_mode = (struct opt_u64){ true, 0600 };
}

SCENE(user_namespace_device_modes)
{
	user_scene(owned_device_setup, false, NULL, -EPERM);
}

static void idmap_setup(struct scene *s)
{
	static struct spec_id_mapping map[] = { { { true, 0 }, { true, 100000 }, { true, 1000 } } };
	struct spec_mount *m;

	chown(TOP "/vol/file", 7, 7);
	proc_mount(s);
	m = scene_mount(s, NULL, TOP "/vol", "/vol", WORDS("bind", "idmap"));
	m->uid_mappings = m->gid_mappings = map;
	m->uid_mappings_len = m->gid_mappings_len = 1;
	host_side(s);
}

static void idmap_check(struct scene *s)
{
	struct stat st;

	(void)s;
	CHECK(!stat("/vol/file", &st) && st.st_uid == 7);
	CHECK(strstr(mounted("/vol"), "idmapped"));
}

SCENE(user_namespace_idmap)
{
	user_scene(idmap_setup, true, idmap_check, 0);
}

SCENE(idmap_without_user_namespace)
{
	static struct spec_id_mapping map[] = { { { true, 7 }, { true, 1007 }, { true, 1 } } };
	struct spec_mount *m;
	struct scene s;
	struct stat st;

	chown(TOP "/vol/file", 7, 7);
	mkdir(TOP "/vol/sub", 0755);
	mount("tmpfs", TOP "/vol/sub", "tmpfs", 0, NULL);
	scene_init(&s);
	proc_mount(&s);
	m = scene_mount(&s, NULL, TOP "/vol", "/one", WORDS("rbind", "idmap"));
	m->uid_mappings = m->gid_mappings = map;
	m->uid_mappings_len = m->gid_mappings_len = 1;
	m = scene_mount(&s, NULL, TOP "/vol", "/two", WORDS("rbind", "ridmap"));
	m->uid_mappings = m->gid_mappings = map;
	m->uid_mappings_len = m->gid_mappings_len = 1;
	RUN(&s);
	CHECK(!stat("/one/file", &st) && st.st_uid == 1007 && st.st_gid == 1007);
	CHECK(strstr(mounted("/one"), "idmapped") && !strstr(mounted("/one/sub"), "idmapped"));
	CHECK(strstr(mounted("/two/sub"), "idmapped"));
}

CHECK_MAIN();
