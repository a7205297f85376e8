/* SPDX-License-Identifier: Apache-2.0 */
/* File systems, binds, options and copies on a new root. */
#define SCENE_FILE "apply"
#include "unit/mount_scene.h"

SCENE(default_file_systems)
{
	struct scene s;

	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, "tmpfs", "tmpfs", "/dev", WORDS("nosuid", "strictatime", "mode=755", "size=65536k"));
	scene_mount(&s, "devpts", "devpts", "/dev/pts",
		    WORDS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"));
	scene_mount(&s, "tmpfs", "shm", "/dev/shm", WORDS("nosuid", "noexec", "nodev", "mode=1777", "size=65536k"));
	scene_mount(&s, "mqueue", "mqueue", "/dev/mqueue", WORDS("nosuid", "noexec", "nodev"));
	scene_mount(&s, "sysfs", "sysfs", "/sys", WORDS("nosuid", "noexec", "nodev", "ro"));
	RUN(&s);
	CHECK_STR(get("/etc/name"), "rootfs");
	CHECK(!is_readable("/../../../tmp/masu-test-mount/vol/file"));
	CHECK(!strstr(get("/proc/self/mountinfo"), TOP " "));
	CHECK_MNT("/dev", "nosuid");
	CHECK_NO_MNT("/dev", "relatime");
	CHECK_SB("/dev", "size=65536k");
	CHECK_MNT("/dev/shm", "noexec");
	CHECK_SB("/dev/pts", "gid=5");
	CHECK_MNT("/sys", "ro");
	CHECK_INT(mode_of("/dev/shm"), 01777);
	CHECK(is_node("/dev/null", 1, 3) && is_node("/dev/zero", 1, 5) && is_node("/dev/full", 1, 7));
	CHECK(is_node("/dev/random", 1, 8) && is_node("/dev/urandom", 1, 9) && is_node("/dev/tty", 5, 0));
	CHECK_INT(mode_of("/dev/null"), 0666);
	CHECK_INT(mode_of("/proc"), 0555);
	char link[64] = "";
	CHECK(readlink("/dev/ptmx", link, 63) == 8 && !strcmp(link, "pts/ptmx"));
	CHECK(readlink("/dev/stdin", link, 63) == 15 && !strncmp(link, "/proc/self/fd/0", 15));
	CHECK(!access("/dev/fd/0", F_OK));
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	char pts[64];
	CHECK(master >= 0 && !grantpt(master) && !unlockpt(master) && !ptsname_r(master, pts, sizeof(pts)));
	int slave = open(pts, O_RDWR | O_NOCTTY);
	CHECK_INT(dev_apply_console(s.ctx.root_fd, slave, &s.err), 0);
	struct stat a, b;
	CHECK(!stat("/dev/console", &a) && !fstat(slave, &b) && a.st_rdev == b.st_rdev && a.st_dev == b.st_dev);
	CHECK(strstr(mounted("/dev/console"), "devpts"));
	/* no terminal of ours */
	int null = open("/dev/null", O_RDWR);
	CHECK_ERR(dev_apply_console(s.ctx.root_fd, null, &s.err), -EINVAL);
	char cwd[64];
	CHECK_STR(getcwd(cwd, sizeof(cwd)), "/");
}

