/* SPDX-License-Identifier: Apache-2.0 */
/* The mount and device appliers against the real kernel: each scene runs in a process and mount namespace of its own, on a
 * tmpfs that goes away with it. Needs root. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/procfs.h"
#include "check.h"
#include "kernel/dev/plan.h"
#include "kernel/mount/options.h"
#include "kernel/mount/plan.h"
#include "kernel/mount/source.h"

#define TOP "/tmp/masu-test-mount"
#define BUNDLE TOP "/bundle"
#define ROOTFS BUNDLE "/rootfs"
#define WORDS(...)                                                   \
	({                                                           \
		static const char *const words_[] = { __VA_ARGS__ }; \
		(struct words){ words_, ARRAY_SIZE(words_) };        \
	})
#define NONE ((struct words){ NULL, 0 })

struct words {
	const char *const *list;
	size_t len;
};

struct scene {
	struct spec_config config;
	struct spec_root root;
	struct spec_linux_ lnx;
	struct spec_mount mounts[48];
	struct spec_device devices[8];
	struct mount_inputs in;
	struct dev_inputs dev_in;
	struct buf buf;
	struct flat flat;
	struct mount_plan plan;
	struct dev_plan dev;
	struct mount_ctx ctx;
	int fds[64], dev_fds[16];
	size_t nfds, dev_nfds;
	struct err err;
	const char *failed; /* the step that did */
	int result;
};

static void scene_init(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->root.path = "rootfs";
	s->config.root = &s->root;
	s->config.mounts = s->mounts;
	s->config.lnx = &s->lnx;
	s->lnx.devices = s->devices;
	s->in = (struct mount_inputs){ .config = &s->config, .bundle = BUNDLE, .mount_ns = MOUNT_NS_NEW };
	s->dev_in.config = &s->config;
	s->ctx = (struct mount_ctx)MOUNT_CTX_INIT;
}

static struct spec_mount *scene_mount(struct scene *s, const char *type, const char *source, const char *destination,
				      struct words words)
{
	struct spec_mount *m = &s->mounts[s->config.mounts_len++];

	*m = (struct spec_mount){ .type = type, .source = source, .destination = destination };
	m->options = words.list;
	m->options_len = words.len;
	return m;
}

static void scene_device(struct scene *s, char type, const char *path, int64_t maj, int64_t min)
{
	struct spec_device *d = &s->devices[s->lnx.devices_len++];

	*d = (struct spec_device){
		.type = { true, type }, .path = path, .major = { true, maj }, .minor = { true, min }
	};
}

static int scene_plan(struct scene *s)
{
	static const char header[64];
	int r;

	buf_add(&s->buf, header, sizeof(header));
	s->failed = "plan";
	r = mount_plan_build(&s->in, &s->buf, &s->plan, &s->err);
	if (!r)
		r = dev_plan_build(&s->dev_in, &s->buf, &s->dev, &s->err);
	s->flat = (struct flat){ s->buf.data, s->buf.len };
	return r;
}

static int scene_enter(struct scene *s)
{
	struct dev_ctx dev = { .flat = &s->flat, .plan = &s->dev, .fds = s->dev_fds, .nfds = s->dev_nfds };
	static uint64_t own[64];
	int r;

	s->ctx.flat = &s->flat;
	s->ctx.plan = &s->plan;
	s->ctx.fds = s->fds;
	s->ctx.nfds = s->nfds;
	s->ctx.own = own;
	s->ctx.proc_fd = procfs_open(&s->err);
	s->failed = "root";
	r = mount_apply_root(&s->ctx, &s->err);
	if (r)
		return r;
	s->failed = "mounts";
	r = mount_apply_mounts(&s->ctx, &s->err);
	if (r)
		return r;
	s->failed = "devices";
	dev.root_fd = s->ctx.root_fd;
	dev.proc_fd = s->ctx.proc_fd;
	dev.own = s->ctx.own;
	dev.own_len = s->ctx.own_len;
	r = dev_apply(&dev, &s->err);
	if (r)
		return r;
	s->failed = "pivot";
	r = mount_apply_pivot(&s->ctx, &s->err);
	if (r)
		return r;
	s->failed = "masks";
	r = mount_apply_masks(&s->ctx, &s->err);
	if (r)
		return r;
	s->failed = "readonly";
	r = mount_apply_readonly_root(&s->ctx, &s->err);
	if (!r)
		s->failed = "";
	return r;
}

