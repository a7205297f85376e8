/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody changes what the mounts are made on, or its names are very long. */
#define SCENE_FILE "hostile"
#include "unit/mount_scene.h"

/* Somebody with the same volume exchanges what is there, by fn over and over, while the scene runs. */
static void run_beside(struct scene *s, void (*fn)(void))
{
	pid_t pid = fork();
	int r;

	if (!pid) {
		alarm(60);
		unshare(CLONE_NEWNS);
		for (;;)
			fn();
	}
	usleep(20000);
	r = scene_run(s);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (!CHECK_INT(r, 0))
		scene_say(s);
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
	run_beside(&s, meddle_exchange);
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
	run_beside(&s, meddle_remove);
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

CHECK_MAIN();