SCENE(binds)
{
	struct scene s;

	mkdir(TOP "/vol/sub", 0700);
	mount("tmpfs", TOP "/vol/sub", "tmpfs", 0, NULL);
	put(TOP "/vol/sub/in", "submount");
	mkdir(BUNDLE "/rel", 0755);
	put(BUNDLE "/rel/x", "relative");
	symlink("/etc/../../../../" TOP "/decoy", ROOTFS "/out");
	symlink("/made/here", ROOTFS "/dangling");
	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, "none", TOP "/vol", "/one", WORDS("bind", "ro", "nosuid"));
	scene_mount(&s, "tmpfs", TOP "/vol", "/two", WORDS("rbind", "rro"));
	scene_mount(&s, NULL, TOP "/vol/file", "/a/b/file", WORDS("bind"));
	scene_mount(&s, NULL, "rel", "rel", WORDS("bind"));
	scene_mount(&s, NULL, TOP "/vol", "/out/x", WORDS("bind"));
	scene_mount(&s, NULL, TOP "/vol/file", "/dangling/f", WORDS("bind"));
	scene_mount(&s, NULL, TOP "/vol", "/three", WORDS("rbind", "ro", "noexec"));
	scene_mount(&s, NULL, TOP "/vol", "/four", WORDS("bind", "noatime", "atime"));
	scene_mount(&s, NULL, "/no/such", "/five", WORDS("bind", "nofail"));
	RUN(&s);
	CHECK_STR(get("/one/file"), "volume");
	CHECK(!is_readable("/one/sub/in"));
	CHECK_MNT("/one", "ro");
	CHECK_MNT("/one", "nosuid");
	CHECK(open("/one/new", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS);
	CHECK_STR(get("/two/sub/in"), "submount");
	CHECK_MNT("/two/sub", "ro");
	CHECK_MNT("/three", "noexec");
	CHECK_NO_MNT("/three/sub", "ro");
	CHECK_NO_MNT("/three/sub", "noexec");
	CHECK_STR(get("/a/b/file"), "volume");
	CHECK_INT(mode_of("/a"), 0755);
	CHECK_STR(get("/rel/x"), "relative");
	CHECK_STR(get("/made/here/f"), "volume");
	CHECK_STR(get(TOP "/decoy/x/file"), "volume"); /* below the container's root */
	CHECK_MNT("/four", "relatime");
	CHECK(access("/five", F_OK) < 0);
}

SCENE(order_and_hiding)
{
	struct scene s;

	scene_init(&s);
	scene_mount(&s, "tmpfs", NULL, "/a", NONE);
	scene_mount(&s, NULL, TOP "/vol", "/a/b", WORDS("bind"));
	scene_mount(&s, NULL, TOP "/vol", "/c/d", WORDS("bind"));
	scene_mount(&s, "tmpfs", NULL, "/c", NONE);
	RUN(&s);
	CHECK_STR(get("/a/b/file"), "volume");
	CHECK(access("/c/d", F_OK) < 0);
	/* no proc: no links into it */
	CHECK(is_node("/dev/null", 1, 3));
	CHECK(access("/dev/fd", F_OK) < 0 && errno == ENOENT);
}

SCENE(mount_on_root)
{
	struct scene s;

	scene_init(&s);
	scene_mount(&s, "tmpfs", NULL, "/", WORDS("mode=711"));
	proc_mount(&s);
	RUN(&s);
	CHECK(access("/etc/name", F_OK) < 0);
	CHECK_INT(mode_of("/"), 0711);
	CHECK_SB("/", "mode=711");
}

/* Alone, every word of the table works on a tmpfs and, where it has a meaning there, on a bind mount. */
SCENE(every_word)
{
	const struct mount_option *o;
	struct scene s;

	for (size_t i = 0; (o = mount_option_at(i)); i++) {
		for (int bind = 0; bind < 2; bind++) {
			const char *words[] = { o->word, "bind" };
			bool sb = o->class_ == MOUNT_OPTION_SB && o->set && strcmp(o->word, "silent");
			bool other = o->class_ == MOUNT_OPTION_SPECIAL &&
				     (strstr("idmap ridmap", o->word) ||
				      strstr(bind ? "tmpcopyup rbind bind remount"
						  : "src-nofollow copy-symlink remount bind rbind",
					     o->word));
			pid_t pid;
			int status;

			scene_init(&s);
			proc_mount(&s);
			scene_mount(&s, "tmpfs", TOP "/vol", "/m", (struct words){ words, bind ? 2 : 1 });
			if (other)
				continue;
			if (bind && sb) {
				CHECK_ERR(scene_plan(&s), -EINVAL);
				continue;
			}
			pid = fork();
			if (!pid) {
				if (unshare(CLONE_NEWNS) || scene_run(&s)) {
					printf("# %s bind=%d\n", o->word, bind);
					scene_say(&s);
					_exit(1);
				}
				bool ok = true, super = o->class_ == MOUNT_OPTION_SB;
				const char *word = o->recursive ? o->word + 1 : o->word;

				if (o->set && (super || o->class_ == MOUNT_OPTION_ATTR) &&
				    !strstr("silent iversion strictatime rstrictatime", o->word))
					ok = has_word(mounted("/m"), word, super);
				if (strstr(o->word, "strictatime") && o->set)
					ok = !has_word(mounted("/m"), "relatime", false);
				if (!strcmp(word, "shared"))
					ok = strstr(mounted("/m"), "shared:");
				if (!strcmp(word, "unbindable"))
					ok = strstr(mounted("/m"), "unbindable");
				if (!ok)
					printf("# %s bind=%d: %s\n", o->word, bind, mounted("/m"));
				_exit(!ok);
			}
			waitpid(pid, &status, 0);
			CHECK_INT(status, 0);
		}
	}
}

