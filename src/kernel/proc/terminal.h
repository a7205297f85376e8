/* SPDX-License-Identifier: Apache-2.0 */
/* The container's pseudo terminal, from its own devpts. Init side. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct terminal_plan {
	uint32_t enabled;
	uint32_t has_size;
	uint32_t height, width;
};

struct terminal {
	int master_fd, slave_fd; /* owned, CLOEXEC */
	char name[32];           /* "/dev/pts/0" */
};
#define TERMINAL_INIT                                   \
	{                                               \
		.master_fd = -EBADF, .slave_fd = -EBADF \
	}

/* Opens a new pair from <root>/dev/pts, sets the size and gives the slave to uid. Only the devpts itself is asked: no link, no
 * mount on ptmx and no path of the slave is followed. */
int terminal_open(int root_fd, const struct terminal_plan *p, uid_t uid, struct terminal *ret, struct err *err);
/* Sends the master over a connected AF_UNIX socket; the payload is the slave's name. */
int terminal_send(const struct terminal *t, int sock, struct err *err);
/* Makes the slave the controlling terminal and fds 0-2, closes both ends. The caller has called setsid(2). */
int terminal_apply(struct terminal *t, struct err *err);
void terminal_done(struct terminal *t);
