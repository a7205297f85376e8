/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of the process itself: identity, arguments, capabilities, limits, descriptors, namespaces. */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char status[65536];

static const char *status_field(const char *name)
{
	static char value[8192];

	if (read_file("/proc/self/status", status, sizeof(status)) < 0 || !field_of(status, name, value, sizeof(value)))
		return NULL;
	return value;
}

static void print_status(const char *name)
{
	const char *v = status_field(name);

	if (v)
		out_str(v);
	else
		out_null();
}

static void print_three(const char *key, unsigned a, unsigned b, unsigned c)
{
	out_key(key);
	out_open('[');
	out_unum(a);
	out_unum(b);
	out_unum(c);
	out_close(']');
}

static void print_ids(const char *arg)
{
	unsigned r, e, s;
	gid_t groups[1024];
	int n = getgroups(1024, groups);

	(void)arg;
	out_open('{');
	syscall(SYS_getresuid, &r, &e, &s);
	print_three("uid", r, e, s);
	syscall(SYS_getresgid, &r, &e, &s);
	print_three("gid", r, e, s);
	/* setfsuid(-1) changes nothing and says what is set */
	out_key("fsuid");
	out_num(syscall(SYS_setfsuid, -1));
	out_key("fsgid");
	out_num(syscall(SYS_setfsgid, -1));
	out_key("groups");
	out_open('[');
	for (int i = 0; i < n; i++)
		out_unum(groups[i]);
	out_close(']');
	out_close('}');
}

static void print_umask(const char *arg)
{
	(void)arg;
	out_unum(probe_umask);
}

static void print_cwd(const char *arg)
{
	char path[4096];

	(void)arg;
	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		out_errno(errno);
	else
		out_str(path);
}

static void print_strings(char **list)
{
	out_open('[');
	for (; *list; list++)
		out_str(*list);
	out_close(']');
}

static void print_env(const char *arg)
{
	(void)arg;
	print_strings(probe_env);
}

static void print_args(const char *arg)
{
	(void)arg;
	print_strings(probe_argv);
}

static void print_execfn(const char *arg)
{
	(void)arg;
	out_str((const char *)getauxval(AT_EXECFN));
}

static void print_cap_set(const char *key, const char *field)
{
	static const char *const names[] = { "CHOWN",
					     "DAC_OVERRIDE",
					     "DAC_READ_SEARCH",
					     "FOWNER",
					     "FSETID",
					     "KILL",
					     "SETGID",
					     "SETUID",
					     "SETPCAP",
					     "LINUX_IMMUTABLE",
					     "NET_BIND_SERVICE",
					     "NET_BROADCAST",
					     "NET_ADMIN",
					     "NET_RAW",
					     "IPC_LOCK",
					     "IPC_OWNER",
					     "SYS_MODULE",
					     "SYS_RAWIO",
					     "SYS_CHROOT",
					     "SYS_PTRACE",
					     "SYS_PACCT",
					     "SYS_ADMIN",
					     "SYS_BOOT",
					     "SYS_NICE",
					     "SYS_RESOURCE",
					     "SYS_TIME",
					     "SYS_TTY_CONFIG",
					     "MKNOD",
					     "LEASE",
					     "AUDIT_WRITE",
					     "AUDIT_CONTROL",
					     "SETFCAP",
					     "MAC_OVERRIDE",
					     "MAC_ADMIN",
					     "SYSLOG",
					     "WAKE_ALARM",
					     "BLOCK_SUSPEND",
					     "AUDIT_READ",
					     "PERFMON",
					     "BPF",
					     "CHECKPOINT_RESTORE" };
	const char *v = status_field(field);
	unsigned long long bits = v ? strtoull(v, NULL, 16) : 0;
	char name[32];

	out_key(key);
	out_open('[');
	for (unsigned i = 0; i < 64; i++) {
		if (!(bits >> i & 1))
			continue;
		if (i < sizeof(names) / sizeof(names[0]))
			snprintf(name, sizeof(name), "CAP_%s", names[i]);
		else
			snprintf(name, sizeof(name), "CAP_%u", i);
		out_str(name);
	}
	out_close(']');
}

static void print_caps(const char *arg)
{
	(void)arg;
	out_open('{');
	print_cap_set("effective", "CapEff");
	print_cap_set("permitted", "CapPrm");
	print_cap_set("inheritable", "CapInh");
	print_cap_set("bounding", "CapBnd");
	print_cap_set("ambient", "CapAmb");
	out_close('}');
}

static void print_securebits(const char *arg)
{
	(void)arg;
	out_num(prctl(PR_GET_SECUREBITS));
}

static void print_nnp(const char *arg)
{
	(void)arg;
	out_num(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static void print_seccomp(const char *arg)
{
	const char *v = status_field("Seccomp");

	(void)arg;
	out_open('{');
	out_key("mode");
	out_num(v ? atoi(v) : -1);
	v = status_field("Seccomp_filters");
	out_key("filters");
	out_num(v ? atoi(v) : -1);
	out_close('}');
}

static void print_rlimits(const char *arg)
{
	static const char *const names[] = { "CPU",      "FSIZE",  "DATA",    "STACK", "CORE",  "RSS",
					     "NPROC",    "NOFILE", "MEMLOCK", "AS",    "LOCKS", "SIGPENDING",
					     "MSGQUEUE", "NICE",   "RTPRIO",  "RTTIME" };
	struct rlimit l;
	char name[32];

	(void)arg;
	out_open('{');
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "RLIMIT_%s", names[i]);
		out_key(name);
		if (getrlimit((int)i, &l) < 0) {
			out_errno(errno);
			continue;
		}
		out_open('{');
		out_key("soft");
		out_unum((unsigned long long)l.rlim_cur);
		out_key("hard");
		out_unum((unsigned long long)l.rlim_max);
		out_close('}');
	}
	out_close('}');
}

