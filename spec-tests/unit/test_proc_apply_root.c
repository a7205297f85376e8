/* SPDX-License-Identifier: Apache-2.0 */
/* The appliers of capabilities, ids, limits, keyring, terminal, names and kernel parameters, each in a child that looks at itself
 * in /proc afterwards. Needs root; whatever is made lives in namespaces of the child. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <pty.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "base/unixsock.h"
#include "check.h"
#include "kernel/ns/sysctl.h"
#include "kernel/ns/uts.h"
#include "kernel/proc/keyring.h"
#include "kernel/proc/oom.h"
#include "kernel/proc/rlimit.h"
#include "kernel/proc/terminal.h"
#include "kernel/proc/user.h"
#include "kernel/security/caps.h"
#include "kernel/security/caps_plan.h"

#define BIT(c) (UINT64_C(1) << (c))
#define CHILD_SKIPS 77

/* Runs fn in a child; its failed checks are ours. A child that lacks something exits with CHILD_SKIPS. */
#define IN_CHILD(fn)                                                           \
	do {                                                                   \
		int status_ = 0;                                               \
		if (geteuid())                                                 \
			SKIP("needs root");                                    \
		pid_t pid_ = fork();                                           \
		if (!pid_) {                                                   \
			fn();                                                  \
			fflush(stdout);                                        \
			_exit(check_failed ? 1 : 0);                           \
		}                                                              \
		waitpid(pid_, &status_, 0);                                    \
		if (WIFEXITED(status_) && WEXITSTATUS(status_) == CHILD_SKIPS) \
			SKIP("this kernel or sandbox does not allow it");      \
		CHECK(WIFEXITED(status_) && WEXITSTATUS(status_) == 0);        \
	} while (0)

static void child_needs(bool ok)
{
	if (!ok)
		_exit(CHILD_SKIPS);
}

/* A line of /proc/self/status in hexadecimal. */
static uint64_t status_hex(const char *key)
{
	unsigned long long v = UINT64_MAX;
	size_t len = strlen(key);
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, len) && line[len] == ':')
			sscanf(line + len + 1, "%llx", &v);
	if (f)
		fclose(f);
	return v;
}

