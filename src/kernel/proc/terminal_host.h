/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's own terminal: raw mode and window size. Host side. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

#include "base/err.h"

struct terminal_mode {
	bool set;
	struct termios saved;
};

/* Raw mode for fd; the old mode goes to ret. Not a terminal: -ENOTTY. */
int terminal_host_raw(int fd, struct terminal_mode *ret, struct err *err);
/* Puts the saved mode back; safe to call twice or without a terminal_host_raw. */
void terminal_host_restore(int fd, struct terminal_mode *m);
int terminal_host_get_size(int fd, uint32_t *ret_height, uint32_t *ret_width);
/* Of the first terminal among 0, 1 and 2. -ENOTTY when there is none, -ENODATA when it does not know. */
int terminal_host_callers_size(uint32_t *ret_height, uint32_t *ret_width);
int terminal_host_set_size(int fd, uint32_t height, uint32_t width);
/* Copies the size of one terminal to another (SIGWINCH). */
int terminal_host_copy_size(int from_fd, int to_fd);
/* A pair of the host's devpts, both owned and CLOEXEC. */
int terminal_host_open_pair(int *ret_master, int *ret_slave, struct err *err);