static void print_proc_text(const char *name)
{
	char path[256], text[8192];
	long n;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	n = read_file(path, text, sizeof(text));
	if (n < 0) {
		out_errno((int)-n);
		return;
	}
	/* labels end in NUL, others in a newline */
	while (n && (text[n - 1] == '\n' || !text[n - 1]))
		n--;
	out_strn(text, (size_t)n);
}

static void print_oom(const char *arg)
{
	char text[32];

	(void)arg;
	if (read_file("/proc/self/oom_score_adj", text, sizeof(text)) > 0)
		out_num(atoi(text));
	else
		out_null();
}

static void print_pid(const char *arg)
{
	(void)arg;
	out_open('{');
	out_key("pid");
	out_num(getpid());
	out_key("ppid");
	out_num(getppid());
	out_key("pgid");
	out_num(getpgid(0));
	out_key("sid");
	out_num(getsid(0));
	out_key("pdeath");
	int sig = 0;
	prctl(PR_GET_PDEATHSIG, &sig);
	out_num(sig);
	out_close('}');
}

static void print_fds(const char *arg)
{
	char path[64], target[4096];
	struct stat st;

	(void)arg;
	out_open('{');
	for (int fd = 0; fd < 256; fd++) {
		if (fstat(fd, &st) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(path, target, sizeof(target));

		snprintf(path, sizeof(path), "%d", fd);
		out_key(path);
		out_strn(target, n > 0 ? (size_t)n : 0);
	}
	out_close('}');
}

static void print_tty(const char *arg)
{
	struct winsize ws = { 0 };
	struct stat st = { 0 };
	int fd;

	(void)arg;
	out_open('{');
	out_key("isatty");
	out_open('[');
	for (int i = 0; i < 3; i++)
		out_bool(isatty(i));
	out_close(']');
	ioctl(0, TIOCGWINSZ, &ws);
	out_key("rows");
	out_num(ws.ws_row);
	out_key("columns");
	out_num(ws.ws_col);
	fstat(0, &st);
	out_key("uid");
	out_unum(st.st_uid);
	out_key("major");
	out_unum((st.st_rdev >> 8) & 0xfff);
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	out_key("controlling");
	out_result(fd);
	close(fd);
	out_close('}');
}

static void print_ns(const char *arg)
{
	static const char *const names[] = { "pid", "net", "mnt", "ipc", "uts", "user", "cgroup", "time" };
	char path[64], target[128];

	(void)arg;
	out_open('{');
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		ssize_t n = readlink(path, target, sizeof(target));

		out_key(names[i]);
		out_strn(target, n > 0 ? (size_t)n : 0);
	}
	out_close('}');
}

static void print_map(const char *name)
{
	char path[64], text[8192], *line = text;
	unsigned long long a, b, c;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	out_key(name);
	out_open('[');
	if (read_file(path, text, sizeof(text)) > 0)
		for (; *line && sscanf(line, "%llu %llu %llu", &a, &b, &c) == 3; line = strchr(line, '\n') + 1) {
			out_open('{');
			out_key("containerID");
			out_unum(a);
			out_key("hostID");
			out_unum(b);
			out_key("size");
			out_unum(c);
			out_close('}');
			if (!strchr(line, '\n'))
				break;
		}
	out_close(']');
}

static void print_idmap(const char *arg)
{
	(void)arg;
	out_open('{');
	print_map("uid_map");
	print_map("gid_map");
	out_key("setgroups");
	print_proc_text("setgroups");
	out_close('}');
}

static void print_keyring(const char *arg)
{
	char text[512];

	(void)arg;
	/* KEYCTL_DESCRIBE of the session keyring: "type;uid;gid;perm;name" */
	long n = syscall(SYS_keyctl, 6, -3, text, sizeof(text));

	if (n < 0)
		out_errno(errno);
	else
		out_str(strrchr(text, ';') ? strrchr(text, ';') + 1 : text);
}

const struct probe_word words_proc[] = {
	{ "ids", print_ids },
	{ "umask", print_umask },
	{ "cwd", print_cwd },
	{ "env", print_env },
	{ "args", print_args },
	{ "execfn", print_execfn },
	{ "caps", print_caps },
	{ "securebits", print_securebits },
	{ "nnp", print_nnp },
	{ "seccomp", print_seccomp },
	{ "rlimits", print_rlimits },
	{ "oom", print_oom },
	{ "status", print_status },
	{ "proc", print_proc_text },
	{ "pid", print_pid },
	{ "fds", print_fds },
	{ "tty", print_tty },
	{ "ns", print_ns },
	{ "idmap", print_idmap },
	{ "keyring", print_keyring },
	{ NULL, NULL },
};
