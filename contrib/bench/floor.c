/* SPDX-License-Identifier: Apache-2.0 */
/* The floor of the bench: what no runtime can leave out. It makes the kernel calls of a default container that runs
 * /bin/true, hard-coded, without a document, without state, without error texts. Usage: floor BUNDLE ID [CGROUP DIRECTORY...] */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(call)                                \
	do {                                      \
		if ((call) < 0) {                 \
			perror(#call);            \
			_exit(125);               \
		}                                 \
	} while (0)

static const char *const masked[] = { "/proc/acpi",	  "/proc/kcore",       "/proc/keys", "/proc/latency_stats",
				      "/proc/timer_list", "/proc/sched_debug", "/proc/scsi", "/sys/firmware" };
static const char *const readonly_paths[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" };
static const struct {
	const char *name;
	unsigned minor;
} devices[] = { { "dev/null", 3 }, { "dev/zero", 5 }, { "dev/full", 7 }, { "dev/random", 8 }, { "dev/urandom", 9 } };

static void mounts(void)
{
	MUST(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL));
	MUST(mount("rootfs", "rootfs", NULL, MS_BIND | MS_REC, NULL));
	MUST(chdir("rootfs"));
	MUST(mount("proc", "proc", "proc", 0, NULL));
	MUST(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"));
	MUST(mkdir("dev/pts", 0755));
	MUST(mkdir("dev/shm", 0755));
	MUST(mkdir("dev/mqueue", 0755));
	MUST(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620"));
	MUST(mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k"));
	MUST(mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL));
	MUST(mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL));
	umask(0);
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		MUST(mknod(devices[i].name, S_IFCHR | 0666, makedev(1, devices[i].minor)));
	MUST(mknod("dev/tty", S_IFCHR | 0666, makedev(5, 0)));
	umask(022);
	MUST(symlink("/proc/self/fd", "dev/fd"));
	MUST(symlink("/proc/self/fd/0", "dev/stdin"));
	MUST(symlink("/proc/self/fd/1", "dev/stdout"));
	MUST(symlink("/proc/self/fd/2", "dev/stderr"));
	MUST(symlink("pts/ptmx", "dev/ptmx"));
	MUST(syscall(SYS_pivot_root, ".", "."));
	MUST(umount2(".", MNT_DETACH));
	MUST(chdir("/"));
	for (size_t i = 0; i < sizeof(readonly_paths) / sizeof(readonly_paths[0]); i++)
		if (!mount(readonly_paths[i], readonly_paths[i], NULL, MS_BIND | MS_REC, NULL))
			MUST(mount(NULL, readonly_paths[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL));
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++)
		if (mount("/dev/null", masked[i], NULL, MS_BIND, NULL) && errno == ENOTDIR)
			MUST(mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, NULL));
}

static void rights(void)
{
	const uint32_t keep = 1u << CAP_AUDIT_WRITE | 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2] = { { .effective = keep, .permitted = keep } };
	struct rlimit files = { 1024, 1024 };

	MUST(setrlimit(RLIMIT_NOFILE, &files));
	for (int cap = 0; cap <= 40; cap++)
		if (cap > 31 || !(keep & 1u << cap))
			MUST(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0));
	MUST(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	MUST(setgroups(0, NULL));
	MUST(setresgid(0, 0, 0));
	MUST(setresuid(0, 0, 0));
	MUST(syscall(SYS_capset, &header, caps));
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);

	MUST(fd);
	MUST(write(fd, text, strlen(text)));
	close(fd);
}

/* v1: a new cpuset is empty until it gets its parent's. */
static void inherit(int dir, const char *name)
{
	char parent[64], text[256];
	int fd;
	ssize_t n;

	snprintf(parent, sizeof(parent), "../%s", name);
	MUST(fd = openat(dir, parent, O_RDONLY | O_CLOEXEC));
	MUST(n = read(fd, text, sizeof(text) - 1));
	close(fd);
	text[n] = '\0';
	put(dir, name, text);
}

static void cgroup_join(int hierarchy, const char *id, pid_t pid)
{
	static const char *const allow[] = { "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm",
					     "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm" };
	char text[16];
	int dir;

	MUST(mkdirat(hierarchy, id, 0755));
	MUST(dir = openat(hierarchy, id, O_DIRECTORY | O_RDONLY | O_CLOEXEC));
	if (!faccessat(dir, "cpuset.clone_children", F_OK, 0) || !faccessat(dir, "cpuset.mem_exclusive", F_OK, 0)) {
		inherit(dir, "cpuset.cpus");
		inherit(dir, "cpuset.mems");
	}
	if (!faccessat(dir, "devices.deny", F_OK, 0)) {
		put(dir, "devices.deny", "a");
		for (size_t i = 0; i < sizeof(allow) / sizeof(allow[0]); i++)
			put(dir, "devices.allow", allow[i]);
	}
	snprintf(text, sizeof(text), "%d", pid);
	put(dir, "cgroup.procs", text);
	close(dir);
}

static void child(int go)
{
	static char program[] = "/bin/true", path[] = "PATH=/bin";
	static char *const args[] = { program, NULL }, *const env[] = { path, NULL };
	char byte;

	/* placed in its cgroups before it makes its own */
	MUST(read(go, &byte, 1));
	MUST(unshare(CLONE_NEWCGROUP));
	MUST(setsid());
	MUST(sethostname("box", 3));
	mounts();
	rights();
	MUST(syscall(SYS_close_range, 3, ~0u, 0));
	execve(args[0], args, env);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct clone_args clone = { .flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS, .exit_signal = SIGCHLD };
	int go[2], status, hierarchies[16], n = 0;
	pid_t pid;

	if (argc < 3 || argc > 3 + 16)
		return 2;
	MUST(chdir(argv[1]));
	MUST(pipe2(go, O_CLOEXEC));
	pid = (pid_t)syscall(SYS_clone3, &clone, sizeof(clone));
	if (pid == 0)
		child(go[0]);
	MUST(pid);
	for (int i = 3; i < argc; i++, n++) {
		MUST(hierarchies[n] = open(argv[i], O_DIRECTORY | O_PATH | O_CLOEXEC));
		cgroup_join(hierarchies[n], argv[2], pid);
	}
	MUST(write(go[1], "", 1));
	MUST(waitpid(pid, &status, 0));
	while (n--)
		MUST(unlinkat(hierarchies[n], argv[2], AT_REMOVEDIR));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
