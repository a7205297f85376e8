/* SPDX-License-Identifier: Apache-2.0 */
/* base/inroot: a root full of traps, and a decoy beside it that has to stay untouched. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inroot.h"
#include "base/sys.h"
#include "check.h"

#define KEEP ((uid_t)-1)

static char top[64];
static int top_fd = -1, root_fd = -1;

static bool world_make(void)
{
	snprintf(top, sizeof(top), "/tmp/masu-test-inroot-XXXXXX");
	if (!mkdtemp(top))
		return false;
	top_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(top_fd, "root", 0755) || mkdirat(top_fd, "decoy", 0755))
		return false;
	root_fd = openat(top_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root_fd >= 0;
}

static int entries(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	for (struct dirent *e; d && (e = readdir(d));)
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	if (d)
		closedir(d);
	return d ? n : -1;
}

static void world_check_and_remove(void)
{
	char cmd[128];

	CHECK_INT(entries(top_fd, "decoy"), 0);
	CHECK_INT(entries(top_fd, "."), 2);
	close(root_fd);
	close(top_fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	CHECK_INT(system(cmd), 0);
}

/* target may hold one %s, which stands for the host's path of the world */
static void ln(const char *target, const char *name)
{
	char text[PATH_MAX];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof(text), target, top);
#pragma GCC diagnostic pop
	CHECK_INT(symlinkat(text, root_fd, name), 0);
}

static void md(const char *name)
{
	CHECK_INT(mkdirat(root_fd, name, 0755), 0);
}

static void file(const char *name)
{
	autoclose int fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
}

