/* SPDX-License-Identifier: Apache-2.0 */
/* One verified handle to /proc (f_type is procfs, inode is its root); per-process files are opened below it with
 * RESOLVE_NO_XDEV | NO_SYMLINKS | NO_MAGICLINKS, so an overmount or link cannot redirect a read or a write. */
#pragma once

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"

/* Opens and verifies /proc of the present mount namespace; owned fd. */
int procfs_open(struct err *err);
/* -EXDEV when it numbers the processes of another pid namespace than ours: then its numbers are not those that signals take. */
int procfs_check_pids(int proc_fd, struct err *err);
/* Opens "<proc>/path" (e.g. "self/attr/exec", "1234/stat", "sys/net/ipv4/ip_forward") with the rules above. */
int procfs_open_file(int proc_fd, const char *path, int flags);
/* Field 22 of /proc/PID/stat (clock ticks since boot) and field 3 (state letter). -ESRCH when gone. */
int procfs_start_time(int proc_fd, pid_t pid, uint64_t *ret_ticks, char *ret_state);
/* "process 7 (name, state D, waits in function)" for error texts: as much of it as can be found out. */
void procfs_describe(int proc_fd, pid_t pid, char *out, size_t len);
/* A namespace of a process ("user", "net"…; pid 0: of our own): the directory of links is verified, the link is followed. */
int procfs_open_ns(int proc_fd, pid_t pid, const char *kind);
int procfs_stat_ns(int proc_fd, pid_t pid, const char *kind, struct stat *ret);
/* The file of an O_PATH descriptor opened anew, by the link of our own process. */
int procfs_reopen(int proc_fd, int fd, int flags);
int procfs_write(int proc_fd, const char *path, const char *value);
/* What the kernel calls an open file of ours: a path, or a name such as "pipe:[7]". -ENAMETOOLONG when it does not fit. */
int procfs_fd_path(int proc_fd, int fd, char *out, size_t len);
ssize_t procfs_read(int proc_fd, const char *path, char *p, size_t len);