/* The same of a program that this process executes. */
static uint64_t status_hex_after_exec(const char *key)
{
	char text[8192], *at;
	int fds[2], status;
	size_t n = 0;
	ssize_t r;
	pid_t pid;

	if (pipe(fds) < 0)
		return UINT64_MAX;
	pid = fork();
	if (!pid) {
		dup2(fds[1], 1);
		execl("/bin/cat", "cat", "/proc/self/status", NULL);
		_exit(127);
	}
	close(fds[1]);
	while ((r = read(fds[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	at = strstr(text, key);
	return at ? strtoull(at + strlen(key) + 1, NULL, 16) : UINT64_MAX;
}

/* ---- capabilities ---- */

static void become(const struct caps_plan *c, uint64_t extra, uint32_t uid)
{
	struct user_plan u = { .uid = uid, .gid = uid };
	struct flat f = { 0 };
	struct err err = { 0 };

	if (!CHECK_ERR(caps_apply_bounding(c, &err), 0) || !CHECK_ERR(caps_apply_keep(&err), 0) ||
	    !CHECK_ERR(user_apply(&f, &u, &err), 0) || !CHECK_ERR(caps_apply_sets(c, extra, &err), 0) ||
	    !CHECK_ERR(caps_apply_no_new_privs(c, &err), 0))
		printf("# %s\n", err.text);
}

static void caps_of_a_user(void)
{
	struct caps_plan c = { .bounding = BIT(CAP_KILL) | BIT(CAP_CHOWN),
			       .permitted = BIT(CAP_KILL) | BIT(CAP_CHOWN),
			       .effective = BIT(CAP_KILL),
			       .inheritable = BIT(CAP_KILL),
			       .ambient = BIT(CAP_KILL) };

	become(&c, 0, 1000);
	CHECK_INT(status_hex("CapBnd"), c.bounding);
	CHECK_INT(status_hex("CapPrm"), c.permitted);
	CHECK_INT(status_hex("CapEff"), c.effective);
	CHECK_INT(status_hex("CapInh"), c.inheritable);
	CHECK_INT(status_hex("CapAmb"), c.ambient);
	CHECK_INT(status_hex("NoNewPrivs"), 0);
	CHECK_INT(prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), 0);
	CHECK_INT(prctl(PR_GET_SECUREBITS, 0, 0, 0, 0), 0);
	CHECK_INT(status_hex_after_exec("CapEff"), BIT(CAP_KILL));
	CHECK_INT(status_hex_after_exec("CapPrm"), BIT(CAP_KILL));
}

static void caps_without_ambient(void)
{
	struct caps_plan c = { .bounding = BIT(CAP_KILL),
			       .permitted = BIT(CAP_KILL),
			       .effective = BIT(CAP_KILL),
			       .inheritable = BIT(CAP_KILL) };

	become(&c, 0, 1000);
	CHECK_INT(status_hex("CapEff"), BIT(CAP_KILL));
	CHECK_INT(status_hex_after_exec("CapEff"), 0);
	CHECK_INT(status_hex_after_exec("CapPrm"), 0);
	CHECK_INT(status_hex_after_exec("CapAmb"), 0);
}

static void caps_none_as_root(void)
{
	struct caps_plan c = { .no_new_privs = 1 };

	become(&c, 0, 0);
	CHECK_INT(status_hex("CapBnd"), 0);
	CHECK_INT(status_hex("CapPrm"), 0);
	CHECK_INT(status_hex("CapInh"), 0);
	CHECK_INT(status_hex("NoNewPrivs"), 1);
	CHECK_INT(status_hex_after_exec("CapEff"), 0);
}

/* What stays for the seccomp filter ends at execve, for a user and for root. */
static void caps_extra_user(void)
{
	struct caps_plan c = { .bounding = BIT(CAP_KILL) };

	become(&c, CAPS_SYS_ADMIN_MASK, 1000);
	CHECK_INT(status_hex("CapEff"), CAPS_SYS_ADMIN_MASK);
	CHECK_INT(status_hex_after_exec("CapEff"), 0);
	CHECK_INT(status_hex_after_exec("CapPrm"), 0);
}

static void caps_extra_root(void)
{
	struct caps_plan c = { .bounding = BIT(CAP_KILL), .permitted = BIT(CAP_KILL), .effective = BIT(CAP_KILL) };

	become(&c, CAPS_SYS_ADMIN_MASK, 0);
	CHECK_INT(status_hex("CapEff"), CAPS_SYS_ADMIN_MASK | BIT(CAP_KILL));
	CHECK_INT(status_hex_after_exec("CapEff"), BIT(CAP_KILL));
	CHECK_INT(status_hex_after_exec("CapPrm"), BIT(CAP_KILL));
}

static void caps_that_cannot_be(void)
{
	struct caps_plan none = { 0 }, more = { .bounding = BIT(CAP_KILL) }, sets = { .permitted = BIT(CAP_KILL) };
	struct err err = { 0 };

	CHECK_ERR(caps_apply_bounding(&none, &err), 0);
	CHECK_ERR(caps_apply_bounding(&more, &err), -EPERM);
	CHECK_STR(err.text, "set the bounding capabilities: `CAP_KILL` is missing after it was set");
	CHECK_ERR(caps_apply_sets(&none, 0, &err), 0);
	CHECK_ERR(caps_apply_sets(&sets, 0, &err), -EPERM);
	CHECK(!err.hint[0]);
	CHECK_ERR(caps_apply_sets(&none, CAPS_SYS_ADMIN_MASK, &err), -EPERM);
	CHECK(strstr(err.hint, "noNewPrivileges"));
}

/* The planner's promise: what it grants can be applied. */
static void caps_planned(void)
{
	static const char *const some[] = { "CAP_SYS_RESOURCE", "CAP_KILL", "CAP_NET_RAW" };
	struct spec_capabilities s = { .bounding = some,
				       .bounding_len = 3,
				       .permitted = some,
				       .permitted_len = 3,
				       .effective = some,
				       .effective_len = 3,
				       .inheritable = some,
				       .inheritable_len = 3,
				       .ambient = some,
				       .ambient_len = 3 };
	struct spec_process p = { .capabilities = &s };
	struct caps_grantable g;
	struct caps_plan c;

	CHECK_ERR(caps_grantable_own(&g, NULL), 0);
	CHECK_ERR(caps_plan_build(&p, &g, &c, NULL), 0);
	become(&c, 0, 1000);
	CHECK_INT(status_hex_after_exec("CapEff"),
		  g.permitted & (BIT(CAP_SYS_RESOURCE) | BIT(CAP_KILL) | BIT(CAP_NET_RAW)));
}

TEST(capabilities_of_a_user)
{
	IN_CHILD(caps_of_a_user);
}
TEST(capabilities_end_at_execve_without_ambient)
{
	IN_CHILD(caps_without_ambient);
}
TEST(capabilities_none_as_root)
{
	IN_CHILD(caps_none_as_root);
}
TEST(capabilities_extra_of_a_user)
{
	IN_CHILD(caps_extra_user);
}
TEST(capabilities_extra_of_root)
{
	IN_CHILD(caps_extra_root);
}
TEST(capabilities_that_cannot_be)
{
	IN_CHILD(caps_that_cannot_be);
}
TEST(capabilities_as_planned)
{
	IN_CHILD(caps_planned);
}

/* ---- user ---- */

static struct flat flat_of(struct buf *b)
{
	return (struct flat){ b->data, b->len };
}

static void user_with_groups(void)
{
	uint32_t groups[] = { 70000, 5, 70000, 4294967294 };
	struct buf b = { 0 };
	struct user_plan u = { .uid = 1000, .gid = 4294967294, .umask = 027, .has_umask = 1 };
	struct flat f;
	gid_t got[8];
	uid_t r, e, s;

	buf_add(&b, "header..", 8);
	u.groups = flat_add_arr(&b, groups, 4, sizeof(uint32_t));
	f = flat_of(&b);
	CHECK_ERR(user_apply_umask(&u, NULL), 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	CHECK_ERR(user_apply(&f, &u, NULL), 0);
	CHECK_INT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	CHECK_INT(getgroups(8, got), 4);
	CHECK(got[0] == 5 && got[1] == 70000 && got[2] == 70000 && got[3] == 4294967294);
	CHECK(!getresuid(&r, &e, &s) && r == 1000 && e == 1000 && s == 1000);
	CHECK_INT(getegid(), 4294967294);
	CHECK_INT(umask(0), 027);
	CHECK_INT(setuid(0), -1);
	buf_done(&b);
}

static void user_without_groups(void)
{
	struct user_plan u = { .uid = 0, .gid = 0 };
	struct flat f = { 0 };
	gid_t some = 5;

	umask(077);
	if (setgroups(1, &some) < 0)
		abort();
	CHECK_ERR(user_apply_umask(&u, NULL), 0);
	CHECK_ERR(user_apply(&f, &u, NULL), 0);
	CHECK_INT(getgroups(0, NULL), 0);
	CHECK_INT(umask(0), 077); /* absent: the caller's */
}

static void user_not_mapped(void)
{
	struct user_plan u = { .uid = 5, .gid = 0 }, denied = { .setgroups_denied = 1 };
	uint32_t group = 0;
	struct flat f = { 0 };
	struct err err = { 0 };
	struct buf b = { 0 };
	int fd;

	child_needs(setgroups(1, &group) == 0 && unshare(CLONE_NEWUSER) == 0);
	fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
	child_needs(fd >= 0 && write(fd, "deny", 4) == 4);
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	child_needs(fd >= 0 && write(fd, "0 0 1", 5) == 5);
	fd = open("/proc/self/gid_map", O_WRONLY | O_CLOEXEC);
	child_needs(fd >= 0 && write(fd, "0 0 1", 5) == 5);
	CHECK_ERR(user_apply(&f, &u, &err),
		  -EPERM); /* setgroups is denied, there is a group to drop, and the plan does not know */
	u.setgroups_denied = 1;
	CHECK_ERR(user_apply(&f, &u, &err), -EINVAL);
	CHECK(strstr(err.hint, "no mapping"));
	CHECK_ERR(user_apply(&f, &denied, &err), 0);
	buf_add(&b, "header..", 8);
	u = (struct user_plan){ .groups = flat_add_arr(&b, &group, 1, sizeof(group)) };
	f = flat_of(&b);
	CHECK_ERR(user_apply(&f, &u, &err), -EPERM);
	buf_done(&b);
}

static uid_t owner_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? UINT32_MAX : st.st_uid;
}

static void user_stdio(void)
{
	struct user_plan u = { .uid = 1234, .gid = 1234 };
	int pipe_fds[2], master, slave, null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), saved = dup(1);
	char path[] = "/tmp/masu-test-stdio-XXXXXX";
	int file_fd = mkstemp(path);

	unlink(path);
	child_needs(!pipe(pipe_fds) && !openpty(&master, &slave, NULL, NULL, NULL));
	fflush(stdout);
	dup2(file_fd, 0);
	dup2(pipe_fds[1], 1);
	dup2(null_fd, 2);
	CHECK_ERR(user_apply_stdio(&u, NULL), 0);
	dup2(slave, 0);
	CHECK_ERR(user_apply_stdio(&u, NULL), 0);
	dup2(saved, 1);
	CHECK_INT(owner_of(file_fd), 0);
	CHECK_INT(owner_of(pipe_fds[1]), 1234);
	CHECK_INT(owner_of(null_fd), 0);
	CHECK_INT(owner_of(slave), 1234);
}

TEST(user_and_groups)
{
	IN_CHILD(user_with_groups);
}
TEST(user_without_groups_has_none)
{
	IN_CHILD(user_without_groups);
}
TEST(user_that_is_not_mapped)
{
	IN_CHILD(user_not_mapped);
}
TEST(user_owns_what_was_made_for_it)
{
	IN_CHILD(user_stdio);
}

/* ---- limits ---- */

static void rlimits(void)
{
	struct rlimit_row rows[] = { { .type = RLIMIT_NOFILE, .index = 0, .soft = 50, .hard = 60 },
				     { .type = RLIMIT_CORE, .index = 1, .soft = 0, .hard = 0 } };
	struct buf b = { 0 };
	struct rlimit_plan p;
	struct rlimit got;
	struct flat f;
	struct err err = { 0 };

	buf_add(&b, "header..", 8);
	p.rows = flat_add_arr(&b, rows, 2, sizeof(rows[0]));
	f = flat_of(&b);
	CHECK_ERR(rlimit_place_raise(getpid(), &f, &p, &err), 0); /* nothing to raise: nothing changes */
	CHECK(!getrlimit(RLIMIT_NOFILE, &got) && got.rlim_max > 60);
	CHECK_ERR(rlimit_apply(&f, &p, &err), 0);
	CHECK(!getrlimit(RLIMIT_NOFILE, &got) && got.rlim_cur == 50 && got.rlim_max == 60);
	CHECK(!getrlimit(RLIMIT_CORE, &got) && got.rlim_cur == 0 && got.rlim_max == 0);
	((struct rlimit_row *)(b.data + p.rows.off))[0].hard = 70;
	if (prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE, 0, 0, 0) == 1) {
		CHECK_ERR(rlimit_place_raise(getpid(), &f, &p, &err), 0);
		CHECK(!getrlimit(RLIMIT_NOFILE, &got) && got.rlim_cur == 50 && got.rlim_max == 70);
	} else {
		CHECK_ERR(rlimit_place_raise(getpid(), &f, &p, &err), -EPERM);
		CHECK_STR(err.pointer, "/process/rlimits/0");
		CHECK(strstr(err.text, "`RLIMIT_NOFILE` to soft 50, hard 70") && strstr(err.hint, "CAP_SYS_RESOURCE"));
		CHECK_ERR(rlimit_apply(&f, &p, &err), -EPERM);
	}
	buf_done(&b);
}

static void oom(void)
{
	autoclose int proc_fd = procfs_open(NULL);
	struct err err = { 0 };
	char text[32];

	CHECK_ERR(oom_place(proc_fd, 0, 500, &err), 0);
	CHECK(procfs_read(proc_fd, "self/oom_score_adj", text, sizeof(text)) > 0);
	CHECK_INT(atoi(text), 500);
	CHECK_ERR(oom_place(proc_fd, getpid(), 600, &err), 0);
	CHECK_ERR(oom_place(proc_fd, getpid(), 1001, &err), -EINVAL);
	CHECK_STR(err.pointer, "/process/oomScoreAdj");
	if (prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE, 0, 0, 0) == 0) {
		CHECK_ERR(oom_place(proc_fd, getpid(), -1000, &err), -EACCES);
		CHECK(strstr(err.hint, "CAP_SYS_RESOURCE"));
	}
}