SCENE(opposites)
{
	struct scene s;

	mount(TOP "/vol", TOP "/vol", NULL, MS_BIND | MS_REC, NULL);
	mount(NULL, TOP "/vol", NULL, MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOATIME, NULL);
	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, "tmpfs", NULL, "/1",
		    WORDS("ro", "rw", "sync", "async", "lazytime", "nolazytime", "mand", "nomand"));
	scene_mount(&s, "tmpfs", NULL, "/2", WORDS("strictatime", "nostrictatime", "noexec", "exec"));
	scene_mount(&s, NULL, TOP "/vol", "/3", WORDS("bind", "suid"));
	scene_mount(&s, NULL, TOP "/vol", "/4", WORDS("bind", "atime"));
	scene_mount(&s, "tmpfs", NULL, "/5", WORDS("rro", "rw", "size=64k,mode=700"));
	scene_mount(&s, "tmpfs", NULL, "/6", WORDS("iversion", "silent", "nosuid", "ro"));
	RUN(&s);
	CHECK_MNT("/1", "rw");
	CHECK_SB("/1", "rw");
	CHECK(!has_word(mounted("/1"), "sync", true) && !has_word(mounted("/1"), "lazytime", true));
	CHECK_MNT("/2", "relatime");
	CHECK_NO_MNT("/2", "noexec");
	CHECK_NO_MNT("/3", "nosuid");
	CHECK_MNT("/3", "nodev");
	CHECK_MNT("/3", "noatime");
	CHECK_MNT("/4", "relatime");
	CHECK_MNT("/4", "nosuid");
	CHECK_MNT("/5", "rw");
	CHECK_SB("/5", "size=64k");
	CHECK_SB("/5", "mode=700");
	CHECK_MNT("/6", "ro");
	CHECK_MNT("/6", "nosuid");
}

SCENE(remounts)
{
	struct scene s;

	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, "tmpfs", NULL, "/1", WORDS("nosuid"));
	scene_mount(&s, NULL, NULL, "/1", WORDS("remount", "ro"));
	scene_mount(&s, "tmpfs", NULL, "/2", WORDS("ro"));
	scene_mount(&s, NULL, NULL, "/2", WORDS("remount", "rw", "size=128k", "sync"));
	scene_mount(&s, "tmpfs", NULL, "/3", WORDS("noexec"));
	scene_mount(&s, NULL, NULL, "/3", WORDS("remount", "bind", "ro", "nodev"));
	scene_mount(&s, "tmpfs", NULL, "/4", WORDS("nodev"));
	scene_mount(&s, NULL, NULL, "/4", WORDS("remount", "iversion", "ro"));
	scene_mount(&s, "none", NULL, "/4", WORDS("shared"));
	RUN(&s);
	CHECK_MNT("/1", "ro");
	CHECK_MNT("/1", "nosuid");
	CHECK_MNT("/2", "rw");
	CHECK_SB("/2", "rw");
	CHECK_SB("/2", "size=128k");
	CHECK_SB("/2", "sync");
	CHECK_MNT("/3", "ro");
	CHECK_MNT("/3", "noexec");
	CHECK_MNT("/3", "nodev");
	CHECK_MNT("/4", "ro");
	CHECK_MNT("/4", "nodev");
	CHECK(strstr(mounted("/4"), "shared:"));
}

SCENE(remount_of_nothing)
{
	struct scene s;

	scene_init(&s);
	scene_mount(&s, NULL, NULL, "/etc", WORDS("remount", "ro"));
	CHECK_ERR(scene_run(&s), -EINVAL);
	CHECK_STR(s.err.pointer, "/mounts/0");
}

