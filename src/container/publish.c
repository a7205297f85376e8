/* SPDX-License-Identifier: Apache-2.0 */
/* Pid file and pidfd socket. */

#include "container/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/unixsock.h"

static int write_pid_file(const char *path, pid_t pid, struct err *err)
{
	char text[16], dir[4096], name[300];
	const char *base = path_basename(path);
	autoclose int dir_fd = -EBADF;
	int r;

	/* No newline: containerd reads the whole file as a number. */
	snprintf(text, sizeof(text), "%d", pid);
	snprintf(name, sizeof(name), "%s", base);
	if (base == path)
		snprintf(dir, sizeof(dir), ".");
	else
		snprintf(dir, sizeof(dir), "%.*s", (int)(base - path), path);
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys(err, "open directory of pid file `%s`", path);
	r = io_replace_at(dir_fd, name, text, strlen(text), 0644);
	return r < 0 ? err_code(err, r, "write pid file `%s`", path) : 0;
}

int container_publish(const char *pid_file, const char *pidfd_socket, const char *payload, const struct pidref *p,
		      struct err *err)
{
	if (pidfd_socket && *pidfd_socket) {
		autoclose int sock = unixsock_connect(pidfd_socket, SOCK_STREAM);
		int r = sock < 0 ? sock : unixsock_send_fd(sock, p->pidfd, payload, strlen(payload));

		if (r < 0)
			return err_code(err, r, "send pidfd to `%s`", pidfd_socket);
	}
	return pid_file && *pid_file ? write_pid_file(pid_file, p->pid, err) : 0;
}