TEST(resource_limits)
{
	IN_CHILD(rlimits);
}
TEST(oom_score)
{
	IN_CHILD(oom);
}

/* ---- keyring ---- */

static void keyring(void)
{
	unsigned long session = (unsigned long)KEY_SPEC_SESSION_KEYRING;
	char name[64], text[256] = "", want[96];
	long first, second;

	snprintf(name, sizeof(name), "_ses.masu-test-%d", getpid());
	child_needs(sys_keyctl(KEYCTL_GET_KEYRING_ID, session, 1, 0, 0) >= 0);
	first = sys_keyctl(KEYCTL_GET_KEYRING_ID, session, 0, 0, 0);
	CHECK_ERR(keyring_apply_session(name, KEYRING_USER_SEARCH, NULL), 0);
	second = sys_keyctl(KEYCTL_GET_KEYRING_ID, session, 0, 0, 0);
	CHECK(first != second && second > 0);
	CHECK(sys_keyctl(KEYCTL_DESCRIBE, session, (unsigned long)text, sizeof(text) - 1, 0) > 0);
	snprintf(want, sizeof(want), ";%s", name);
	CHECK(strstr(text, want));
	CHECK(strstr(text, ";3f1b0000;"));                  /* possessor all, user view read search link */
	CHECK_ERR(keyring_apply_session(name, 0, NULL), 0); /* as exec joins it */
	CHECK_INT(sys_keyctl(KEYCTL_GET_KEYRING_ID, session, 0, 0, 0), second);
}

