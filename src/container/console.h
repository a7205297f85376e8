/* SPDX-License-Identifier: Apache-2.0 */
/* Where the master of a process's terminal goes: to a socket of the caller's, or to this process, which relays it. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "kernel/proc/terminal.h"

/* path: --console-socket, NULL or "" without. foreground: this process stays and can relay. Touches nothing. */
int console_check(const struct terminal_plan *t, const char *path, bool foreground, struct err *err);
/* *ret_fd: owned. */
int console_connect(const char *path, int *ret_fd, struct err *err);
/* After console_check. *ret_fd is what masu-init sends the master over; *ret_here our end when we relay. Both owned; neither is changed
 * when there is no terminal. */
int console_open(const struct terminal_plan *t, const char *path, int *ret_fd, int *ret_here, struct err *err);
