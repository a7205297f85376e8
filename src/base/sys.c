/* SPDX-License-Identifier: Apache-2.0 */
/* One thin wrapper per system call that a libc may lack. No policy, no retries: -1 and errno, as libc would. */
#include "base/sys.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From 424 on the numbers are the same on every architecture that we build for. */
#define NR_PIDFD_SEND_SIGNAL 424
#define NR_OPEN_TREE 428
#define NR_MOVE_MOUNT 429
#define NR_FSOPEN 430
#define NR_FSCONFIG 431
#define NR_FSMOUNT 432
#define NR_FSPICK 433
#define NR_PIDFD_OPEN 434
#define NR_CLONE3 435
#define NR_CLOSE_RANGE 436
#define NR_OPENAT2 437
#define NR_PIDFD_GETFD 438
#define NR_MOUNT_SETATTR 442
#define NR_FCHMODAT2 452

int sys_openat2(int dir_fd, const char *path, const struct sys_open_how *how)
{
	return (int)syscall(NR_OPENAT2, dir_fd, path, how, sizeof(*how));
}

long sys_clone3(struct sys_clone_args *args)
{
	return syscall(NR_CLONE3, args, sizeof(*args));
}

int sys_open_tree(int dir_fd, const char *path, unsigned flags)
{
	return (int)syscall(NR_OPEN_TREE, dir_fd, path, flags);
}

int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	return (int)syscall(NR_MOVE_MOUNT, from_fd, from, to_fd, to, flags);
}

int sys_mount_setattr(int dir_fd, const char *path, unsigned flags, struct sys_mount_attr *attr)
{
	return (int)syscall(NR_MOUNT_SETATTR, dir_fd, path, flags, attr, sizeof(*attr));
}

int sys_fsopen(const char *fstype, unsigned flags)
{
	return (int)syscall(NR_FSOPEN, fstype, flags);
}

int sys_fsconfig(int fs_fd, unsigned cmd, const char *key, const void *value, int aux)
{
	return (int)syscall(NR_FSCONFIG, fs_fd, cmd, key, value, aux);
}

int sys_fsmount(int fs_fd, unsigned flags, unsigned attr_flags)
{
	return (int)syscall(NR_FSMOUNT, fs_fd, flags, attr_flags);
}

int sys_fspick(int dir_fd, const char *path, unsigned flags)
{
	return (int)syscall(NR_FSPICK, dir_fd, path, flags);
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(NR_PIDFD_OPEN, pid, flags);
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(NR_PIDFD_SEND_SIGNAL, pidfd, sig, NULL, 0);
}

int sys_pidfd_getfd(int pidfd, int fd)
{
	return (int)syscall(NR_PIDFD_GETFD, pidfd, fd, 0);
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(NR_CLOSE_RANGE, first, last, flags);
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return (int)syscall(SYS_execveat, fd, path, argv, envp, flags);
}

int sys_memfd_create(const char *name, unsigned flags)
{
	return (int)syscall(SYS_memfd_create, name, flags);
}

int sys_capset_raw(const uint32_t effective[2], const uint32_t permitted[2], const uint32_t inheritable[2])
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].effective = effective[i];
		data[i].permitted = permitted[i];
		data[i].inheritable = inheritable[i];
	}
	return (int)syscall(SYS_capset, &head, data);
}

int sys_capget_raw(uint32_t effective[2], uint32_t permitted[2], uint32_t inheritable[2])
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &head, data) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		effective[i] = data[i].effective;
		permitted[i] = data[i].permitted;
		inheritable[i] = data[i].inheritable;
	}
	return 0;
}

long sys_keyctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return syscall(SYS_keyctl, op, a, b, c, d);
}

int sys_seccomp(unsigned op, unsigned flags, void *arg)
{
	return (int)syscall(SYS_seccomp, op, flags, arg);
}

int sys_signal_default(int sig)
{
	unsigned long dfl[4] = { 0 }; /* handler, flags, restorer, mask: the kernel's struct, not libc's */

	return (int)syscall(SYS_rt_sigaction, sig, dfl, NULL, 8);
}

int sys_setgroups(size_t n, const uint32_t *gids)
{
	return (int)syscall(SYS_setgroups, n, gids);
}

int sys_setresgid(uint32_t r, uint32_t e, uint32_t s)
{
	return (int)syscall(SYS_setresgid, r, e, s);
}

int sys_setresuid(uint32_t r, uint32_t e, uint32_t s)
{
	return (int)syscall(SYS_setresuid, r, e, s);
}

long sys_getcwd_raw(char *p, size_t len)
{
	return syscall(SYS_getcwd, p, len);
}

int sys_fchmodat2(int dir_fd, const char *path, mode_t mode, int flags)
{
	return (int)syscall(NR_FCHMODAT2, dir_fd, path, mode, flags);
}