SCENE(kernel_refusals)
{
	static const char *const cases[][3] = {
		{ "nosuchfs", "mode=755", "the kernel has no file system `nosuchfs`" },
		{ "tmpfs", "nosuch=1", "nosuch" },
		{ "tmpfs", "size=banana", "size" },
	};
	struct scene *s;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		s = scene_shared();
		scene_mount(s, cases[i][0], NULL, "/m", (struct words){ &cases[i][1], 1 });
		CHECK(scene_try(s) < 0);
		CHECK(strstr(s->err.text, cases[i][2]));
		CHECK_STR(s->err.pointer, "/mounts/0");
	}
	s = scene_shared();
	scene_mount(s, NULL, "/no/such/source", "/m", WORDS("bind"));
	CHECK_ERR(scene_try(s), -ENOENT);
	CHECK(strstr(s->err.text, "/no/such/source"));
	s = scene_shared();
	scene_mount(s, NULL, TOP "/vol", "/etc/name", WORDS("bind"));
	CHECK_ERR(scene_try(s), -ENOTDIR);
	s = scene_shared();
	scene_mount(s, NULL, TOP "/vol/file", "/etc", WORDS("bind"));
	CHECK_ERR(scene_try(s), -EISDIR);
}

SCENE(copyup)
{
	struct scene s;
	struct stat st;
	char link[32] = "";
	int fd;

	mkdir(ROOTFS "/data", 0750);
	chown(ROOTFS "/data", 12, 34);
	mkdir(ROOTFS "/data/sub", 0700);
	chmod(ROOTFS "/data/sub", 01777);
	put(ROOTFS "/data/sub/f", "content");
	chown(ROOTFS "/data/sub/f", 1000, 1001);
	chmod(ROOTFS "/data/sub/f", 04711);
	symlink("/nowhere", ROOTFS "/data/link");
	mkfifo(ROOTFS "/data/fifo", 0604);
	mknod(ROOTFS "/data/null", S_IFCHR | 0666, makedev(1, 3));
	fd = open(ROOTFS "/data/sparse", O_CREAT | O_WRONLY, 0600);
	CHECK(!ftruncate(fd, 100 << 20) && pwrite(fd, "end", 3, (100 << 20) - 3) == 3);
	close(fd);
	bool attr = !setxattr(ROOTFS "/data/sub/f", "trusted.masu", "v", 1, 0);
	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, "tmpfs", NULL, "/data", WORDS("tmpcopyup", "ro", "nosuid", "size=8m"));
	scene_mount(&s, "tmpfs", NULL, "/etc", WORDS("tmpcopyup", "mode=700"));
	RUN(&s);
	CHECK_MNT("/data", "ro");
	CHECK_MNT("/data", "nosuid");
	CHECK(strstr(mounted("/data"), "tmpfs"));
	CHECK(!stat("/data", &st) && st.st_uid == 12 && st.st_gid == 34 && (st.st_mode & 07777) == 0750);
	CHECK_STR(get("/data/sub/f"), "content");
	CHECK(!stat("/data/sub/f", &st) && st.st_uid == 1000 && st.st_gid == 1001 && (st.st_mode & 07777) == 04711);
	CHECK_INT(mode_of("/data/sub"), 01777);
	CHECK(readlink("/data/link", link, sizeof(link)) == 8 && !strcmp(link, "/nowhere"));
	CHECK(!lstat("/data/fifo", &st) && S_ISFIFO(st.st_mode) && (st.st_mode & 07777) == 0604);
	CHECK(is_node("/data/null", 1, 3));
	CHECK(!stat("/data/sparse", &st) && st.st_size == 100 << 20 && st.st_blocks < 100);
	if (attr)
		CHECK(getxattr("/data/sub/f", "trusted.masu", link, sizeof(link)) == 1);
	CHECK_STR(get("/etc/name"), "rootfs");
	CHECK_INT(mode_of("/etc"), 0700);
}

SCENE(links_of_sources_and_destinations)
{
	struct scene s;
	char link[32] = "";

	symlink("vol", TOP "/l");
	symlink("etc", ROOTFS "/dl");
	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, NULL, TOP "/l", "/copied", WORDS("bind", "copy-symlink"));
	scene_mount(&s, NULL, TOP "/vol", "/notlink", WORDS("bind", "copy-symlink"));
	scene_mount(&s, NULL, TOP "/l", "/onfile", WORDS("bind", "src-nofollow"));
	scene_mount(&s, NULL, TOP "/l", "/followed", WORDS("bind"));
	scene_mount(&s, NULL, TOP "/vol/file", "/dl", WORDS("bind", "dest-nofollow"));
	RUN(&s);
	CHECK(readlink("/copied", link, sizeof(link)) == 3);
	CHECK_STR(get("/notlink/file"), "volume");
	CHECK(readlink("/onfile", link, sizeof(link)) == 3);
	CHECK_STR(get("/followed/file"), "volume");
	CHECK_STR(get("/dl"), "volume");
	CHECK_STR(get("/etc/name"), "rootfs");
}

