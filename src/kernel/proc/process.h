/* SPDX-License-Identifier: Apache-2.0 */
/* The process record that crosses to masu-init: what execve gets and what surrounds it, without its rights
 * (security/caps.h, security/seccomp_apply.h). */
#pragma once

#include <stdint.h>

#include "base/flat.h"
#include "kernel/proc/rlimit.h"
#include "kernel/proc/terminal.h"
#include "kernel/proc/user.h"

struct process_plan {
	struct flat_arr args, env; /* struct flat_str; env holds the extras except LISTEN_PID */
	struct flat_str cwd;       /* absolute, inside the container */
	struct user_plan user;
	struct rlimit_plan rlimits;
	struct terminal_plan terminal;
	struct flat_str keyring; /* session keyring to join, absent = keep the caller's */
	uint32_t keyring_perm;
	uint32_t pass_fds;   /* fds 3 .. 3+n-1 stay open: listen fds first, then the preserved ones */
	uint32_t listen_fds; /* of those; not 0: LISTEN_PID is added to env, which only the process itself knows */
	uint32_t has_oom;
	int32_t oom_score_adj;
	uint32_t pad;
};