static int scene_sources(struct scene *s, int userns_fd)
{
	int proc_fd = procfs_open(&s->err), r;

	r = mount_source_open_all(&s->flat, &s->plan, proc_fd, userns_fd, s->fds, ARRAY_SIZE(s->fds), &s->nfds,
				  &s->err);
	close(proc_fd);
	return r;
}

static int scene_run(struct scene *s)
{
	int r = scene_plan(s);

	if (!r)
		r = scene_sources(s, -1);
	return r ? r : scene_enter(s);
}

/* In a process and mount namespace of its own, for scenes that end early. The scene has to be shared memory. */
static int scene_try(struct scene *s)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		unshare(CLONE_NEWNS);
		s->result = scene_run(s);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status ? -ECHILD : s->result;
}

static struct scene *scene_shared(void)
{
	struct scene *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	scene_init(s);
	return s;
}

static void scene_say(const struct scene *s)
{
	char text[2048];

	err_format(&s->err, text, sizeof(text));
	printf("# %s: %s\n", s->failed, text);
}

#define RUN(s)                                     \
	do {                                       \
		if (!CHECK_INT(scene_run(s), 0)) { \
			scene_say(s);              \
			return;                    \
		}                                  \
	} while (0)

static void put(const char *path, const char *text)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("# cannot write %s\n", path);
}