/* Attacks on /proc: whatever leads there by a link, and everything on it that is no procfs. */
SCENE(proc_is_guarded)
{
	static const char *const bad[] = { "/p", "/p/self/attr", "/p/1/fd", "/r" };
	struct scene *s;

	symlink("/proc", ROOTFS "/p");
	symlink("proc", ROOTFS "/r");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		s = scene_shared();
		proc_mount(s);
		scene_mount(s, NULL, TOP "/vol", bad[i], WORDS("bind"));
		CHECK_ERR(scene_try(s), -EPERM);
		CHECK_STR(s->err.pointer, "/mounts/1");
	}
	s = scene_shared();
	scene_mount(s, NULL, TOP "/vol", "/proc", WORDS("bind"));
	CHECK_ERR(scene_try(s), -EPERM);
	s = scene_shared();
	scene_mount(s, "proc", NULL, "/p", NONE);
	CHECK_ERR(scene_try(s), -ELOOP);
}

SCENE(proc_and_sys_as_links)
{
	static const char *const targets[] = { TOP "/decoy", "../../decoy", "proc", "sys", "nowhere", "etc" };
	struct scene *s;

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		unlink(ROOTFS "/proc");
		unlink(ROOTFS "/sys");
		symlink(targets[i], ROOTFS "/proc");
		symlink(targets[i], ROOTFS "/sys");
		s = scene_shared();
		proc_mount(s);
		CHECK_ERR(scene_try(s), -ELOOP);
		s = scene_shared();
		scene_mount(s, "sysfs", NULL, "/sys", NONE);
		CHECK_ERR(scene_try(s), -ELOOP);
	}
}

SCENE(proc_entries)
{
	struct scene s;

	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, NULL, TOP "/vol/file", "/proc/meminfo", WORDS("bind"));
	scene_mount(&s, NULL, "/proc", "/x", WORDS("rbind"));
	RUN(&s);
	CHECK_STR(get("/proc/meminfo"), "volume");
}

SCENE(bound_proc)
{
	struct scene s;

	scene_init(&s);
	scene_mount(&s, NULL, "/proc", "/proc", WORDS("rbind", "nosuid"));
	RUN(&s);
	CHECK_MNT("/proc", "nosuid");
}

/* Words with and without r on a new mount: the last one about a flag counts, those about others stay. */
SCENE(recursive_words_on_new_mounts)
{
	struct scene s;
	char longer[320] = "mode=";

	memset(longer + 5, '0', 300);
	strcpy(longer + 305, "751");
	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, "tmpfs", NULL, "/1", WORDS("noatime", "rnosuid"));
	scene_mount(&s, "tmpfs", NULL, "/2", WORDS("rdev", "nodev", "rnosuid"));
	scene_mount(&s, "tmpfs", NULL, "/3", WORDS("rro", "rnoexec", "rw"));
	scene_mount(&s, "tmpfs", NULL, "/4", WORDS("rnoatime", "strictatime"));
	scene_mount(&s, "tmpfs", NULL, "/5", WORDS("strictatime", "rnoatime", "rro"));
	struct words classic = { (const char *const[]){ longer, "noatime", "rnosuid" }, 3 };
	scene_mount(&s, "tmpfs", NULL, "/6", classic);
	RUN(&s);
	CHECK_MNT("/1", "noatime");
	CHECK_MNT("/1", "nosuid");
	CHECK_MNT("/2", "nodev");
	CHECK_MNT("/2", "nosuid");
	CHECK_MNT("/3", "rw");
	CHECK_MNT("/3", "noexec");
	CHECK_NO_MNT("/4", "noatime");
	CHECK_NO_MNT("/4", "relatime");
	CHECK_MNT("/5", "noatime");
	CHECK_MNT("/5", "ro");
	CHECK_MNT("/6", "noatime");
	CHECK_MNT("/6", "nosuid");
	CHECK_SB("/6", "mode=751");
}

CHECK_MAIN();