static bool same(int fd, int at, const char *name)
{
	struct stat a, b;

	return fd >= 0 && !fstat(fd, &a) && !fstatat(at, name, &b, AT_SYMLINK_NOFOLLOW) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* path leads to name in the root */
static void leads(int fd, const char *name, const char *path)
{
	check_that(same(fd, root_fd, name), __FILE__, __LINE__, path);
	if (fd >= 0) {
		CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
	}
}

static int mkd(const char *path)
{
	return inroot_mkdir_p(root_fd, path, 0755, KEEP, KEEP, NULL);
}

static int mkf(const char *path)
{
	return inroot_mkfile_p(root_fd, path, 0644, KEEP, KEEP, NULL);
}

TEST(open_stays_inside)
{
	REQUIRE(world_make());
	md("etc");
	file("etc/f");
	ln("/etc", "abs");
	ln("../../../etc", "up");
	ln("%s/decoy", "host");
	leads(inroot_open(root_fd, "etc/f", O_RDONLY, 0), "etc/f", "etc/f");
	leads(inroot_open(root_fd, "/etc/f", O_PATH, 0), "etc/f", "/etc/f");
	leads(inroot_open(root_fd, "/abs/f", O_PATH, 0), "etc/f", "/abs/f");
	leads(inroot_open(root_fd, "/up/f", O_PATH, 0), "etc/f", "/up/f");
	leads(inroot_open(root_fd, "../../../../etc/f", O_PATH, 0), "etc/f", "../");
	leads(inroot_open(root_fd, "/", O_PATH, 0), ".", "/");
	leads(inroot_open(root_fd, "/..", O_PATH, 0), ".", "/..");
	CHECK_ERR(inroot_open(root_fd, "host", O_PATH, 0), -ENOENT);
	CHECK_ERR(inroot_open(root_fd, "", O_PATH, 0), -ENOENT);
	CHECK_ERR(inroot_open(root_fd, "etc/f/x", O_PATH, 0), -ENOTDIR);
	CHECK_ERR(inroot_open(-1, "etc", O_PATH, 0), -EBADF);
	leads(inroot_open(root_fd, "etc/new", O_WRONLY | O_CREAT | O_EXCL, 0640), "etc/new", "O_CREAT");
	world_check_and_remove();
}

TEST(open_nofollow_gives_the_link_itself)
{
	REQUIRE(world_make());
	md("d");
	ln("d", "l");
	ln("l", "m");
	md("d/sub");
	leads(inroot_open_nofollow(root_fd, "l", O_PATH, 0), "l", "l");
	leads(inroot_open_nofollow(root_fd, "l/", O_PATH, 0), "l", "l/");
	leads(inroot_open_nofollow(root_fd, "/l///", O_PATH, 0), "l", "/l///");
	leads(inroot_open_nofollow(root_fd, "m/sub", O_PATH, 0), "d/sub", "m/sub");
	leads(inroot_open_nofollow(root_fd, "/", O_PATH, 0), ".", "/");
	CHECK_ERR(inroot_open_nofollow(root_fd, "l", O_RDONLY, 0), -ELOOP);
	world_check_and_remove();
}

TEST(open_refuses_magic_links)
{
	autoclose int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[32];

	snprintf(path, sizeof(path), "%d/root", (int)getpid());
	CHECK_ERR(inroot_open(proc, path, O_PATH, 0), -ELOOP);
	snprintf(path, sizeof(path), "%d/fd/0", (int)getpid());
	CHECK_ERR(inroot_open(proc, path, O_PATH, 0), -ELOOP);
	CHECK_ERR(inroot_mkfile_p(proc, path, 0644, KEEP, KEEP, NULL), -ELOOP);
}

TEST(mkdir_makes_what_is_missing)
{
	unsigned made = 77;

	REQUIRE(world_make());
	leads(inroot_mkdir_p(root_fd, "/a/b/c", 0755, KEEP, KEEP, &made), "a/b/c", "/a/b/c");
	CHECK_INT(made, 3);
	leads(inroot_mkdir_p(root_fd, "/a/b/c", 0755, KEEP, KEEP, &made), "a/b/c", "again");
	CHECK_INT(made, 0);
	leads(inroot_mkdir_p(root_fd, "a//b/./d/", 0755, KEEP, KEEP, &made), "a/b/d", "a//b/./d/");
	CHECK_INT(made, 1);
	leads(inroot_mkdir_p(root_fd, "a/../../x", 0755, KEEP, KEEP, &made), "x", "a/../../x");
	CHECK_INT(made, 1);
	leads(inroot_mkdir_p(root_fd, "../../y/z/.", 0755, KEEP, KEEP, &made), "y/z", "../../y/z/.");
	CHECK_INT(made, 2);
	leads(inroot_mkdir_p(root_fd, "/", 0755, KEEP, KEEP, &made), ".", "/");
	leads(inroot_mkdir_p(root_fd, ".", 0755, KEEP, KEEP, &made), ".", ".");
	CHECK_INT(made, 0);
	CHECK_ERR(mkd(""), -ENOENT);
	world_check_and_remove();
}

TEST(mkdir_does_not_make_what_is_left_again)
{
	unsigned made = 0;

	REQUIRE(world_make());
	leads(inroot_mkdir_p(root_fd, "no/../n", 0755, KEEP, KEEP, &made), "n", "no/../n");
	leads(inroot_mkdir_p(root_fd, "no/nope/../../o", 0755, KEEP, KEEP, &made), "o", "no/nope/../../o");
	CHECK_INT(entries(root_fd, "."), 2);
	leads(mkd("n/.."), ".", "n/..");
	leads(mkd("absent/.."), ".", "absent/..");
	CHECK_INT(entries(root_fd, "absent"), -1);
	world_check_and_remove();
}

TEST(mkdir_through_links)
{
	REQUIRE(world_make());
	md("real");
	ln("real", "rel");
	ln("/real", "abs");
	ln("../../../../real", "up");
	ln("abs", "chain");
	leads(mkd("rel/a"), "real/a", "rel/a");
	leads(mkd("abs/b"), "real/b", "abs/b");
	leads(mkd("up/c"), "real/c", "up/c");
	leads(mkd("chain/d/e"), "real/d/e", "chain/d/e");
	leads(mkd("/chain/d/../f"), "real/f", "chain/d/../f");
	leads(mkd("chain"), "real", "chain");
	world_check_and_remove();
}

TEST(mkdir_through_dangling_links)
{
	unsigned made = 0;

	REQUIRE(world_make());
	md("deep");
	ln("gone", "rel");
	ln("/var/run", "abs");
	ln("../../../../up-made", "up");
	ln("abs/more", "chain");
	ln("../sideways/x", "deep/side");
	ln("/from/root", "deep/abs");
	ln("%s/decoy/sub", "host");
	ln("nope/../fine/", "turn");
	leads(inroot_mkdir_p(root_fd, "rel", 0755, KEEP, KEEP, &made), "gone", "rel");
	CHECK_INT(made, 1);
	leads(inroot_mkdir_p(root_fd, "chain/z", 0755, KEEP, KEEP, &made), "var/run/more/z", "chain/z");
	CHECK_INT(made, 4);
	leads(mkd("abs/lock"), "var/run/lock", "abs/lock");
	leads(mkd("up/a"), "up-made/a", "up/a");
	leads(mkd("deep/side/y"), "sideways/x/y", "deep/side/y");
	leads(mkd("deep/abs/y"), "from/root/y", "deep/abs/y");
	leads(mkd("turn/t"), "fine/t", "turn/t");
	CHECK_INT(entries(root_fd, "nope"), -1);
	/* the host's path is made inside the root */
	made = 0;
	close(inroot_mkdir_p(root_fd, "host/x", 0755, KEEP, KEEP, &made));
	CHECK(made >= 3);
	world_check_and_remove();
}

TEST(mkdir_link_loops_and_long_chains)
{
	char from[16], to[16];

	REQUIRE(world_make());
	ln("self", "self");
	ln("b", "a");
	ln("a", "b");
	ln("loop/x", "loop");
	CHECK_ERR(mkd("self"), -ELOOP);
	CHECK_ERR(mkd("self/x"), -ELOOP);
	CHECK_ERR(mkd("a/x"), -ELOOP);
	CHECK_ERR(mkd("loop"), -ELOOP);
	CHECK_ERR(mkf("a"), -ELOOP);
	CHECK_ERR(mkf("self"), -ELOOP);
	for (int i = 0; i < 60; i++) {
		snprintf(from, sizeof(from), "c%d", i);
		snprintf(to, sizeof(to), "c%d", i + 1);
		ln(to, from);
	}
	CHECK_ERR(mkd("c0"), -ELOOP);
	leads(mkd("c40"), "c60", "c40");
	CHECK_ERR(mkd("c0/x"), -ELOOP);
	world_check_and_remove();
}

/* every link dangles into the next one, which the kernel never sees as a loop */
TEST(mkdir_bounds_links_that_only_we_follow)
{
	char name[32], target[64];

	REQUIRE(world_make());
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(target, sizeof(target), "d%d/../l%d", i, i + 1);
		ln(target, name);
	}
	CHECK_ERR(mkd("l0"), -ELOOP);
	close(mkd("l30"));
	CHECK(entries(root_fd, "l60") == 0);
	world_check_and_remove();
}

