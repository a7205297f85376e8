/* SPDX-License-Identifier: Apache-2.0 */
/* Whole reads and writes, EINTR-safe; atomic replacement of small files. All return 0/length or -errno. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

ssize_t io_read_full(int fd, void *p, size_t n); /* short only at EOF */
int io_write_full(int fd, const void *p, size_t n);
/* Reads a file of at most max bytes into a caller buffer, NUL-terminates; -EFBIG when larger than len - 1. */
ssize_t io_read_file_at(int dir_fd, const char *name, char *p, size_t len);
/* One open(O_WRONLY|O_TRUNC is not used), one write of the whole string, as /proc and cgroup files want. */
int io_write_file_at(int dir_fd, const char *name, const char *s);
/* The same two on an fd at hand: io_read_file reads from its position to the end. */
ssize_t io_read_file(int fd, char *p, size_t len);
int io_write_once(int fd, const char *s);
/* Host side: reads a whole file up to max bytes. */
int io_read_all(int fd, size_t max, struct buf *ret);
/* Host side: writes name by O_EXCL temporary + rename; mode is exact. Not synced to disk: state lives on tmpfs. */
int io_replace_at(int dir_fd, const char *name, const void *p, size_t n, mode_t mode);
