/* SPDX-License-Identifier: Apache-2.0 */
/* Telling the caller about a new process: pid file (atomic, no newline) and pidfd socket. */
#pragma once

#include "base/err.h"
#include "base/pidref.h"

/* pid_file and pidfd_socket may be NULL or empty. payload accompanies the pidfd: "standard" for init, "setns" for exec. */
int container_publish(const char *pid_file, const char *pidfd_socket, const char *payload, const struct pidref *p,
		      struct err *err);
