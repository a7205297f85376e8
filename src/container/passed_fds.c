/* SPDX-License-Identifier: Apache-2.0 */
/* Checking descriptors before any of them is promised to a container. */

#include "container/passed_fds.h"

#include <errno.h>
#include <fcntl.h>

#define PASSED_FDS_MAX 1024

int passed_fds_check(int listen_fds, int preserve_fds, struct err *err)
{
	if (preserve_fds < 0 || listen_fds < 0 || preserve_fds > PASSED_FDS_MAX || listen_fds > PASSED_FDS_MAX)
		return err_set(err, EINVAL, "preserve file descriptors: %d and %d, expected 0 to %d", listen_fds,
			       preserve_fds, PASSED_FDS_MAX);
	for (int fd = 3; fd < 3 + listen_fds + preserve_fds; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0 || (flags & FD_CLOEXEC))
			return err_set(err, EBADF, "preserve file descriptor %d: it is not open", fd);
	}
	return 0;
}
