/* SPDX-License-Identifier: Apache-2.0 */
/* The search for the program, its argument vectors, the file descriptors it gets and the working directory. Needs no rights,
 * but for one case that needs not to have them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "check.h"
#include "kernel/proc/exec.h"

static char dir[64];

static void put(const char *name, mode_t mode)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "#!/bin/true\n", 12) != 12 || fchmod(fd, mode) < 0)
		abort();
	close(fd);
}

static void make_dir(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (mkdir(path, 0755) < 0)
		abort();
}

/* dir: a/ b/ sub/, a/tool (not executable), b/tool (executable), a/sub/ (a directory of a program's name), b/only, here, link */
static void setup(void)
{
	if (dir[0])
		return;
	strcpy(dir, "/tmp/masu-test-exec-XXXXXX");
	if (!mkdtemp(dir) || chdir(dir) < 0 || chmod(dir, 0755) < 0)
		abort();
	make_dir("a");
	make_dir("b");
	make_dir("a/folder");
	put("a/tool", 0644);
	put("b/tool", 0755);
	put("b/only", 0755);
	put("a/plain", 0644);
	put("here", 0755);
	if (symlink("b/only", "link") < 0 || mkfifo("a/pipe", 0755) < 0)
		abort();
}

__attribute__((destructor)) static void teardown(void)
{
	static const char *const files[] = { "a/tool", "b/tool", "b/only",   "a/plain", "here",
					     "link",   "a/pipe", "a/folder", "a",       "b" };

	if (!dir[0] || chdir(dir) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		remove(files[i]);
	remove(dir);
}

static void finds(const char *file, const char *path, const char *want)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err err = { 0 };
	const char *got = NULL;
	int r;

	setup();
	r = exec_find(file, path, &a, &got, &err);
	if (!CHECK_ERR(r, 0))
		printf("# %s: %s\n", file, err.text);
	CHECK_STR(got, want);
}

static void fails(const char *file, const char *path, int code, const char *text)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err err = { 0 };
	const char *got = NULL;

	setup();
	CHECK_ERR(exec_find(file, path, &a, &got, &err), code);
	CHECK_STR(err.text, text);
}

TEST(with_a_slash_the_path_is_taken_as_given)
{
	finds("./here", "/bin", "./here");
	finds("b/only", NULL, "b/only");
	finds("./link", NULL, "./link");
	finds(".//b/../here", NULL, ".//b/../here");
}

TEST(path_is_searched_in_order)
{
	finds("only", "a:b", "b/only");
	finds("tool", "a:b", "b/tool"); /* goes on behind one that may not be executed */
	finds("only", "/nonexistent:here:b", "b/only");
	finds("only", "a:b/", "b//only");
}

TEST(empty_elements_are_the_working_directory)
{
	finds("here", "", "here");
	finds("here", "a::b", "here");
	finds("here", ":a", "here");
	finds("here", "a:", "here");
	fails("here", "a:b", -ENOENT, "exec `here`: executable file not found in $PATH");
}

TEST(default_path)
{
	finds("true", NULL, "/bin/true");
	fails("here", NULL, -ENOENT, "exec `here`: executable file not found in $PATH");
}

TEST(texts_that_engines_know)
{
	fails("no-such", "/bin:/usr/bin", -ENOENT, "exec `no-such`: executable file not found in $PATH");
	fails("/no/such", NULL, -ENOENT, "exec `/no/such`: no such file or directory");
	fails("./here/x", NULL, -ENOTDIR, "exec `./here/x`: not a directory");
	fails("./a", NULL, -EACCES, "exec `./a`: is a directory: permission denied");
	fails("/", NULL, -EACCES, "exec `/`: is a directory: permission denied");
	fails("./a/pipe", NULL, -EACCES, "exec `./a/pipe`: permission denied");
	fails("./a/plain", NULL, -EACCES, "exec `./a/plain`: permission denied");
	fails("plain", "a:b", -EACCES, "exec `plain`: permission denied");
	fails("folder", "a:b", -ENOENT, "exec `folder`: executable file not found in $PATH");
	fails("", "a:b", -ENOENT, "exec ``: executable file not found in $PATH: the name is empty");
}