TEST(file_in_the_way)
{
	REQUIRE(world_make());
	file("f");
	ln("f", "lf");
	ln("f/x", "lfx");
	CHECK_ERR(mkd("f"), -ENOTDIR);
	CHECK_ERR(mkd("f/x"), -ENOTDIR);
	CHECK_ERR(mkd("lf"), -ENOTDIR);
	CHECK_ERR(mkd("lf/x/y"), -ENOTDIR);
	CHECK_ERR(mkd("lfx"), -ENOTDIR);
	CHECK_ERR(mkf("f/x"), -ENOTDIR);
	CHECK_INT(mkfifoat(root_fd, "p", 0600), 0);
	CHECK_ERR(mkd("p"), -ENOTDIR);
	world_check_and_remove();
}

TEST(mkfile_makes_and_accepts)
{
	unsigned made = 0;
	struct stat st;
	int fd;

	REQUIRE(world_make());
	fd = inroot_mkfile_p(root_fd, "/etc/conf/resolv", 0644, KEEP, KEEP, &made);
	CHECK_INT(made, 3);
	CHECK_INT(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	CHECK(!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size == 0);
	leads(fd, "etc/conf/resolv", "etc/conf/resolv");
	leads(inroot_mkfile_p(root_fd, "/etc/conf/resolv", 0600, KEEP, KEEP, &made), "etc/conf/resolv", "again");
	CHECK_INT(made, 0);
	CHECK(!fstatat(root_fd, "etc/conf/resolv", &st, 0) && (st.st_mode & 0777) == 0644);
	CHECK_INT(mkfifoat(root_fd, "fifo", 0600), 0);
	leads(mkf("fifo"), "fifo", "a fifo will do, and does not hang");
	CHECK_ERR(mkf("/etc"), -EISDIR);
	CHECK_ERR(mkf("/"), -EISDIR);
	CHECK_ERR(mkf("."), -EISDIR);
	CHECK_ERR(mkf("etc/.."), -EISDIR);
	CHECK_ERR(mkf(""), -ENOENT);
	leads(mkf("etc/slash/"), "etc/slash", "etc/slash/");
	leads(mkf("x/../y"), "y", "x/../y");
	CHECK_INT(entries(root_fd, "x"), -1);
	world_check_and_remove();
}

TEST(mkfile_through_links)
{
	REQUIRE(world_make());
	md("etc");
	ln("%s/decoy/new", "etc/host");
	ln("../run/resolv.conf", "etc/resolv.conf");
	ln("/etc", "e");
	ln("/etc/hop", "h");
	ln("../e/final", "etc/hop");
	leads(mkf("/etc/resolv.conf"), "run/resolv.conf", "etc/resolv.conf");
	leads(mkf("/h"), "etc/final", "h");
	leads(mkf("/e/plain"), "etc/plain", "e/plain");
	close(mkf("/etc/host")); /* lands inside; the decoy is checked below */
	world_check_and_remove();
}

TEST(mode_is_exact_whatever_the_umask)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	struct stat st;

	/* without rights a directory of mode 0 cannot be opened to be mended, so the last one is for root */
	for (size_t i = 0; i < ARRAY_SIZE(masks) - (geteuid() != 0); i++) {
		mode_t old;

		REQUIRE(world_make());
		CHECK_INT(fchmodat(top_fd, "root", 02775, 0), 0); /* its group bit is inherited by directories */
		old = umask(masks[i]);
		close(inroot_mkdir_p(root_fd, "a/b", 0751, KEEP, KEEP, NULL));
		close(inroot_mkdir_p(root_fd, "t", 01777, KEEP, KEEP, NULL));
		close(inroot_mkfile_p(root_fd, "c/f", 0664, KEEP, KEEP, NULL));
		umask(old);
		CHECK(!fstatat(root_fd, "a", &st, 0) && (st.st_mode & 07777) == 0751);
		CHECK(!fstatat(root_fd, "a/b", &st, 0) && (st.st_mode & 07777) == 0751);
		CHECK(!fstatat(root_fd, "t", &st, 0) && (st.st_mode & 07777) == 01777);
		CHECK(!fstatat(root_fd, "c", &st, 0) && (st.st_mode & 07777) == 0755);
		CHECK(!fstatat(root_fd, "c/f", &st, 0) && (st.st_mode & 07777) == 0664);
		world_check_and_remove();
	}
}

