/* SPDX-License-Identifier: Apache-2.0 */
/* base/child: helpers that behave badly. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "check.h"

static char out[1 << 16];

/* Runs sh -c script with its output collected in out. */
static int sh(const char *script, const char *input, size_t input_len, int timeout_ms, struct err *e)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	char *envp[] = { (char *)"PATH=/usr/bin:/bin", (char *)"ONLY=this", NULL };
	FILE *f = tmpfile();
	struct child_spec s = {
		.path = "/bin/sh",
		.argv = argv,
		.envp = envp,
		.input = input,
		.input_len = input_len,
		.cwd_fd = -1,
		.out_fd = fileno(f),
		.err_fd = fileno(f),
		.timeout_ms = timeout_ms,
	};
	int r = child_run(&s, e);

	rewind(f);
	out[fread(out, 1, sizeof(out) - 1, f)] = '\0';
	fclose(f);
	return r;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(exit_codes)
{
	int before = open_fds();

	CHECK_INT(sh("exit 0", NULL, 0, -1, NULL), 0);
	CHECK_INT(sh("exit 3", NULL, 0, 10000, NULL), 3);
	CHECK_INT(sh("exit 200", NULL, 0, -1, NULL), 200);
	CHECK_INT(sh("exit 255", NULL, 0, -1, NULL), 255);
	CHECK_INT(sh("kill -TERM $$", NULL, 0, -1, NULL), CHILD_SIGNALED + SIGTERM);
	CHECK_INT(sh("kill -KILL $$", NULL, 0, -1, NULL), CHILD_SIGNALED + SIGKILL);
	CHECK_INT(open_fds(), before);
}

TEST(errors_of_hooks)
{
	struct err inner = { .text = "change directory for `/h`: it is gone", .hint = "advice" }, e = { 0 };

	CHECK_ERR(child_hook_error("prestart", 2, "/h", 7, 200, &(struct err){ 0 }, &e), -ECANCELED);
	CHECK_STR(e.text, "run prestart hook `/h`: exit code 200");
	CHECK_STR(e.pointer, "/hooks/prestart/2");
	CHECK_ERR(child_hook_error("prestart", 2, "/h", 7, CHILD_SIGNALED + 9, &(struct err){ 0 }, &e), -ECANCELED);
	CHECK_STR(e.text, "run prestart hook `/h`: killed by signal 9");
	CHECK_ERR(child_hook_error("prestart", 2, "/h", 7, -ENOENT, &inner, &e), -ECANCELED);
	CHECK_STR(e.text, "run prestart hook: change directory for `/h`: it is gone");
	CHECK_STR(e.hint, "advice");
	CHECK_ERR(child_hook_error("prestart", 2, "/h", 7, -ETIMEDOUT, &inner, NULL), -ECANCELED);
}

TEST(exec_failures_are_told)
{
	struct child_spec s = { .path = "/none/there", .cwd_fd = -1, .out_fd = -1, .err_fd = -1, .timeout_ms = -1 };
	struct err e = { 0 };
	int before = open_fds();

	CHECK_ERR(child_run(&s, &e), -ENOENT);
	CHECK_STR(e.text, "execute `/none/there`: No such file or directory");
	s.path = "/etc/passwd";
	CHECK_ERR(child_run(&s, &e), -EACCES);
	s.path = "/";
	CHECK_ERR(child_run(&s, NULL), -EACCES);
	s.path = "sh"; /* no search in PATH */
	CHECK_ERR(child_run(&s, NULL), -ENOENT);
	s.path = "/bin/sh";
	s.cwd_fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	CHECK_ERR(child_run(&s, &e), -ENOTDIR);
	CHECK_STR(e.text, "change directory for `/bin/sh`: Not a directory");
	close(s.cwd_fd);
	s.cwd_fd = -1;
	s.out_fd = 999;
	CHECK_ERR(child_run(&s, &e), -EBADF);
	CHECK_STR(e.text, "prepare to execute `/bin/sh`: Bad file descriptor");
	CHECK_INT(open_fds(), before);
}