static const char *get(const char *path)
{
	static char text[65536];
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n, len = 0;

	if (fd < 0)
		return "(none)";
	while ((n = read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += n;
	text[len] = '\0';
	return text;
}

/* The last mountinfo line of that mount point, from " <mountpoint> " on. */
static const char *mounted(const char *path)
{
	static char line[4096];
	const char *p = get("/proc/self/mountinfo"), *last = NULL;
	char want[256];

	snprintf(want, sizeof(want), " %s ", path);
	for (; *p; p += strcspn(p, "\n") + 1) {
		const char *at = p;

		for (int i = 0; i < 4; i++)
			at += strcspn(at, " ") + (i < 3);
		if (!strncmp(at, want, strlen(want)))
			last = at;
		if (!p[strcspn(p, "\n")])
			break;
	}
	snprintf(line, sizeof(line), "%.*s", last ? (int)strcspn(last, "\n") : 0, last ? last : "");
	return line;
}

/* A word of the options field (6) or, behind the dash, of the super block's. */
static bool has_word(const char *line, const char *word, bool super)
{
	const char *dash = strstr(line, " - ");
	char copy[4096], *save = NULL;
	int fields = 0;

	snprintf(copy, sizeof(copy), "%s", super ? dash ? dash + 3 : "" : line);
	for (char *f = strtok_r(copy, " ", &save); f; f = strtok_r(NULL, " ", &save), fields++) {
		char *inner = NULL;

		if (fields != (super ? 2 : 1))
			continue;
		for (char *w = strtok_r(f, ",", &inner); w; w = strtok_r(NULL, ",", &inner))
			if (!strcmp(w, word))
				return true;
	}
	return false;
}
#define CHECK_MNT(path, word) CHECK(has_word(mounted(path), word, false))
#define CHECK_NO_MNT(path, word) CHECK(!has_word(mounted(path), word, false))
#define CHECK_SB(path, word) CHECK(has_word(mounted(path), word, true))

static unsigned mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_mode & 07777;
}

static bool is_node(const char *path, unsigned maj, unsigned min)
{
	struct stat st;

	return !lstat(path, &st) && S_ISCHR(st.st_mode) && st.st_rdev == makedev(maj, min);
}

static bool is_readable(const char *path)
{
	return strcmp(get(path), "(none)");
}

static void stage(void)
{
	mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	mkdir(TOP, 0700);
	if (mount("tmpfs", TOP, "tmpfs", 0, "mode=755"))
		printf("# no stage\n");
	mkdir(BUNDLE, 0755);
	mkdir(ROOTFS, 0755);
	mkdir(ROOTFS "/etc", 0755);
	put(ROOTFS "/etc/name", "rootfs");
	mkdir(TOP "/vol", 0755);
	put(TOP "/vol/file", "volume");
	mkdir(TOP "/decoy", 0755);
	put(TOP "/decoy/ptmx", "decoy");
}

/* Runs fn in a child that has the stage to itself. */
static void play(void (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		check_failed = 0;
		alarm(60);
		if (unshare(CLONE_NEWNS))
			_exit(99);
		stage();
		fn();
		fflush(stdout);
		_exit(check_failed ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	rmdir(TOP);
}

#define SCENE(ident)                        \
	static void scene_##ident(void);    \
	TEST(ident)                         \
	{                                   \
		if (geteuid())              \
			SKIP("needs root"); \
		play(scene_##ident);        \
	}                                   \
	static void scene_##ident(void)

static void proc_mount(struct scene *s)
{
	scene_mount(s, "proc", "proc", "/proc", NONE);
}

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
	CHECK_STR(get("/tmp/masu-test-mount/decoy/x/file"), "volume"); /* below the container's root */
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

static void masks(struct scene *s, struct words masked, struct words readonly)
{
	s->lnx.masked_paths = masked.list;
	s->lnx.masked_paths_len = masked.len;
	s->lnx.readonly_paths = readonly.list;
	s->lnx.readonly_paths_len = readonly.len;
}

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

/* Somebody with the same volume exchanges what is there while fn goes on. */
static pid_t meddle(void (*fn)(void))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(60);
	unshare(CLONE_NEWNS);
	for (;;)
		fn();
}

static void meddle_exchange(void)
{
	syscall(SYS_renameat2, AT_FDCWD, TOP "/vol/a", AT_FDCWD, TOP "/vol/l", RENAME_EXCHANGE);
}

/* A mount that only mount(2) can make: what it clears is cleared of the new mount, not of what its name means afterwards. */
SCENE(long_options_and_a_hostile_volume)
{
	struct scene s;
	char longer[320] = "mode=";
	int all = 0, writable = 0;

	memset(longer + 5, '0', 300);
	strcpy(longer + 305, "751");
	struct words words = { (const char *const[]){ longer, "rw" }, 2 };
	mkdir(TOP "/vol/a", 0755);
	symlink("/prot", TOP "/vol/l");
	scene_init(&s);
	proc_mount(&s);
	scene_mount(&s, NULL, TOP "/vol", "/vol", WORDS("bind"));
	for (int i = 0; i < 22; i++) {
		scene_mount(&s, "tmpfs", "protected", "/prot", WORDS("ro"));
		scene_mount(&s, "tmpfs", NULL, "/vol/a", words);
	}
	pid_t pid = meddle(meddle_exchange);
	usleep(20000);
	int r = scene_run(&s);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!CHECK_INT(r, 0))
		scene_say(&s);
	for (const char *p = get("/proc/self/mountinfo"); (p = strstr(p, " - tmpfs protected")); p++) {
		const char *at = p;

		while (at[-1] != '\n')
			at--;
		all++;
		writable += !strstr(at, " /prot ro,") || strstr(at, " /prot ro,") > p;
	}
	CHECK_INT(all, 22);
	CHECK_INT(writable, 0);
}

static void meddle_remove(void)
{
	rename(ROOTFS "/data/d/x", ROOTFS "/data/x");
	rename(ROOTFS "/data/x", ROOTFS "/data/d/x");
}

/* What vanishes while it is copied is not the device that `nofail` is about. */
SCENE(nofail_is_about_the_source)
{
	struct scene s;
	int n = 0;

	mkdir(ROOTFS "/data", 0755);
	mkdir(ROOTFS "/data/d", 0755);
	put(ROOTFS "/data/d/x", "x");
	scene_init(&s);
	proc_mount(&s);
	for (int i = 0; i < 20; i++) {
		static char at[20][16];

		snprintf(at[i], sizeof(at[i]), "/m%d", i);
		scene_mount(&s, NULL, ROOTFS "/data", at[i], WORDS("bind"));
		scene_mount(&s, "tmpfs", "copy", at[i], WORDS("tmpcopyup", "nofail"));
	}
	pid_t pid = meddle(meddle_remove);
	usleep(20000);
	int r = scene_run(&s);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!CHECK_INT(r, 0))
		scene_say(&s);
	for (const char *p = get("/proc/self/mountinfo"); (p = strstr(p, " copy rw")); p++)
		n++;
	CHECK_INT(n, 20);
}

/* A line of mountinfo may be longer than three paths: every blank in it takes four bytes. */
SCENE(long_lines_of_mountinfo)
{
	static char deep[4000];
	struct scene s;

	for (int i = 0; i < 15; i++) {
		strcat(deep, "/");
		memset(deep + strlen(deep), ' ', 250);
	}
	scene_init(&s);
	scene_mount(&s, NULL, TOP "/vol", deep, WORDS("bind"));
	s.in.no_pivot = true; /* which looks for every proc */
	RUN(&s);
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
	CHECK(!is_readable("/tmp/masu-test-mount/vol/file"));
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
