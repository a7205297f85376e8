/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: every one is CLOEXEC at birth; those meant to survive an exec are opened up in one place. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

int fd_set_cloexec(int fd, bool on);
/* Duplicates to a number >= min, CLOEXEC. */
int fd_dup_above(int fd, int min);
/* Opens /dev/null on each of 0, 1, 2 that is closed. */
int fd_ensure_stdio(void);
/* close_range(first, ~0, CLOSE_RANGE_CLOEXEC). */
int fd_cloexec_from(unsigned first);
bool fd_is_chardev(int fd, unsigned maj, unsigned min);
/* fstatfs f_type equals magic. */
bool fd_is_fstype(int fd, long magic);
struct fd_where {
	uint64_t mount_id;
	bool is_root; /* of its mount */
};
/* The mount that fd lies in. */
int fd_where(int fd, struct fd_where *ret);