TEST(owner_of_what_is_made_only)
{
	struct stat st;

	if (geteuid())
		SKIP("needs root");
	REQUIRE(world_make());
	md("old");
	close(inroot_mkdir_p(root_fd, "old/n1/n2", 0755, 1234, 4321, NULL));
	close(inroot_mkfile_p(root_fd, "old/f", 0644, 1234, KEEP, NULL));
	CHECK(!fstatat(root_fd, "old", &st, 0) && st.st_uid == 0);
	CHECK(!fstatat(root_fd, "old/n1", &st, 0) && st.st_uid == 1234 && st.st_gid == 4321);
	CHECK(!fstatat(root_fd, "old/n1/n2", &st, 0) && st.st_uid == 1234 && st.st_gid == 4321);
	CHECK(!fstatat(root_fd, "old/f", &st, 0) && st.st_uid == 1234 && st.st_gid == 0);
	world_check_and_remove();
}

TEST(names_and_paths_too_long)
{
	static char path[2 * PATH_MAX];
	int fd;

	REQUIRE(world_make());
	memset(path, 'x', NAME_MAX + 1);
	path[NAME_MAX + 1] = '\0';
	CHECK_ERR(mkd(path), -ENAMETOOLONG);
	CHECK_ERR(mkf(path), -ENAMETOOLONG);
	path[NAME_MAX] = '\0';
	fd = mkd(path);
	CHECK(fd >= 0);
	close(fd);
	memset(path, '/', sizeof(path) - 2);
	path[sizeof(path) - 2] = 'a';
	path[sizeof(path) - 1] = '\0';
	CHECK_ERR(mkd(path), -ENAMETOOLONG);
	CHECK_ERR(mkf(path), -ENAMETOOLONG);
	CHECK_ERR(inroot_open_nofollow(root_fd, path, O_PATH, 0), -ENAMETOOLONG);
	for (size_t i = 0; i < 600; i += 2)
		memcpy(path + i, "a/", 3);
	fd = mkd(path);
	CHECK(fd >= 0); /* three hundred components: depth is no race */
	cleanup_close(&fd);
	world_check_and_remove();
}

