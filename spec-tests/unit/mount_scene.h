/* SPDX-License-Identifier: Apache-2.0 */
/* The mount and device appliers against the real kernel: each scene runs in a process and mount namespace of its own, on a
 * tmpfs that goes away with it. Needs root. For the tests test_mount_*_root; SCENE_FILE is another word for each of them, because the
 * kernel takes mounts away with a directory that is removed in another namespace. */
#pragma once

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

/* No test uses all of it. */
#pragma GCC diagnostic ignored "-Wunused-function"

#define TOP "/tmp/masu-test-mount-" SCENE_FILE
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

static void masks(struct scene *s, struct words masked, struct words readonly)
{
	s->lnx.masked_paths = masked.list;
	s->lnx.masked_paths_len = masked.len;
	s->lnx.readonly_paths = readonly.list;
	s->lnx.readonly_paths_len = readonly.len;
}
