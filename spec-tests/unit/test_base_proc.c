/* SPDX-License-Identifier: Apache-2.0 */
/* base/procfs, base/pidref, base/sys. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/pidref.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "check.h"

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(procfs_opens_and_reads)
{
	struct err e = { 0 };
	autoclose int proc = procfs_open(&e);
	char text[4096], want[32];

	REQUIRE(proc >= 0);
	CHECK_INT(fcntl(proc, F_GETFD), FD_CLOEXEC);
	CHECK(procfs_read(proc, "self/comm", text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), "%d (", (int)getpid());
	CHECK(procfs_read(proc, "self/stat", text, sizeof(text)) > 0);
	CHECK(!strncmp(text, want, strlen(want)));
	CHECK_ERR(procfs_read(proc, "self/stat", text, 4), -EFBIG);
	CHECK(procfs_read(proc, "sys/kernel/ostype", text, sizeof(text)) > 0);
	CHECK_STR(text, "Linux\n");
	CHECK_ERR(procfs_read(proc, "selfish", text, sizeof(text)), -ENOENT);
	CHECK_ERR(procfs_read(proc, "self/none", text, sizeof(text)), -ENOENT);
}

TEST(procfs_writes)
{
	autoclose int proc = procfs_open(NULL);
	char text[64];

	CHECK_ERR(procfs_write(proc, "self/comm", "renamed"), 0);
	CHECK_INT(procfs_read(proc, "self/comm", text, sizeof(text)), 8);
	CHECK_STR(text, "renamed\n");
	CHECK_ERR(procfs_write(proc, "self/oom_score_adj", "nonsense"), -EINVAL);
}

TEST(procfs_follows_no_links_and_leaves_by_no_way)
{
	autoclose int proc = procfs_open(NULL);

	CHECK_ERR(procfs_open_file(proc, "self/exe", O_RDONLY), -ELOOP);
	CHECK_ERR(procfs_open_file(proc, "self/root", O_PATH), -ELOOP);
	CHECK_ERR(procfs_open_file(proc, "self/cwd/x", O_PATH), -ELOOP);
	CHECK_ERR(procfs_open_file(proc, "self/fd/0", O_RDONLY), -ELOOP);
	CHECK_ERR(procfs_open_file(proc, "self/ns/mnt", O_RDONLY), -ELOOP);
	CHECK_ERR(procfs_open_file(proc, "thread-self/comm", O_RDONLY), -ELOOP);
	CHECK_ERR(procfs_open_file(proc, "mounts", O_RDONLY), -ELOOP);
	CHECK_ERR(procfs_open_file(proc, "../etc/passwd", O_RDONLY), -EXDEV);
	CHECK_ERR(procfs_open_file(proc, "/self/comm", O_RDONLY), -EXDEV);
	CHECK_ERR(procfs_open_file(proc, "self/../../etc", O_PATH), -EXDEV);
	CHECK_ERR(procfs_open_file(proc, "", O_RDONLY), -ENOENT);
}

/* In a mount namespace of its own; exit codes say which check failed. */
static int overmounted(void)
{
	char text[64];
	struct err e = { 0 };
	int proc;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 77;
	proc = procfs_open(NULL);
	if (proc < 0 || mount("/dev/null", "/proc/version", NULL, MS_BIND, NULL))
		return 77;
	if (procfs_read(proc, "version", text, sizeof(text)) != -EXDEV)
		return 1;
	if (mount("tmpfs", "/proc", "tmpfs", 0, NULL))
		return 77;
	if (procfs_open(&e) != -EINVAL || !strstr(e.text, "not the root of a proc file system"))
		return 2;
	if (umount2("/proc", MNT_DETACH) || mount("/proc/self", "/proc", NULL, MS_BIND, NULL))
		return 77;
	return procfs_open(NULL) == -EINVAL ? 0 : 3; /* procfs, but not its root */
}

