/* SPDX-License-Identifier: Apache-2.0 */
/* Standard streams that are the host's null device become the container's own: a file of a mount that the container does not have
 * cannot be saved by a checkpoint, and leads out of it. Init side. */
#include "kernel/dev/dev.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/inroot.h"
#include "base/procfs.h"

/* What the image has there instead is left alone, not even opened, and the stream stays as it is. */
static int streams_reopen(int root_fd, int proc_fd, int fd, struct err *err)
{
	int access = fcntl(fd, F_GETFL) & O_ACCMODE;
	autoclose int node = inroot_open_nofollow(root_fd, "/dev/null", O_PATH, 0), own = -1;

	if (node < 0 || !fd_is_chardev(node, 1, 3))
		return 0;
	own = procfs_reopen(proc_fd, node, access | O_NOCTTY);
	if (own < 0) /* a mount with nodev, a device rule */
		return 0;
	return dup2(own, fd) < 0 ? err_sys(err, "open the container's `/dev/null`") : 0;
}

int dev_apply_streams(int root_fd, int proc_fd, struct err *err)
{
	int r = 0;

	for (int fd = 0; r == 0 && fd <= 2; fd++)
		if (fd_is_chardev(fd, 1, 3))
			r = streams_reopen(root_fd, proc_fd, fd, err);
	return r;
}
