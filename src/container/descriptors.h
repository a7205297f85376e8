/* SPDX-License-Identifier: Apache-2.0 */
/* What 0, 1 and 2 of a container were at its start: the pipes among them lead out of the container, and a restored process gets
 * those of whoever restores it. Kept in state.json, and beside the images as runc and crun keep them. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

#define DESCRIPTORS_FILE "descriptors.json"
enum { DESCRIPTORS_LEN = 3 };

/* Links of /proc/PID/fd/{0,1,2}; "" where there is none. Strings live in the arena. */
int descriptors_look(int proc_fd, pid_t pid, struct arena *a, const char *ret[DESCRIPTORS_LEN], struct err *err);
/* ["pipe:[1]","pipe:[2]","/dev/null"] in the directory of the images. NULL counts as "". */
int descriptors_save(int images_fd, const char *const v[DESCRIPTORS_LEN], struct err *err);
/* At most DESCRIPTORS_LEN; those that are missing are "". */
int descriptors_load(int images_fd, struct arena *a, const char *ret[DESCRIPTORS_LEN], struct err *err);
