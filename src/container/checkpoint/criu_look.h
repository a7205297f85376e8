/* SPDX-License-Identifier: Apache-2.0 */
/* Where a path of a container leads, for criu_mounts.h: resolved by the kernel under a root descriptor. */
#pragma once

#include "container/checkpoint/criu_mounts.h"

struct criu_look {
	int proc_fd, root_fd;
	const char
		*prefix; /* how the kernel calls root_fd, cut from what it calls the rest; "" for a root of its own */
};
/* arg is a struct criu_look. */
enum criu_there criu_look(void *arg, const char *path, char *out, size_t len);