TEST(long_names_end)
{
	char name[6000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	AUTO(arena_done) struct arena a = { 0 };
	const char *got;
	CHECK_ERR(exec_find(name, "a:b", &a, &got, NULL), -ENOENT);
}

/* ---- a whole record ---- */

struct record {
	struct buf flat;
	struct flat view;
	struct process_plan plan;
};

static struct record record_make(const char *const *args, size_t n_args, const char *const *env, size_t n_env)
{
	struct record r = { 0 };

	buf_add(&r.flat, "header..", 8);
	r.plan.args = flat_add_strv(&r.flat, args, n_args);
	r.plan.env = flat_add_strv(&r.flat, env, n_env);
	r.plan.cwd = flat_add_str(&r.flat, "/");
	r.view = (struct flat){ r.flat.data, r.flat.len };
	return r;
}

TEST(prepare)
{
	static const char *const args[] = { "tool", "", "a b" }, *const env[] = { "PATHX=/", "A=1", "PATH=a:b",
										  "PATH=/bin" };
	struct record r = record_make(args, 3, env, 4);
	AUTO(arena_done) struct arena a = { 0 };
	struct exec_image img;
	char pid[32];

	setup();
	CHECK_ERR(exec_prepare(&r.view, &r.plan, &a, &img, NULL), 0);
	CHECK_STR(img.path, "b/tool"); /* the first PATH counts, as for getenv */
	CHECK_STR(img.argv[0], "tool");
	CHECK_STR(img.argv[1], "");
	CHECK_STR(img.argv[2], "a b");
	CHECK_STR(img.argv[3], NULL);
	CHECK_STR(img.envp[3], "PATH=/bin");
	CHECK_STR(img.envp[4], NULL);
	r.plan.listen_fds = 1;
	CHECK_ERR(exec_prepare(&r.view, &r.plan, &a, &img, NULL), 0);
	snprintf(pid, sizeof(pid), "LISTEN_PID=%d", getpid());
	CHECK_STR(img.envp[4], pid);
	CHECK_STR(img.envp[5], NULL);
	buf_done(&r.flat);
}

TEST(damaged_records)
{
	static const char *const args[] = { "tool" };
	struct record r = record_make(args, 1, NULL, 0);
	AUTO(arena_done) struct arena a = { 0 };
	struct process_plan p = r.plan;
	struct exec_image img;

	p.args.off = (uint32_t)r.flat.len;
	CHECK_ERR(exec_prepare(&r.view, &p, &a, &img, NULL), -EPROTO);
	p = r.plan;
	p.args.count = 0;
	CHECK_ERR(exec_prepare(&r.view, &p, &a, &img, NULL), -EPROTO);
	p = r.plan;
	p.env = (struct flat_arr){ 16, 1u << 30 };
	CHECK_ERR(exec_prepare(&r.view, &p, &a, &img, NULL), -EPROTO);
	p = r.plan;
	p.cwd = (struct flat_str){ 0, 0 };
	CHECK_ERR(exec_cwd_enter(AT_FDCWD, &r.view, &p, false, NULL, NULL), -EPROTO);
	buf_done(&r.flat);
}

TEST(errors_of_execve)
{
	struct exec_image img = { .path = "/x" };
	struct err err = { 0 };

	CHECK_ERR(exec_error(&img, ENOENT, &err), -ENOENT);
	CHECK_STR(err.text, "exec `/x`: no such file or directory");
	CHECK(strstr(err.hint, "interpreter"));
	CHECK_ERR(exec_error(&img, EACCES, &err), -EACCES);
	CHECK_STR(err.text, "exec `/x`: permission denied");
	CHECK_ERR(exec_error(&img, ENOEXEC, &err), -ENOEXEC);
	CHECK_STR(err.text, "exec `/x`: Exec format error");
}

/* ---- the working directory ---- */

/* Enters cwd under root in a child: 0 and the directory seen by /proc afterwards, or the error. */
static int enter(const char *root, const char *cwd, char *seen, size_t len)
{
	int pipe_fds[2], status = 0;
	pid_t pid;
	ssize_t n;

	if (pipe(pipe_fds) < 0)
		abort();
	pid = fork();
	if (!pid) {
		struct record r = record_make(NULL, 0, NULL, 0);
		int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), e;
		char now[512] = "";

		umask(0);
		r.plan.user.uid = geteuid();
		r.plan.user.gid = getegid();
		r.plan.cwd = flat_add_str(&r.flat, cwd);
		r.view = (struct flat){ r.flat.data, r.flat.len };
		e = exec_cwd_enter(root_fd, &r.view, &r.plan, false, NULL, NULL);
		if (!getcwd(now, sizeof(now)) || write(pipe_fds[1], now, strlen(now)) < 0)
			_exit(255);
		_exit(e < 0 ? -e : 0);
	}
	close(pipe_fds[1]);
	n = read(pipe_fds[0], seen, len - 1);
	seen[n > 0 ? n : 0] = '\0';
	close(pipe_fds[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -255;
}

TEST(cwd)
{
	char seen[512], want[128], root[128];

	setup();
	CHECK_ERR(enter(dir, "/a/folder", seen, sizeof(seen)), 0);
	snprintf(want, sizeof(want), "%s/a/folder", dir);
	CHECK_STR(seen, want);
	CHECK_ERR(enter(dir, "/../../../b", seen, sizeof(seen)), 0); /* .. ends at the root */
	snprintf(want, sizeof(want), "%s/b", dir);
	CHECK_STR(seen, want);
	CHECK_ERR(enter(dir, "/here", seen, sizeof(seen)), -ENOTDIR);
	snprintf(root, sizeof(root), "%s/b/new/deep", dir);
	CHECK_ERR(enter(dir, "/b/new/deep", seen, sizeof(seen)), 0);
	CHECK_STR(seen, root);
	rmdir(root);
	snprintf(root, sizeof(root), "%s/b/new", dir);
	rmdir(root);
	/* magic links lead out of every root */
	CHECK_ERR(enter("/", "/proc/self/cwd", seen, sizeof(seen)), -ELOOP);
	CHECK_ERR(enter("/", "/proc/self/fd/0", seen, sizeof(seen)), -ELOOP);
}

TEST(cwd_outside_of_the_root_is_seen)
{
	int status = 0;
	pid_t pid;

	setup();
	CHECK_ERR(exec_cwd_verify(NULL), 0);
	if (geteuid())
		SKIP("needs CAP_SYS_CHROOT");
	pid = fork();
	if (!pid) {
		char inner[128];

		snprintf(inner, sizeof(inner), "%s/a", dir);
		if (chdir("/") < 0 || chroot(inner) < 0)
			_exit(1);
		_exit(exec_cwd_verify(NULL) == -EPERM ? 42 : 2);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

/* ---- file descriptors ---- */

/* The open fds above 2 as "3,5,9". */
static void fds_list(char *out, size_t len)
{
	size_t n = 0;

	out[0] = '\0';
	for (int fd = 3; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			n += (size_t)snprintf(out + n, len - n, "%s%d%s", n ? "," : "", fd,
					      fcntl(fd, F_GETFD) & FD_CLOEXEC ? "" : "!");
}

static void closes(unsigned first, const int *keep, size_t n, const char *want)
{
	char text[256];
	int pipe_fds[2];
	ssize_t got;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		abort();
	pid = fork();
	if (!pid) {
		for (int fd = 3; fd < 12; fd++)
			if (fd != pipe_fds[1] && dup3(0, fd, O_CLOEXEC) < 0)
				_exit(1);
		if (fcntl(pipe_fds[1], F_DUPFD_CLOEXEC, 100) != 100 || exec_close_fds(first, keep, n, NULL) < 0)
			_exit(2);
		if (exec_pass_fds(1, NULL) != (want[0] == '3' ? 0 : -EBADF))
			_exit(3);
		fds_list(text, sizeof(text));
		_exit(write(100, text, strlen(text)) < 0);
	}
	close(pipe_fds[1]);
	got = read(pipe_fds[0], text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	close(pipe_fds[0]);
	waitpid(pid, NULL, 0);
	CHECK_STR(text, want);
}

TEST(fds_are_closed_but_those_to_keep)
{
	closes(3, (const int[]){ 100 }, 1, "");
	closes(3, (const int[]){ 9, 100, 5 }, 3, "5,9");
	closes(4, (const int[]){ 5, 6, 100, -1 }, 4, "3!,5,6");
	closes(5, (const int[]){ 100, 5, 3 }, 3, "3!,4,5");
	CHECK_ERR(exec_close_fds(3, (const int[9]){ 0 }, 9, NULL), -EINVAL);
}

CHECK_MAIN();
