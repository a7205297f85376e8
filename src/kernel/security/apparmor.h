/* SPDX-License-Identifier: Apache-2.0 */
/* AppArmor: the profile of the next execve. Init side. */
#pragma once

#include "base/err.h"

int apparmor_apply_exec(int proc_fd, const char *profile, struct err *err);
