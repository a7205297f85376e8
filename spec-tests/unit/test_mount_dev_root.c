/* SPDX-License-Identifier: Apache-2.0 */
/* Masks, read-only paths, /dev and the device nodes. */
#define SCENE_FILE "dev"
#include "unit/mount_scene.h"

SCENE(masked_and_readonly)
{
	struct scene s;

	mkdir(ROOTFS "/d", 0755);
	mkdir(ROOTFS "/d/e", 0755);
	put(ROOTFS "/d/e/f", "secret");
	put(ROOTFS "/d/g", "secret");
	put(ROOTFS "/h", "secret");
	symlink("/h", ROOTFS "/l");
	mkdir(ROOTFS "/w", 0755);
	mkdir(ROOTFS "/w/x", 0755);
	mkdir(ROOTFS "/m", 0755);
	mkdir(ROOTFS "/deep", 0755);
	mkdir(ROOTFS "/deep/x", 0755);
	scene_init(&s);
	s.root.readonly = (struct opt_bool){ true, true };
	scene_mount(&s, "proc", "proc", "/proc", WORDS("nosuid", "noexec", "nodev"));
	scene_mount(&s, "tmpfs", NULL, "/w/x", WORDS("nosuid"));
	scene_mount(&s, "tmpfs", NULL, "/m", NONE);
	scene_mount(&s, "tmpfs", NULL, "/deep/x", NONE);
	masks(&s, WORDS("/d/e", "/d", "/l", "/none", "/h/none", "/proc/timer_list", "/proc/acpi"),
	      WORDS("/w/x", "/w", "/proc/sys", "/none", "/deep"));
	RUN(&s);
	CHECK(access("/d/e", F_OK) < 0 && access("/d/g", F_OK) < 0);
	CHECK(open("/d/new", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS);
	CHECK_STR(get("/h"), "");
	CHECK(is_node("/h", 1, 3));
	CHECK_STR(get("/proc/timer_list"), "");
	CHECK(strstr(get("/proc/self/mountinfo"), " /null /proc/timer_list"));
	CHECK(open("/w/n", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS);
	CHECK(open("/w/x/n", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS);
	CHECK_MNT("/deep/x", "ro");
	CHECK_MNT("/proc/sys", "ro");
	CHECK_MNT("/proc/sys", "nosuid");
	CHECK_MNT("/proc/sys", "noexec");
	CHECK(open("/new", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS);
	CHECK_MNT("/", "ro");
	CHECK(open("/m/new", O_CREAT | O_WRONLY, 0600) >= 0);
}

/* The container's own /dev/null must not be what masks, whatever it is. */
SCENE(mask_with_evil_null)
{
	struct scene s;

	mkdir(TOP "/voldev", 0755);
	symlink("/proc/sys/kernel/domainname", TOP "/voldev/null");
	put(ROOTFS "/secret", "secret");
	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, NULL, TOP "/voldev", "/dev", WORDS("bind"));
	masks(&s, WORDS("/secret", "/proc/timer_list", "/etc"), NONE);
	RUN(&s);
	CHECK_STR(get("/secret"), "");
	CHECK(is_node("/secret", 1, 3));
	CHECK(strstr(get("/proc/self/mountinfo"), " /null /secret"));
	CHECK(access("/etc/name", F_OK) < 0);
	/* a /dev of somebody else is left alone */
	CHECK(access("/dev/zero", F_OK) < 0);
}

SCENE(read_only_dev)
{
	struct scene s;

	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, "tmpfs", NULL, "/dev", WORDS("ro", "nosuid"));
	scene_mount(&s, "devpts", NULL, "/dev/pts", NONE);
	RUN(&s);
	CHECK_MNT("/dev", "ro");
	CHECK(is_node("/dev/null", 1, 3));
	CHECK(open("/dev/new", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS);
}

SCENE(devices)
{
	struct scene s;
	struct stat st;

	scene_init(&s);
	scene_device(&s, 'c', "/dev/mynull", 1, 3);
	s.devices[0].file_mode = (struct opt_u64){ true, 0621 };
	s.devices[0].uid = (struct opt_u64){ true, 77 };
	s.devices[0].gid = (struct opt_u64){ true, 78 };
	scene_device(&s, 'b', "/devx/loop", 7, 0);
	scene_device(&s, 'p', "/dev/deep/fifo", 0, 0);
	scene_device(&s, 'u', "/dev/zero", 1, 5);
	scene_device(&s, 'c', "/there", 1, 7);
	s.devices[4].file_mode = (struct opt_u64){ true, 020600 };
	mknod(ROOTFS "/there", S_IFCHR | 0644, makedev(1, 7));
	umask(0777);
	RUN(&s);
	umask(022);
	CHECK(!lstat("/dev/mynull", &st) && st.st_rdev == makedev(1, 3) && st.st_uid == 77 && st.st_gid == 78 &&
	      (st.st_mode & 07777) == 0621);
	CHECK(!lstat("/devx/loop", &st) && S_ISBLK(st.st_mode) && st.st_rdev == makedev(7, 0));
	CHECK_INT(mode_of("/devx/loop"), 0666);
	CHECK(!lstat("/dev/deep/fifo", &st) && S_ISFIFO(st.st_mode));
	CHECK_INT(mode_of("/there"), 0600);
	CHECK_INT(mode_of("/dev"), 0755);
}

SCENE(device_conflicts)
{
	struct scene *s;

	put(ROOTFS "/file", "x");
	mknod(ROOTFS "/other", S_IFCHR | 0644, makedev(1, 5));
	symlink("/dev/null", ROOTFS "/link");
	for (int i = 0; i < 3; i++) {
		s = scene_shared();
		scene_device(s, 'c', i == 0 ? "/file" : i == 1 ? "/other" : "/link", 1, 3);
		CHECK_ERR(scene_try(s), -EEXIST);
		CHECK_STR(s->err.pointer, "/linux/devices/0");
	}
}

/* A node that is the host's inode is not changed, whatever the document says about it; one that an earlier start left in the root is. */
SCENE(devices_of_the_host_stay_as_they_are)
{
	struct scene s;
	struct stat st;

	mkdir(TOP "/host", 0755);
	mkdir(TOP "/host/dri", 0755);
	mknod(TOP "/host/dri/card", S_IFCHR | 0600, makedev(1, 3));
	mknod(TOP "/host/kvm", S_IFCHR | 0600, makedev(1, 5));
	mkdir(ROOTFS "/srv", 0755);
	mknod(ROOTFS "/srv/old", S_IFCHR | 0600, makedev(1, 7));
	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, "tmpfs", NULL, "/dev", WORDS("mode=755"));
	scene_mount(&s, NULL, TOP "/host/dri", "/dev/dri", WORDS("bind"));
	scene_mount(&s, NULL, TOP "/host/kvm", "/dev/kvm", WORDS("bind"));
	scene_device(&s, 'c', "/dev/dri/card", 1, 3);
	scene_device(&s, 'c', "/dev/kvm", 1, 5);
	scene_device(&s, 'c', "/srv/old", 1, 7);
	for (int i = 0; i < 3; i++) {
		s.devices[i].file_mode = (struct opt_u64){ true, 0666 };
		s.devices[i].uid = s.devices[i].gid = (struct opt_u64){ true, 1000 };
	}
	RUN(&s);
	CHECK(!lstat("/dev/dri/card", &st) && (st.st_mode & 07777) == 0600 && !st.st_uid && !st.st_gid);
	CHECK(!lstat("/dev/kvm", &st) && (st.st_mode & 07777) == 0600 && !st.st_uid && !st.st_gid);
	CHECK(!lstat("/srv/old", &st) && (st.st_mode & 07777) == 0666 && st.st_uid == 1000 && st.st_gid == 1000);
}

/* Neither nodes nor directories nor links are made in a volume, however the image leads there. */
SCENE(devices_are_not_made_in_volumes)
{
	struct scene *s;

	symlink("/vol", ROOTFS "/dev");
	s = scene_shared();
	scene_mount(s, NULL, TOP "/vol", "/vol", WORDS("bind"));
	CHECK_ERR(scene_try(s), -ENOENT);
	CHECK_STR(s->failed, "devices");
	unlink(ROOTFS "/dev");
	for (int i = 0; i < 2; i++) {
		s = scene_shared();
		scene_mount(s, NULL, TOP "/vol", "/vol", WORDS("bind"));
		scene_device(s, 'c', i ? "/vol/null" : "/vol/sub/deep/null", 1, 3);
		CHECK_ERR(scene_try(s), -ENOENT);
		CHECK_STR(s->err.pointer, "/linux/devices/0");
	}
	CHECK(access(TOP "/vol/null", F_OK) && access(TOP "/vol/sub", F_OK) && access(TOP "/vol/fd", F_OK));
	symlink("mine", TOP "/vol/ptmx");
	for (size_t i = 0; i < dev_defaults_len; i++) {
		char path[64];

		snprintf(path, sizeof(path), TOP "/vol/%s", dev_defaults[i].path + strlen("/dev/"));
		mknod(path, S_IFCHR | 0600, makedev(dev_defaults[i].major, dev_defaults[i].minor));
	}
	rmdir(ROOTFS "/dev");
	symlink("/vol", ROOTFS "/dev");
	s = scene_shared();
	scene_mount(s, NULL, TOP "/vol", "/vol", WORDS("bind"));
	CHECK_INT(scene_try(s), 0);
	CHECK_INT(mode_of(TOP "/vol/null"), 0600);
	char link[16] = "";
	CHECK(readlink(TOP "/vol/ptmx", link, sizeof(link) - 1) == 4 && access(TOP "/vol/stdin", F_OK));
}

SCENE(read_only_dev_with_what_is_below)
{
	struct scene s;

	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, "tmpfs", NULL, "/dev", NONE);
	scene_mount(&s, "tmpfs", NULL, "/dev/shm", NONE);
	scene_mount(&s, NULL, NULL, "/dev", WORDS("bind", "remount", "rro"));
	scene_mount(&s, "tmpfs", NULL, "/dev/later", NONE);
	RUN(&s);
	CHECK_MNT("/dev", "ro");
	CHECK_MNT("/dev/shm", "ro");
	CHECK_NO_MNT("/dev/later", "ro");
	CHECK(is_node("/dev/null", 1, 3));
}

/* /dev of the image as a link to a directory of the host: everything happens inside the root. */
SCENE(dev_is_a_link)
{
	static const char *const targets[] = { TOP "/decoy", "../../decoy", "x" };
	struct scene s;

	symlink("../../../" TOP "/decoy", ROOTFS "/x");
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		pid_t pid;
		int status;

		unlink(ROOTFS "/dev");
		symlink(targets[i], ROOTFS "/dev");
		pid = fork();
		if (!pid) {
			unshare(CLONE_NEWNS);
			scene_init(&s);
			if (scene_run(&s))
				scene_say(&s);
			_exit(!is_node("/dev/null", 1, 3));
		}
		waitpid(pid, &status, 0);
		CHECK_INT(status, 0);
	}
	CHECK_STR(get(TOP "/decoy/ptmx"), "decoy");
	CHECK(access(TOP "/decoy/null", F_OK) < 0 && access(TOP "/decoy/fd", F_OK) < 0);
}

SCENE(console_is_a_link)
{
	struct scene s;
	int slave;
	char pts[64];

	mkdir(ROOTFS "/dev", 0755);
	symlink(TOP "/decoy/pwned", ROOTFS "/dev/console");
	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, "devpts", NULL, "/dev/pts", WORDS("ptmxmode=0666"));
	RUN(&s);
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	CHECK(master >= 0 && !unlockpt(master) && !ptsname_r(master, pts, sizeof(pts)));
	slave = open(pts, O_RDWR | O_NOCTTY);
	CHECK_ERR(dev_apply_console(s.ctx.root_fd, slave, &s.err), -EEXIST);
}

CHECK_MAIN();
