/* SPDX-License-Identifier: Apache-2.0 */
/* Standard streams that are the host's null device become the container's own: a file of a mount that the container does not have
 * cannot be saved by a checkpoint, and leads out of it. Init side. */
#include "kernel/dev/dev.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/inroot.h"

/* What the image has there instead is left alone, and the stream as it is. */
static int streams_reopen(int root_fd, int fd, struct err *err)
{
	int access = fcntl(fd, F_GETFL) & O_ACCMODE;
	autoclose int own = inroot_open_nofollow(root_fd, "/dev/null", access | O_NONBLOCK | O_NOCTTY, 0);

	if (own < 0 || !fd_is_chardev(own, 1, 3))
		return 0;
	if (fcntl(own, F_SETFL, 0) < 0 || dup2(own, fd) < 0)
		return err_sys(err, "open the container's `/dev/null`");
	return 0;
}

int dev_apply_streams(int root_fd, struct err *err)
{
	int r = 0;

	for (int fd = 0; r == 0 && fd <= 2; fd++)
		if (fd_is_chardev(fd, 1, 3))
			r = streams_reopen(root_fd, fd, err);
	return r;
}
