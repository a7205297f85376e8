/* SPDX-License-Identifier: Apache-2.0 */
/* The directories that criu works in: that of the images, and that of its log. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct criu_dirs {
	const char *image_path, *log_path; /* for texts */
	int images_fd, work_fd;            /* owned; work_fd -1: the log goes to the images */
};
#define CRIU_DIRS_INIT                         \
	{                                      \
		.images_fd = -1, .work_fd = -1 \
	}

/* image_path NULL or "": ./checkpoint. make: that of the images is made (0700) with its parents; that of the log always is. Images
 * decide what runs as root: without make, a directory that others may write to is refused. */
int criu_dirs_open(const char *image_path, const char *work_path, bool make, struct criu_dirs *ret, struct err *err);
/* The same directory as *fd, of the mount namespace that the caller is in now: criu mounts in its working directory. */
int criu_dirs_reopen(int proc_fd, int *fd, struct err *err);
/* criu's configuration: what the annotation org.criu.config says ("": none), without it (NULL) the first that exists of a list. */
const char *criu_dirs_config(const char *annotation);
void criu_dirs_done(struct criu_dirs *d);
