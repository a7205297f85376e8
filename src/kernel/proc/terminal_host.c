/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that gets a terminal should know of the one that its caller sits at. Knows nothing of containers. */
#include "kernel/proc/terminal_host.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

int terminal_host_callers_size(uint32_t *ret_height, uint32_t *ret_width)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct winsize ws;

		if (ioctl(fd, TIOCGWINSZ, &ws) < 0)
			continue;
		if (!ws.ws_row || !ws.ws_col)
			return -ENODATA;
		*ret_height = ws.ws_row;
		*ret_width = ws.ws_col;
		return 0;
	}
	return -ENOTTY;
}