TEST(parent_and_name)
{
	char name[16], tiny[3];

	REQUIRE(world_make());
	md("d");
	ln("d", "l");
	leads(inroot_open_parent(root_fd, "/d/x", 0, name, sizeof(name)), "d", "/d/x");
	CHECK_STR(name, "x");
	leads(inroot_open_parent(root_fd, "l/y//", 0, name, sizeof(name)), "d", "l/y//");
	CHECK_STR(name, "y");
	leads(inroot_open_parent(root_fd, "z", 0, name, sizeof(name)), ".", "z");
	CHECK_STR(name, "z");
	leads(inroot_open_parent(root_fd, "/n/m/z", 1, name, sizeof(name)), "n/m", "/n/m/z");
	CHECK_ERR(inroot_open_parent(root_fd, "/none/z", 0, name, sizeof(name)), -ENOENT);
	CHECK_ERR(inroot_open_parent(root_fd, "/", 0, name, sizeof(name)), -EINVAL);
	CHECK_ERR(inroot_open_parent(root_fd, "", 0, name, sizeof(name)), -EINVAL);
	CHECK_ERR(inroot_open_parent(root_fd, "d/..", 0, name, sizeof(name)), -EINVAL);
	CHECK_ERR(inroot_open_parent(root_fd, "d/.", 0, name, sizeof(name)), -EINVAL);
	leads(inroot_open_parent(root_fd, "d/..x", 0, name, sizeof(name)), "d", "d/..x");
	CHECK_ERR(inroot_open_parent(root_fd, "d/abc", 0, tiny, sizeof(tiny)), -ENAMETOOLONG);
	world_check_and_remove();
}

/* Exchanges root/vol/d (a directory) with root/vol/l (a link to the decoy) as fast as it can. */
static pid_t spinner(void)
{
	pid_t pid = fork();
	autoclose int vol = -1;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	vol = openat(root_fd, "vol", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (;;)
		syscall(SYS_renameat2, vol, "d", vol, "l", 2 /* RENAME_EXCHANGE, which musl lacks */);
}

TEST(exchange_race_never_leads_out)
{
	char path[64];
	pid_t pid;
	int fine = 0;

	REQUIRE(world_make());
	md("vol");
	md("vol/d");
	ln("../../../../../../../..%s/decoy", "vol/l");
	ln("%s/decoy", "vol/m");
	pid = spinner();
	REQUIRE(pid > 0);
	for (int i = 0; i < 400; i++) {
		int fd;

		snprintf(path, sizeof(path), "vol/%c/n%d/../m%d", i & 1 ? 'd' : 'l', i, i);
		fd = i & 2 ? mkd(path) : mkf(path);
		fine += fd >= 0;
		cleanup_close(&fd);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK(fine > 0);
	world_check_and_remove();
}

/* A rename storm makes openat2 give up; so do we, in bounded time. */
TEST(rename_storm_is_bounded)
{
	struct timespec a, b;
	pid_t pid;

	REQUIRE(world_make());
	md("vol");
	md("vol/d");
	md("vol/l");
	pid = spinner();
	REQUIRE(pid > 0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < 300; i++) {
		int fd = inroot_open(root_fd, "vol/d/../d/../d/../d/../d/../d/../d", O_PATH, 0);

		CHECK(fd >= 0 || fd == -EAGAIN || fd == -ENOENT);
		cleanup_close(&fd);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK(b.tv_sec - a.tv_sec < 60);
	world_check_and_remove();
}

CHECK_MAIN();
