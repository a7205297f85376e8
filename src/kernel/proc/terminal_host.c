/* SPDX-License-Identifier: Apache-2.0 */
/* What a foreground run does with the terminal that it was started on. Knows nothing of containers. */
#include "kernel/proc/terminal_host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

int terminal_host_raw(int fd, struct terminal_mode *ret, struct err *err)
{
	struct termios now, raw;

	if (tcgetattr(fd, &now) < 0)
		return err_sys(err, "read the terminal's mode");
	raw = now;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return err_sys(err, "make the terminal raw");
	ret->saved = now;
	ret->set = true;
	return 0;
}

void terminal_host_restore(int fd, struct terminal_mode *m)
{
	int saved = errno;

	if (m->set)
		tcsetattr(fd, TCSANOW, &m->saved);
	m->set = false;
	errno = saved;
}

int terminal_host_get_size(int fd, uint32_t *ret_height, uint32_t *ret_width)
{
	struct winsize ws;

	if (ioctl(fd, TIOCGWINSZ, &ws) < 0)
		return -errno;
	*ret_height = ws.ws_row;
	*ret_width = ws.ws_col;
	return 0;
}

int terminal_host_callers_size(uint32_t *ret_height, uint32_t *ret_width)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (terminal_host_get_size(fd, ret_height, ret_width) == 0)
			return *ret_height > 0 && *ret_width > 0 ? 0 : -ENODATA;
	return -ENOTTY;
}

int terminal_host_set_size(int fd, uint32_t height, uint32_t width)
{
	struct winsize ws = { .ws_row = (unsigned short)height, .ws_col = (unsigned short)width };

	if (height > UINT16_MAX || width > UINT16_MAX)
		return -ERANGE;
	return ioctl(fd, TIOCSWINSZ, &ws) < 0 ? -errno : 0;
}

int terminal_host_copy_size(int from_fd, int to_fd)
{
	struct winsize ws;

	if (ioctl(from_fd, TIOCGWINSZ, &ws) < 0 || ioctl(to_fd, TIOCSWINSZ, &ws) < 0)
		return -errno;
	return 0;
}

int terminal_host_open_pair(int *ret_master, int *ret_slave, struct err *err)
{
	autoclose int master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	autoclose int slave_fd = -EBADF;
	int unlock = 0;

	if (master_fd < 0)
		return err_sys(err, "open a terminal");
	if (ioctl(master_fd, TIOCSPTLCK, &unlock) < 0)
		return err_sys(err, "unlock the terminal");
	slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave_fd < 0)
		return err_sys(err, "open the slave of the terminal");
	*ret_master = take_fd(&master_fd);
	*ret_slave = take_fd(&slave_fd);
	return 0;
}