TEST(session_keyring)
{
	IN_CHILD(keyring);
}

/* ---- terminal ---- */

static char pty_dir[64];

/* The mounts live in a namespace of the child; the directory itself is the parent's to make and to remove. */
static int terminal_root(bool devpts)
{
	char path[80];

	child_needs(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	child_needs(mount("tmpfs", pty_dir, "tmpfs", 0, "mode=755") == 0);
	snprintf(path, sizeof(path), "%s/dev", pty_dir);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/dev/pts", pty_dir);
	mkdir(path, 0755);
	if (devpts)
		child_needs(mount("devpts", path, "devpts", MS_NOSUID | MS_NOEXEC,
				  "newinstance,ptmxmode=0666,mode=0620,gid=5") == 0);
	return open(pty_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void pty_dir_make(void)
{
	strcpy(pty_dir, "/tmp/masu-test-pty-XXXXXX");
	if (!mkdtemp(pty_dir))
		abort();
}

static void pty_dir_remove(char (*dir)[64])
{
	rmdir(*dir);
}

#define PTY_DIR()                           \
	AUTO(pty_dir_remove) char dir_[64]; \
	pty_dir_make();                     \
	strcpy(dir_, pty_dir)

static void terminal_pair(void)
{
	struct terminal_plan p = { .enabled = 1, .has_size = 1, .height = 25, .width = 83 };
	struct terminal t = TERMINAL_INIT;
	autoclose int root_fd = terminal_root(true);
	int socks[2], got_fd = -1, saved = dup(1);
	struct winsize ws;
	struct stat st;
	char name[64] = "", c[4] = "";
	ssize_t n;

	REQUIRE(CHECK_ERR(terminal_open(root_fd, &p, 1234, &t, NULL), 0));
	CHECK_STR(t.name, "/dev/pts/0");
	CHECK(!fstat(t.slave_fd, &st) && st.st_uid == 1234 && st.st_gid == 5);
	CHECK(fcntl(t.master_fd, F_GETFD) & FD_CLOEXEC && fcntl(t.slave_fd, F_GETFD) & FD_CLOEXEC);
	CHECK(!(fcntl(t.master_fd, F_GETFL) & O_NONBLOCK));
	child_needs(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks));
	CHECK_ERR(terminal_send(&t, socks[0], NULL), 0);
	n = unixsock_recv_fd(socks[1], name, sizeof(name) - 1, &got_fd);
	CHECK_INT(n, 10);
	CHECK_STR(name, "/dev/pts/0");
	CHECK(!ioctl(got_fd, TIOCGWINSZ, &ws) && ws.ws_row == 25 && ws.ws_col == 83);
	fflush(stdout);
	setsid();
	CHECK_ERR(terminal_apply(&t, NULL), 0);
	CHECK(isatty(0) && isatty(1) && isatty(2));
	CHECK_INT(tcgetsid(0), getpid());
	CHECK(t.master_fd < 0 && t.slave_fd < 0);
	n = write(1, "hi", 2);
	dup2(saved, 1);
	CHECK_INT(n, 2);
	CHECK_INT(read(got_fd, c, 2), 2);
	CHECK_STR(c, "hi");
}

static void terminal_not_devpts(void)
{
	struct terminal_plan p = { .enabled = 1 };
	struct terminal t = TERMINAL_INIT;
	autoclose int root_fd = terminal_root(false);
	struct err err = { 0 };

	child_needs(mknodat(root_fd, "dev/pts/ptmx", S_IFCHR | 0666, makedev(5, 2)) == 0);
	CHECK_ERR(terminal_open(root_fd, &p, 0, &t, &err), -ENODEV);
	CHECK(strstr(err.hint, "devpts"));
	CHECK(t.master_fd < 0 && t.slave_fd < 0);
}

static void terminal_mounted_over(void)
{
	struct terminal_plan p = { .enabled = 1 };
	struct terminal t = TERMINAL_INIT;
	autoclose int root_fd = terminal_root(true);
	char path[96];

	snprintf(path, sizeof(path), "%s/dev/pts/ptmx", pty_dir);
	child_needs(mount("/dev/null", path, NULL, MS_BIND, NULL) == 0);
	CHECK_ERR(terminal_open(root_fd, &p, 0, &t, NULL), -EXDEV);
}

TEST(terminal)
{
	PTY_DIR();
	IN_CHILD(terminal_pair);
}
TEST(terminal_from_something_else)
{
	PTY_DIR();
	IN_CHILD(terminal_not_devpts);
}
TEST(terminal_with_a_mount_on_ptmx)
{
	PTY_DIR();
	IN_CHILD(terminal_mounted_over);
}

/* ---- names and kernel parameters ---- */

static void uts(void)
{
	struct buf b = { 0 };
	struct uts_plan p;
	struct flat f;
	char name[80];

	child_needs(unshare(CLONE_NEWUTS) == 0);
	buf_add(&b, "header..", 8);
	p.hostname = flat_add_str(&b, "masu-test");
	p.domainname = flat_add_str(&b, "example.org");
	f = flat_of(&b);
	CHECK_ERR(uts_apply(&f, &p, NULL), 0);
	CHECK(!gethostname(name, sizeof(name)));
	CHECK_STR(name, "masu-test");
	CHECK(!getdomainname(name, sizeof(name)));
	CHECK_STR(name, "example.org");
	p = (struct uts_plan){ 0 };
	CHECK_ERR(uts_apply(&f, &p, NULL), 0);
	p.hostname = (struct flat_str){ 8, 3 }; /* not terminated there */
	CHECK_ERR(uts_apply(&f, &p, NULL), -EPROTO);
	buf_done(&b);
}

static int sysctl_one(int proc_fd, const char *path, const char *value, struct err *err)
{
	struct buf b = { 0 };
	struct sysctl_row row;
	struct sysctl_plan p;
	struct flat f;
	int r;

	*err = (struct err){ 0 };
	buf_add(&b, "header..", 8);
	row.key = flat_add_str(&b, path + 4);
	row.path = flat_add_str(&b, path);
	row.value = flat_add_str(&b, value);
	p.rows = flat_add_arr(&b, &row, 1, sizeof(row));
	f = flat_of(&b);
	r = sysctl_apply(&f, &p, proc_fd, err);
	buf_done(&b);
	return r;
}

static void sysctls(void)
{
	static const struct {
		const char *path, *value;
		int want;
	} rows[] = {
		{ "sys/net/ipv4/ip_forward", "1", 0 },
		{ "sys/net/ipv4/ip_unprivileged_port_start", "0x10", 0 },
		{ "sys/net/ipv4/ip_local_port_range", "2000  3000", 0 },
		{ "sys/net/ipv4/ip_local_reserved_ports", "7,5,6,100-102", 0 },
		{ "sys/net/ipv4/ping_group_range", "0 0", 0 },
		{ "sys/net/ipv4/route/flush", "1", 0 },
		{ "sys/kernel/sem", "32000 1024000000\t500 32000", 0 },
		{ "sys/kernel/shmmax", "18446744073692774399", 0 },
		{ "sys/kernel/msgmax", "8193", 0 },
		{ "sys/net/ipv4/ip_forward", "1 2", -EIO }, /* the kernel takes the first number only */
		{ "sys/net/ipv4/ip_unprivileged_port_start", "70000", -EINVAL },
		{ "sys/net/ipv4/no_such_thing", "1", -ENOENT },
		{ "self/comm", "x", -EPROTO },
	};
	autoclose int proc_fd = procfs_open(NULL);
	struct err err;

	child_needs(unshare(CLONE_NEWNET | CLONE_NEWIPC) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!CHECK_ERR(sysctl_one(proc_fd, rows[i].path, rows[i].value, &err), rows[i].want))
			printf("# %s = %s: %s\n", rows[i].path, rows[i].value, err.text);
}

static void sysctl_texts(void)
{
	autoclose int proc_fd = procfs_open(NULL);
	struct err err;
	int r;

	child_needs(unshare(CLONE_NEWNET) == 0);
	CHECK_ERR(sysctl_one(proc_fd, "sys/net/ipv4/no_such_thing", "1", &err), -ENOENT);
	CHECK(strstr(err.text, "no such parameter"));
	CHECK_STR(err.pointer, "/linux/sysctl/net~1ipv4~1no_such_thing");
	/* milliseconds in timer ticks: only a kernel with 1000 of them in a second keeps 5 */
	r = sysctl_one(proc_fd, "sys/net/ipv4/neigh/lo/retrans_time_ms", "5", &err);
	CHECK(r == 0 || (r == -ERANGE && strstr(err.text, "to `5`: the kernel keeps `")));
}

TEST(host_and_domain_name)
{
	IN_CHILD(uts);
}
TEST(kernel_parameters)
{
	IN_CHILD(sysctls);
}
TEST(kernel_parameters_that_fail)
{
	IN_CHILD(sysctl_texts);
}

CHECK_MAIN();
