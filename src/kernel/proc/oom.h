/* SPDX-License-Identifier: Apache-2.0 */
/* oom_score_adj of a process. Uses no heap; host side, and init side with pid 0 (the calling process). */
#pragma once

#include <sys/types.h>

#include "base/err.h"

int oom_place(int proc_fd, pid_t pid, int score_adj, struct err *err);
