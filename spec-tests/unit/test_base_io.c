/* SPDX-License-Identifier: Apache-2.0 */
/* base/io, base/fd, base/unixsock. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/unixsock.h"
#include "check.h"

static char dir_path[64];
static int dir_fd = -1;

static bool dir_make(void)
{
	snprintf(dir_path, sizeof(dir_path), "/tmp/masu-test-io-XXXXXX");
	if (!mkdtemp(dir_path))
		return false;
	dir_fd = open(dir_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir_fd >= 0;
}

static void dir_remove(void)
{
	char cmd[128];

	close(dir_fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir_path);
	CHECK_INT(system(cmd), 0);
}

static int dir_entries(void)
{
	DIR *d = opendir(dir_path);
	int n = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	if (d)
		closedir(d);
	return n;
}

static void put(const char *name, const char *text)
{
	autoclose int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK_ERR(io_write_full(fd, text, strlen(text)), 0);
}

TEST(read_file_bounds)
{
	char p[8];

	REQUIRE(dir_make());
	put("seven", "1234567");
	put("eight", "12345678");
	put("empty", "");
	CHECK_INT(io_read_file_at(dir_fd, "seven", p, sizeof(p)), 7);
	CHECK_STR(p, "1234567");
	CHECK_ERR(io_read_file_at(dir_fd, "eight", p, sizeof(p)), -EFBIG);
	CHECK_INT(io_read_file_at(dir_fd, "empty", p, 1), 0);
	CHECK_STR(p, "");
	CHECK_ERR(io_read_file_at(dir_fd, "seven", p, 1), -EFBIG);
	CHECK_ERR(io_read_file_at(dir_fd, "seven", p, 0), -EINVAL);
	CHECK_ERR(io_read_file_at(dir_fd, "none", p, sizeof(p)), -ENOENT);
	CHECK_ERR(io_read_file_at(dir_fd, ".", p, sizeof(p)), -EISDIR);
	dir_remove();
}

TEST(write_file_is_one_write_into_what_exists)
{
	char p[32];

	REQUIRE(dir_make());
	put("f", "abcdef");
	CHECK_ERR(io_write_file_at(dir_fd, "f", "XY"), 0);
	CHECK_INT(io_read_file_at(dir_fd, "f", p, sizeof(p)), 6);
	CHECK_STR(p, "XYcdef");
	CHECK_ERR(io_write_file_at(dir_fd, "none", "x"), -ENOENT);
	CHECK_INT(dir_entries(), 1);
	dir_remove();
}

TEST(write_full_reports_a_gone_reader)
{
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	int p[2];

	REQUIRE(pipe2(p, O_CLOEXEC) == 0);
	close(p[0]);
	CHECK_ERR(io_write_full(p[1], "x", 1), -EPIPE);
	CHECK_ERR(io_write_once(p[1], "x"), -EPIPE);
	close(p[1]);
	CHECK_ERR(io_write_full(-1, "x", 1), -EBADF);
	CHECK_ERR(io_read_full(-1, &p, 1), -EBADF);
	signal(SIGPIPE, old);
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST(read_full_survives_signals_and_short_reads)
{
	struct sigaction sa = { .sa_handler = on_alarm }, old;
	char got[6] = "";
	int p[2];
	pid_t pid;

	sigaction(SIGUSR1, &sa, &old); /* no SA_RESTART: read gives EINTR */
	REQUIRE(pipe2(p, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 5; i++) {
			kill(getppid(), SIGUSR1);
			usleep(2000);
			if (write(p[1], "abcde" + i, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(p[1]);
	CHECK_INT(io_read_full(p[0], got, 6), 5);
	CHECK_STR(got, "abcde");
	close(p[0]);
	waitpid(pid, NULL, 0);
	sigaction(SIGUSR1, &old, NULL);
}

TEST(read_all_up_to_the_limit)
{
	AUTO(buf_done) struct buf b = { 0 };
	autoclose int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	CHECK_ERR(io_read_all(fd, 100000, &b), -EFBIG);
	CHECK(b.len <= 100000);
	REQUIRE(dir_make());
	put("f", "hello");
	cleanup_close(&fd);
	fd = openat(dir_fd, "f", O_RDONLY | O_CLOEXEC);
	buf_done(&b);
	CHECK_ERR(io_read_all(fd, 5, &b), 0);
	CHECK_STR(b.data, "hello");
	lseek(fd, 0, SEEK_SET);
	buf_done(&b);
	CHECK_ERR(io_read_all(fd, 4, &b), -EFBIG);
	dir_remove();
}

TEST(read_all_over_several_chunks)
{
	AUTO(buf_done) struct buf b = { 0 }, big = { 0 };
	autoclose int fd = -1;

	REQUIRE(dir_make());
	for (int i = 0; i < 20000; i++)
		buf_addf(&big, "%05d", i);
	CHECK_ERR(io_replace_at(dir_fd, "f", big.data, big.len, 0600), 0);
	fd = openat(dir_fd, "f", O_RDONLY | O_CLOEXEC);
	CHECK_ERR(io_read_all(fd, 100000, &b), 0);
	CHECK_INT(b.len, 100000);
	CHECK_STR(b.data, big.data);
	dir_remove();
}

TEST(replace_is_atomic_and_leaves_nothing_behind)
{
	struct stat st;
	char p[32];
	mode_t old;

	REQUIRE(dir_make());
	old = umask(0777);
	CHECK_ERR(io_replace_at(dir_fd, "s", "one", 3, 0644), 0);
	umask(old);
	CHECK_INT(fstatat(dir_fd, "s", &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0644);
	CHECK_ERR(io_replace_at(dir_fd, "s", "second", 6, 0600), 0);
	CHECK_INT(io_read_file_at(dir_fd, "s", p, sizeof(p)), 6);
	CHECK_STR(p, "second");
	CHECK_INT(dir_entries(), 1);
	CHECK_ERR(io_replace_at(dir_fd, "none/s", "x", 1, 0600), -ENOENT);
	/* a target that cannot be replaced: the temporary file goes away again */
	CHECK_INT(mkdirat(dir_fd, "d", 0700), 0);
	CHECK_ERR(io_replace_at(dir_fd, "d", "x", 1, 0600), -EISDIR);
	CHECK_INT(dir_entries(), 2);
	CHECK_ERR(io_replace_at(dir_fd, "d/s", "x", 1, 0600), 0);
	CHECK_INT(fstatat(dir_fd, "d/s", &st, 0), 0);
	dir_remove();
}

TEST(replace_replaces_a_link_and_not_its_target)
{
	struct stat st;
	char p[32];

	REQUIRE(dir_make());
	put("target", "keep");
	CHECK_INT(symlinkat("target", dir_fd, "s"), 0);
	CHECK_ERR(io_replace_at(dir_fd, "s", "new", 3, 0600), 0);
	CHECK_INT(fstatat(dir_fd, "s", &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK(S_ISREG(st.st_mode));
	CHECK_INT(io_read_file_at(dir_fd, "target", p, sizeof(p)), 4);
	CHECK_STR(p, "keep");
	dir_remove();
}

TEST(fd_flags_and_kinds)
{
	autoclose int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	autoclose int proc = open("/proc", O_PATH | O_CLOEXEC);
	autoclose int high = fd_dup_above(fd, 100);

	CHECK_ERR(fd_set_cloexec(fd, false), 0);
	CHECK_INT(fcntl(fd, F_GETFD), 0);
	CHECK_ERR(fd_set_cloexec(fd, true), 0);
	CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(fd_set_cloexec(-1, true), -EBADF);
	CHECK(high >= 100);
	CHECK_INT(fcntl(high, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(fd_dup_above(-1, 3), -EBADF);
	CHECK(fd_is_chardev(fd, 1, 3));
	CHECK(!fd_is_chardev(fd, 1, 5));
	CHECK(!fd_is_chardev(proc, 1, 3));
	CHECK(!fd_is_chardev(-1, 1, 3));
	CHECK(fd_is_fstype(proc, 0x9fa0));
	CHECK(!fd_is_fstype(fd, 0x9fa0));
	CHECK(!fd_is_fstype(-1, 0x9fa0));
}

static int in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int st = 0;

	if (pid == 0)
		_exit(fn());
	return pid > 0 && waitpid(pid, &st, 0) == pid && WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static int stdio_child(void)
{
	close(0);
	close(2);
	if (fd_ensure_stdio() < 0)
		return 1;
	return fd_is_chardev(0, 1, 3) && fd_is_chardev(2, 1, 3) && fcntl(0, F_GETFD) == 0 ? 0 : 2;
}

static int range_child(void)
{
	int fd = open("/dev/null", O_RDONLY);
	int high = fcntl(fd, F_DUPFD, 700);

	if (fd_cloexec_from(500) < 0 || fcntl(high, F_GETFD) != FD_CLOEXEC || fcntl(fd, F_GETFD) != 0)
		return 1;
	return 0;
}

TEST(fd_ranges_and_stdio)
{
	CHECK_INT(in_child(stdio_child), 0);
	CHECK_INT(in_child(range_child), 0);
}

static void talk(const char *path)
{
	autoclose int l = unixsock_listen(path, SOCK_STREAM, 4), c = -1, s = -1, got = -1, extra = -1;
	char word[16] = "";

	REQUIRE(l >= 0);
	CHECK_INT(fcntl(l, F_GETFD), FD_CLOEXEC);
	CHECK_ERR(unixsock_listen(path, SOCK_STREAM, 4), -EADDRINUSE);
	c = unixsock_connect(path, SOCK_STREAM);
	REQUIRE(c >= 0);
	CHECK_INT(fcntl(c, F_GETFD), FD_CLOEXEC);
	s = accept4(l, NULL, NULL, SOCK_CLOEXEC);
	REQUIRE(s >= 0);
	extra = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK_ERR(unixsock_send_fd(c, extra, "hello", 5), 0);
	CHECK_INT(unixsock_recv_fd(s, word, sizeof(word), &got), 5);
	CHECK_STR(word, "hello");
	CHECK(fd_is_chardev(got, 1, 3));
	CHECK_INT(fcntl(got, F_GETFD), FD_CLOEXEC);
	cleanup_close(&got);
	CHECK_INT(send(c, "x", 1, 0), 1);
	CHECK_INT(unixsock_recv_fd(s, word, sizeof(word), &got), 1);
	CHECK_INT(got, -1);
	CHECK_ERR(unixsock_send_fd(c, extra, "", 0), -EINVAL);
	CHECK_ERR(unixsock_send_fd(c, -1, "x", 1), -EBADF);
	cleanup_close(&s);
	CHECK_ERR(unixsock_send_fd(c, extra, "x", 1), -ECONNRESET);
}

TEST(unixsock_short_and_long_paths)
{
	char path[300];

	REQUIRE(dir_make());
	snprintf(path, sizeof(path), "%s/s", dir_path);
	talk(path);
	CHECK_ERR(unixsock_connect(path, SOCK_STREAM), -ECONNREFUSED);
	/* 107 bytes are the longest that fit */
	memset(path + strlen(dir_path) + 1, 'x', sizeof(path) - strlen(dir_path) - 1);
	path[107] = '\0';
	talk(path);
	path[107] = 'x';
	path[108] = '\0';
	talk(path);
	snprintf(path + strlen(dir_path), sizeof(path) - strlen(dir_path), "/%0120d", 0);
	CHECK_INT(mkdir(path, 0700), 0);
	strcat(path, "/sock");
	CHECK_ERR(unixsock_connect(path, SOCK_STREAM), -ENOENT);
	talk(path);
	dir_remove();
	CHECK_ERR(unixsock_connect("", SOCK_STREAM), -ENOENT);
}

TEST(unixsock_long_path_that_is_no_socket)
{
	char path[300];
	autoclose int fd = -1;

	REQUIRE(dir_make());
	snprintf(path, sizeof(path), "%s/%0120d", dir_path, 0);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK_ERR(unixsock_connect(path, SOCK_STREAM), -ENOTSOCK);
	dir_remove();
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(unixsock_refuses_more_than_one_fd)
{
	autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec iov = { (void *)"x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int pair[2], got, before, two[2] = { null, null };
	char p[4];

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(two));
	memcpy(CMSG_DATA(c), two, sizeof(two));
	before = open_fds();
	CHECK_INT(sendmsg(pair[0], &msg, 0), 1);
	CHECK_ERR(unixsock_recv_fd(pair[1], p, sizeof(p), &got), -EPROTO);
	CHECK_INT(got, -1);
	CHECK_INT(open_fds(), before);
	close(pair[0]);
	close(pair[1]);
}

CHECK_MAIN();