TEST(defaults_of_argv_and_environment)
{
	struct child_spec s = { .path = "/usr/bin/env", .cwd_fd = -1, .err_fd = -1, .timeout_ms = -1 };
	FILE *f = tmpfile();
	struct stat st;

	s.out_fd = fileno(f);
	CHECK_INT(child_run(&s, NULL), 0);
	CHECK(!fstat(s.out_fd, &st) && st.st_size == 0); /* an empty environment prints nothing */
	fclose(f);
	CHECK_INT(sh("echo $ONLY; env | grep -vc -e PATH -e ONLY -e PWD -e _ -e SHLVL -e OLDPWD", NULL, 0, -1, NULL),
		  1);
	CHECK_STR(out, "this\n0\n");
}

TEST(input_is_fed_to_its_end)
{
	static char big[1 << 20];

	CHECK_INT(sh("cat", "hello", 5, -1, NULL), 0);
	CHECK_STR(out, "hello");
	CHECK_INT(sh("cat; echo end", "", 0, -1, NULL), 0);
	CHECK_STR(out, "end\n");
	CHECK_INT(sh("cat; readlink /proc/self/fd/0", NULL, 0, -1, NULL), 0);
	CHECK_STR(out, "/dev/null\n");
	memset(big, 'x', sizeof(big));
	CHECK_INT(sh("wc -c", big, sizeof(big), 20000, NULL), 0);
	CHECK_INT(atoi(out), sizeof(big));
	CHECK_INT(sh("sleep 0.2; cat /dev/stdin | wc -c", big, sizeof(big), 20000, NULL), 0);
	CHECK_INT(atoi(out), sizeof(big));
}

static volatile sig_atomic_t pipes;

static void on_pipe(int sig)
{
	(void)sig;
	pipes++;
}

TEST(input_that_nobody_reads_is_fine)
{
	static char big[1 << 20];
	struct sigaction sa = { .sa_handler = on_pipe }, old, after;
	sigset_t mask;

	sigaction(SIGPIPE, &sa, &old);
	for (int i = 0; i < 5; i++) {
		CHECK_INT(sh("exit 4", big, sizeof(big), 20000, NULL), 4);
		CHECK_INT(sh("exec <&-; sleep 0.05; exit 5", big, sizeof(big), 20000, NULL), 5);
	}
	CHECK_INT(pipes, 0);
	sigaction(SIGPIPE, NULL, &after);
	CHECK(after.sa_handler == on_pipe);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	CHECK(!sigismember(&mask, SIGPIPE));
	/* one that was pending before is not swallowed */
	sigemptyset(&mask);
	sigaddset(&mask, SIGPIPE);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	raise(SIGPIPE);
	CHECK_INT(sh("exec <&-; sleep 0.05; exit 6", big, sizeof(big), 20000, NULL), 6);
	CHECK_INT(pipes, 0);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	CHECK_INT(pipes, 1);
	sigaction(SIGPIPE, &old, NULL);
}

TEST(timeout_ends_the_whole_group)
{
	struct err e = { 0 };
	long long start = now_ms();
	char pid_text[32] = "";
	int pid;

	CHECK_ERR(sh("trap '' TERM INT; sleep 60 & echo $!; wait; sleep 60", NULL, 0, 1500, &e), -ETIMEDOUT);
	CHECK_STR(e.text, "run `/bin/sh`: not finished after 1500 ms");
	CHECK_INT(e.code, ETIMEDOUT);
	CHECK(now_ms() - start < 5000);
	snprintf(pid_text, sizeof(pid_text), "%.20s", out);
	pid = atoi(pid_text);
	CHECK(pid > 1);
	for (int i = 0; i < 100 && kill(pid, 0) == 0; i++) {
		char path[64], st[128] = "";

		/* an orphan whose reaper is slow is dead all the same */
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		if (io_read_file_at(AT_FDCWD, path, st, sizeof(st)) != -EFBIG && strstr(st, ") Z"))
			break;
		usleep(20000);
	}
	snprintf(pid_text, sizeof(pid_text), "/proc/%d/stat", pid);
	if (io_read_file_at(AT_FDCWD, pid_text, out, sizeof(out)) > 0)
		CHECK(strstr(out, ") Z"));
}

TEST(timeout_while_the_input_is_stuck)
{
	static char big[1 << 20];
	long long start = now_ms();

	CHECK_ERR(sh("sleep 60", big, sizeof(big), 150, NULL), -ETIMEDOUT);
	CHECK_ERR(sh("sleep 60", NULL, 0, 0, NULL), -ETIMEDOUT);
	CHECK(now_ms() - start < 5000);
}

