/* SPDX-License-Identifier: Apache-2.0 */
/* System calls and constants that a libc may lack (musl and old glibc), one thin wrapper each, returning -1/errno
 * as libc would. No policy here. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* clone flags */
#define SYS_CLONE_NEWTIME 0x00000080
#define SYS_CLONE_NEWNS 0x00020000
#define SYS_CLONE_NEWCGROUP 0x02000000
#define SYS_CLONE_NEWUTS 0x04000000
#define SYS_CLONE_NEWIPC 0x08000000
#define SYS_CLONE_NEWUSER 0x10000000
#define SYS_CLONE_NEWPID 0x20000000
#define SYS_CLONE_NEWNET 0x40000000
#define SYS_CLONE_VM 0x00000100
#define SYS_CLONE_PIDFD 0x00001000
#define SYS_CLONE_VFORK 0x00004000
#define SYS_CLONE_PARENT 0x00008000
#define SYS_CLONE_CLEAR_SIGHAND 0x100000000ULL
#define SYS_CLONE_INTO_CGROUP 0x200000000ULL

struct sys_clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
		cgroup;
};
struct sys_open_how {
	uint64_t flags, mode, resolve;
};
#define SYS_RESOLVE_NO_XDEV 0x01
#define SYS_RESOLVE_NO_MAGICLINKS 0x02
#define SYS_RESOLVE_NO_SYMLINKS 0x04
#define SYS_RESOLVE_BENEATH 0x08
#define SYS_RESOLVE_IN_ROOT 0x10

struct sys_mount_attr {
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};
#define SYS_MOUNT_ATTR_RDONLY 0x00000001
#define SYS_MOUNT_ATTR_NOSUID 0x00000002
#define SYS_MOUNT_ATTR_NODEV 0x00000004
#define SYS_MOUNT_ATTR_NOEXEC 0x00000008
#define SYS_MOUNT_ATTR__ATIME 0x00000070
#define SYS_MOUNT_ATTR_RELATIME 0x00000000
#define SYS_MOUNT_ATTR_NOATIME 0x00000010
#define SYS_MOUNT_ATTR_STRICTATIME 0x00000020
#define SYS_MOUNT_ATTR_NODIRATIME 0x00000080
#define SYS_MOUNT_ATTR_IDMAP 0x00100000
#define SYS_MOUNT_ATTR_NOSYMFOLLOW 0x00200000

#define SYS_MS_NOSYMFOLLOW 0x00000100
#define SYS_MS_LAZYTIME 0x02000000

#define SYS_OPEN_TREE_CLONE 1u
#define SYS_OPEN_TREE_CLOEXEC 02000000u
#define SYS_AT_RECURSIVE 0x8000u
#define SYS_MOVE_MOUNT_F_EMPTY_PATH 0x04u
#define SYS_MOVE_MOUNT_T_EMPTY_PATH 0x40u
#define SYS_FSOPEN_CLOEXEC 1u
#define SYS_FSMOUNT_CLOEXEC 1u
#define SYS_FSPICK_CLOEXEC 1u
#define SYS_FSPICK_EMPTY_PATH 8u
enum {
	SYS_FSCONFIG_SET_FLAG = 0,
	SYS_FSCONFIG_SET_STRING = 1,
	SYS_FSCONFIG_CMD_CREATE = 6,
	SYS_FSCONFIG_CMD_RECONFIGURE = 7
};

#define SYS_CLOSE_RANGE_CLOEXEC 4u
#define SYS_MFD_EXEC 0x0010u
#define SYS_F_SEAL_EXEC 0x0020

int sys_openat2(int dir_fd, const char *path, const struct sys_open_how *how);
long sys_clone3(struct sys_clone_args *args); /* without CLONE_VM: returns twice, as fork */
int sys_open_tree(int dir_fd, const char *path, unsigned flags);
int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int sys_mount_setattr(int dir_fd, const char *path, unsigned flags, struct sys_mount_attr *attr);
int sys_fsopen(const char *fstype, unsigned flags);
int sys_fsconfig(int fs_fd, unsigned cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fs_fd, unsigned flags, unsigned attr_flags);
int sys_fspick(int dir_fd, const char *path, unsigned flags);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_pidfd_getfd(int pidfd, int fd);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags);
int sys_memfd_create(const char *name, unsigned flags);
int sys_capset_raw(const uint32_t effective[2], const uint32_t permitted[2], const uint32_t inheritable[2]);
int sys_capget_raw(uint32_t effective[2], uint32_t permitted[2], uint32_t inheritable[2]);
long sys_keyctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
int sys_seccomp(unsigned op, unsigned flags, void *arg);
int sys_signal_default(int sig); /* SIG_DFL also for the realtime signals that a libc keeps for itself */
/* Of the calling thread only, as the kernel does it: a libc changes all threads, which a process with one does not need. */
int sys_setgroups(size_t n, const uint32_t *gids);
int sys_setresgid(uint32_t r, uint32_t e, uint32_t s);
int sys_setresuid(uint32_t r, uint32_t e, uint32_t s);
long sys_getcwd_raw(char *p, size_t len); /* the kernel's answer, "(unreachable)" included */
int sys_fchmodat2(int dir_fd, const char *path, mode_t mode, int flags); /* 6.6+, ENOSYS before */
