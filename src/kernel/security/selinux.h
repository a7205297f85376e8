/* SPDX-License-Identifier: Apache-2.0 */
/* SELinux: contexts of the next execve and of new keys. Init side. */
#pragma once

#include "base/err.h"

int selinux_apply_exec(int proc_fd, const char *context, struct err *err);
/* NULL: as the policy says. */
int selinux_apply_keys(int proc_fd, const char *context, struct err *err);