TEST(background_processes_are_left_alone)
{
	long long start = now_ms();
	int pid;

	CHECK_INT(sh("sleep 30 >/dev/null 2>&1 & echo $!", "unread input", 12, -1, NULL), 0);
	CHECK(now_ms() - start < 5000);
	pid = atoi(out);
	CHECK(pid > 1 && kill(pid, 0) == 0);
	if (pid > 1)
		kill(pid, SIGKILL);
}

TEST(helper_has_three_fds_a_session_and_default_signals)
{
	int leak = open("/dev/zero", O_RDONLY); /* not CLOEXEC on purpose */
	void (*quit)(int) = signal(SIGQUIT, SIG_IGN), (*rt)(int) = signal(SIGRTMIN, SIG_IGN);
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	/* no pipe around ls: the shell would hold its ends for a moment */
	CHECK_INT(sh("ls -m /proc/$$/fd; cut -d' ' -f1,6 /proc/$$/stat | tr ' ' '\\n' | uniq | wc -l;"
		     "grep -E 'Sig(Blk|Ign)' /proc/$$/status | cut -f2 | tr '\\n' ' '",
		     "x", 1, -1, NULL),
		  0);
	CHECK_STR(out, "0, 1, 2\n1\n0000000000000000 0000000000000000 ");
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGQUIT, quit);
	signal(SIGRTMIN, rt);
	close(leak);
}

TEST(working_directory)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"test \"$(pwd -P)\" = /usr", NULL };
	struct child_spec s = {
		.path = "/bin/sh",
		.argv = argv,
		.cwd_fd = open("/usr", O_PATH | O_CLOEXEC),
		.out_fd = -1,
		.err_fd = -1,
		.timeout_ms = -1,
	};

	CHECK_INT(child_run(&s, NULL), 0);
	close(s.cwd_fd);
	s.cwd_fd = -1;
	CHECK_INT(child_run(&s, NULL), 1);
}

/* The three streams may already be among 0-2, in any order, or 0-2 may be closed. */
static int crossed(void)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"cat; echo err >&2", NULL };
	struct child_spec s = {
		.path = "/bin/sh",
		.argv = argv,
		.input = "in",
		.input_len = 2,
		.cwd_fd = -1,
		.timeout_ms = 10000,
	};
	char name[] = "/tmp/masu-test-child-XXXXXX", text[64];
	int a = mkstemp(name);

	dup2(a, 0);
	dup2(a, 2);
	close(1);
	close(a);
	s.out_fd = 2;
	s.err_fd = 0;
	if (child_run(&s, NULL) != 0)
		return 1;
	lseek(0, 0, SEEK_SET);
	a = (int)io_read_file(0, text, sizeof(text));
	unlink(name);
	return a == 6 && !strcmp(text, "inerr\n") ? 0 : 2;
}

TEST(streams_may_cross)
{
	pid_t pid = fork();
	int st = 0;

	if (pid == 0)
		_exit(crossed());
	waitpid(pid, &st, 0);
	CHECK_INT(WIFEXITED(st) ? WEXITSTATUS(st) : -1, 0);
}

TEST(caller_that_ignores_sigchld_is_told)
{
	void (*old)(int) = signal(SIGCHLD, SIG_IGN);
	struct err e = { 0 };

	CHECK_ERR(sh("exit 0", NULL, 0, -1, &e), -ECHILD);
	CHECK_STR(e.hint, "the calling program ignores SIGCHLD");
	signal(SIGCHLD, old);
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST(signals_do_not_disturb)
{
	struct sigaction sa = { .sa_handler = on_alarm }, old;
	static char big[1 << 20];
	pid_t noisy;

	sigaction(SIGUSR1, &sa, &old);
	noisy = fork();
	if (noisy == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			kill(getppid(), SIGUSR1);
			usleep(1000);
		}
	}
	CHECK_INT(sh("sleep 0.1; wc -c", big, sizeof(big), 20000, NULL), 0);
	CHECK_INT(atoi(out), sizeof(big));
	CHECK_ERR(sh("sleep 60", NULL, 0, 150, NULL), -ETIMEDOUT);
	kill(noisy, SIGKILL);
	waitpid(noisy, NULL, 0);
	sigaction(SIGUSR1, &old, NULL);
}

CHECK_MAIN();