/* procfs of the parent pid namespace, seen from a child one: getpid() says 1 here. */
static int foreign_self(void)
{
	char text[512];
	int proc = procfs_open(NULL), st;
	pid_t pid;

	if (unshare(CLONE_NEWPID))
		return 77;
	pid = fork();
	if (pid == 0) {
		if (getpid() != 1 || procfs_read(proc, "self/stat", text, sizeof(text)) < 0)
			_exit(1);
		_exit(strncmp(text, "1 (", 3) ? 0 : 2);
	}
	return waitpid(pid, &st, 0) == pid && WIFEXITED(st) ? WEXITSTATUS(st) : 3;
}

static int in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int st = 0;

	if (pid == 0)
		_exit(fn());
	return pid > 0 && waitpid(pid, &st, 0) == pid && WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

TEST(procfs_overmounts_are_seen)
{
	int r = in_child(overmounted);

	if (r == 77)
		SKIP("needs root");
	CHECK_INT(r, 0);
}

TEST(procfs_self_is_the_number_of_that_mount)
{
	int r = in_child(foreign_self);

	if (r == 77)
		SKIP("needs root");
	CHECK_INT(r, 0);
}

TEST(start_time_with_a_hostile_command_name)
{
	autoclose int proc = procfs_open(NULL);
	uint64_t a = 0, b = 0;
	char state = '?';

	CHECK_ERR(procfs_start_time(proc, getpid(), &a, &state), 0);
	CHECK_INT(state, 'R');
	prctl(PR_SET_NAME, "a) S 1 2 (b) ");
	CHECK_ERR(procfs_start_time(proc, getpid(), &b, NULL), 0);
	CHECK(a && a == b);
	CHECK_ERR(procfs_start_time(proc, getpid(), NULL, NULL), 0);
	CHECK_ERR(procfs_start_time(proc, 0, &a, NULL), -ESRCH);
	CHECK_ERR(procfs_start_time(proc, -1, &a, NULL), -ESRCH);
	CHECK_ERR(procfs_start_time(proc, 0x3fffffff, &a, NULL), -ESRCH);
}

