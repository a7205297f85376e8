/* SPDX-License-Identifier: Apache-2.0 */
/* The socket for a terminal's master, for create, exec and restore. */

#include "container/console.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/unixsock.h"

int console_check(const struct terminal_plan *t, const char *path, bool foreground, struct err *err)
{
	bool has_path = path && *path;

	if (has_path && !t->enabled)
		return err_set(err, EINVAL, "use console socket `%s`: the process has no terminal", path);
	if (!t->enabled || has_path || foreground)
		return 0;
	err_set(err, EINVAL, "cannot allocate tty if masu will detach without setting console socket");
	err_pointer(err, "/process/terminal");
	err_hint(err, "use --console-socket, or do not detach");
	return -EINVAL;
}

int console_connect(const char *path, int *ret_fd, struct err *err)
{
	int fd = unixsock_connect(path, SOCK_STREAM);

	if (fd < 0)
		return err_code(err, fd, "connect to console socket `%s`", path);
	*ret_fd = fd;
	return 0;
}

int console_open(const struct terminal_plan *t, const char *path, int *ret_fd, int *ret_here, struct err *err)
{
	int fds[2];

	if (!t->enabled)
		return 0;
	if (path && *path)
		return console_connect(path, ret_fd, err);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(err, "make socket pair for the terminal");
	*ret_here = fds[0];
	*ret_fd = fds[1];
	return 0;
}