TEST(pidref_life)
{
	autoclose int proc = procfs_open(NULL);
	struct pidref p = PIDREF_INIT, q = PIDREF_INIT;
	pid_t pid = sleeper();
	uint64_t t = 0;

	CHECK_ERR(procfs_start_time(proc, pid, &t, NULL), 0);
	CHECK_ERR(pidref_open(proc, pid, 0, &p), 0);
	CHECK_INT(p.pid, pid);
	CHECK(p.start_time == t);
	CHECK_INT(fcntl(p.pidfd, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(pidref_open(proc, pid, t, &q), 0);
	CHECK(pidref_alive(&p));
	CHECK_ERR(pidref_wait_exit(&p, 0), -ETIMEDOUT);
	CHECK_ERR(pidref_wait_exit(&p, 30), -ETIMEDOUT);
	CHECK_ERR(pidref_kill(&p, 0), 0);
	CHECK_ERR(pidref_kill(&p, SIGKILL), 0);
	CHECK_ERR(pidref_wait_exit(&p, -1), 0);
	CHECK(!pidref_alive(&p));
	pidref_done(&q);
	CHECK_ERR(pidref_open(proc, pid, t, &q), -ESRCH); /* a zombie */
	CHECK_INT(q.pidfd, -1);
	waitpid(pid, NULL, 0);
	CHECK_ERR(pidref_open(proc, pid, t, &q), -ESRCH);
	CHECK_ERR(pidref_kill(&p, SIGKILL), -ESRCH);
	CHECK_ERR(pidref_wait_exit(&p, -1), 0);
	pidref_done(&p);
	pidref_done(&p);
	CHECK_INT(p.pidfd, -1);
	CHECK(!pidref_alive(&p));
	CHECK_ERR(pidref_wait_exit(&p, 10), -EBADF);
	CHECK_ERR(pidref_kill(&p, SIGKILL), -EBADF);
}

TEST(pidref_refuses_another_start_time)
{
	autoclose int proc = procfs_open(NULL);
	struct pidref p = PIDREF_INIT;
	pid_t pid = sleeper();
	uint64_t t = 0;
	int fd;

	CHECK_ERR(procfs_start_time(proc, pid, &t, NULL), 0);
	fd = dup(proc);
	close(fd);
	CHECK_ERR(pidref_open(proc, pid, t + 1, &p), -ESRCH);
	CHECK_ERR(pidref_open(proc, pid, t - 1, &p), -ESRCH);
	CHECK_INT(p.pidfd, -1);
	CHECK_ERR(pidref_open(-1, pid, t, &p), -EBADF);
	CHECK_INT(dup(proc), fd); /* no pidfd was left open */
	close(fd);
	CHECK_ERR(pidref_open(proc, 0, 0, &p), -ESRCH);
	CHECK_ERR(pidref_open(proc, -1, 0, &p), -ESRCH);
	CHECK_ERR(pidref_open(proc, 0x3fffffff, 0, &p), -ESRCH);
	end(pid);
}

static void on_signal(int sig)
{
	(void)sig;
}

TEST(pidref_wait_counts_time_over_signals)
{
	autoclose int proc = procfs_open(NULL);
	struct sigaction sa = { .sa_handler = on_signal }, old;
	struct pidref p = PIDREF_INIT;
	struct timespec a, b;
	pid_t pid = sleeper(), noisy;

	CHECK_ERR(pidref_open(proc, pid, 0, &p), 0);
	sigaction(SIGUSR1, &sa, &old);
	noisy = fork();
	if (noisy == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			kill(getppid(), SIGUSR1);
			usleep(3000);
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &a);
	CHECK_ERR(pidref_wait_exit(&p, 100), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &b);
	CHECK((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 < 5000);
	end(noisy);
	end(pid);
	CHECK_ERR(pidref_wait_exit(&p, 1000), 0);
	sigaction(SIGUSR1, &old, NULL);
	pidref_done(&p);
}

static void *stay(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

/* A dead leader with a living thread looks like a zombie in stat, but the process lives. */
TEST(pidref_of_a_process_whose_leader_has_left)
{
	autoclose int proc = procfs_open(NULL);
	struct pidref p = PIDREF_INIT;
	char state = 0;
	pid_t pid = fork();

	if (pid == 0) {
		pthread_t t;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&t, NULL, stay, NULL);
		pthread_exit(NULL);
	}
	for (int i = 0; i < 200 && state != 'Z'; i++) {
		procfs_start_time(proc, pid, NULL, &state);
		usleep(5000);
	}
	CHECK_INT(state, 'Z');
	CHECK_ERR(pidref_open(proc, pid, 0, &p), 0);
	CHECK(pidref_alive(&p));
	end(pid);
	pidref_done(&p);
}

TEST(sys_wrappers_work_here)
{
	uint32_t e[2], p[2], i[2], e2[2] = { 0 }, p2[2], i2[2];
	struct sys_clone_args args = { .exit_signal = SIGCHLD };
	autoclose int mem = sys_memfd_create("x", 1);
	char cwd[4096];
	int st = 0;
	long pid;

	CHECK(mem >= 0);
	CHECK_INT(sys_capget_raw(e, p, i), 0);
	CHECK_INT(sys_capset_raw(e, p, i), 0);
	CHECK_INT(sys_capget_raw(e2, p2, i2), 0);
	CHECK_MEM(e, e2, sizeof(e));
	CHECK(sys_getcwd_raw(cwd, sizeof(cwd)) > 1 && cwd[0] == '/');
	CHECK(sys_openat2(-1, "x", &(struct sys_open_how){ .resolve = 1ull << 40 }) == -1 && errno == EINVAL);
	CHECK(sys_seccomp(0xffff, 0, NULL) == -1 && errno == EINVAL);
	pid = sys_clone3(&args);
	if (pid == 0)
		_exit(42);
	CHECK(pid > 0 && waitpid((pid_t)pid, &st, 0) == pid && WEXITSTATUS(st) == 42);
}

CHECK_MAIN();
