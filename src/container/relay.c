/* SPDX-License-Identifier: Apache-2.0 */
/* Relays a pty. The caller's stdin and stdout stay blocking, because O_NONBLOCK belongs to the open file description
 * and so would change it for the shell as well: each is touched once per poll, for at most what poll promised. */
#include "container/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { POLL_INPUT, POLL_OUTPUT, POLL_MASTER };

/* A process in the background of the container may write for ever: no more than the kernel can hold is drained. */
#define RELAY_DRAIN_MAX (1 << 20)
/* How often a caller in the background looks whether it still is: nothing tells it. */
#define RELAY_LOOK_MS 500

static void relay_find_ttys(struct relay *r)
{
	r->tty_fd = isatty(STDIN_FILENO) ? STDIN_FILENO : -1;
	r->size_fd = -1;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && r->size_fd < 0; fd++)
		if (isatty(fd))
			r->size_fd = fd;
}

/* The terminal is in use by another process group: its modes and its input are not ours. */
static bool relay_in_background(const struct relay *r)
{
	pid_t group = r->tty_fd < 0 ? -1 : tcgetpgrp(r->tty_fd);

	return group > 0 && group != getpgrp();
}

static int relay_set_raw(struct relay *r)
{
	struct termios raw;

	r->in_paused = relay_in_background(r);
	if (r->tty_fd < 0 || r->in_paused)
		return 0;
	if (!r->raw && tcgetattr(r->tty_fd, &r->saved) < 0)
		return -errno;
	raw = r->saved;
	cfmakeraw(&raw);
	r->raw = true;
	return tcsetattr(r->tty_fd, TCSANOW, &raw) < 0 ? -errno : 0;
}

int relay_begin(struct relay *r, int master_fd, struct err *err)
{
	int flags = fcntl(master_fd, F_GETFL);
	int ret;

	memset(r, 0, sizeof(*r));
	r->master_fd = r->peer_fd = -1;
	if (flags < 0 || fcntl(master_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_sys(err, "make the terminal's master non-blocking");
	r->master_fd = master_fd;
	r->in_open = r->out_open = r->master_open = r->at_line_start = true;
	r->peer_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	relay_find_ttys(r);
	relay_resize(r);
	ret = relay_set_raw(r);
	if (ret < 0) {
		relay_end(r);
		return err_code(err, ret, "put the caller's terminal into raw mode");
	}
	return 0;
}

void relay_resize(struct relay *r)
{
	struct winsize size;

	if (r->master_fd < 0 || r->size_fd < 0 || ioctl(r->size_fd, TIOCGWINSZ, &size) < 0)
		return;
	/* A terminal that does not know its size leaves that of process.consoleSize alone. */
	if (size.ws_row > 0 && size.ws_col > 0)
		(void)ioctl(r->master_fd, TIOCSWINSZ, &size);
}

void relay_resume(struct relay *r)
{
	if (r->master_fd < 0)
		return;
	(void)relay_set_raw(r);
	relay_resize(r);
}

int relay_prepare_poll(const struct relay *r, struct pollfd pfds[RELAY_POLL])
{
	bool to_master = r->in.len > 0 || r->eof_marks > 0;

	for (size_t i = 0; i < RELAY_POLL; i++)
		pfds[i] = (struct pollfd){ .fd = -1 };
	if (r->master_fd < 0)
		return -1;
	if (r->master_open && r->in_open && !r->in_paused && !to_master)
		pfds[POLL_INPUT] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	if (r->out_open && r->out.len > 0)
		pfds[POLL_OUTPUT] = (struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT };
	if (r->master_open && (r->out.len == 0 || to_master))
		pfds[POLL_MASTER] = (struct pollfd){ .fd = r->master_fd,
						     .events = (short)((r->out.len == 0 ? POLLIN : 0) |
								       (to_master ? POLLOUT : 0)) };
	return r->in_open && r->in_paused ? RELAY_LOOK_MS : -1;
}

/* The container's terminal has no end of input of its own: as long as it edits lines, the end-of-file character
 * is one. In the middle of a line the first character only ends the line. */
static void relay_input_ended(struct relay *r)
{
	struct termios t;

	r->in_open = false;
	if (r->tty_fd < 0 && tcgetattr(r->master_fd, &t) == 0 && (t.c_lflag & ICANON))
		r->eof_marks = r->at_line_start ? 1 : 2;
}

static void relay_read_input(struct relay *r)
{
	ssize_t n = read(STDIN_FILENO, r->in.data, sizeof(r->in.data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* In the background a process reads EIO when SIGTTIN is blocked. */
	if (n < 0 && errno == EIO && relay_in_background(r)) {
		r->in_paused = true;
		return;
	}
	if (n <= 0) {
		relay_input_ended(r);
		return;
	}
	r->in.off = 0;
	r->in.len = (size_t)n;
	r->at_line_start = r->in.data[n - 1] == '\n' || r->in.data[n - 1] == '\r';
}

static void relay_write_eof(struct relay *r)
{
	struct termios t;
	char c;

	if (tcgetattr(r->master_fd, &t) < 0 || !(t.c_lflag & ICANON) || t.c_cc[VEOF] == _POSIX_VDISABLE) {
		r->eof_marks = 0;
		return;
	}
	c = (char)t.c_cc[VEOF];
	if (write(r->master_fd, &c, 1) == 1)
		r->eof_marks--;
	else if (errno != EAGAIN && errno != EINTR)
		r->eof_marks = 0;
}

static void relay_write_master(struct relay *r)
{
	ssize_t n;

	if (r->in.len == 0) {
		if (r->eof_marks > 0)
			relay_write_eof(r);
		return;
	}
	n = write(r->master_fd, r->in.data + r->in.off, r->in.len);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			r->in.len = 0;
		return;
	}
	r->in.off += (size_t)n;
	r->in.len -= (size_t)n;
}

/* False when there is nothing now or nothing any more. */
static bool relay_read_master(struct relay *r)
{
	ssize_t n = read(r->master_fd, r->out.data, sizeof(r->out.data));

	if (n > 0) {
		r->out.off = 0;
		/* Nobody reads stdout any more: the container must not be blocked by that. */
		r->out.len = r->out_open ? (size_t)n : 0;
		return true;
	}
	/* EIO: nobody has the other end open, not even we. */
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		r->master_open = false;
	return false;
}

/* Up to PIPE_BUF bytes never block a pipe that poll has found writable. */
static void relay_write_output(struct relay *r)
{
	size_t len = r->out.len < PIPE_BUF ? r->out.len : PIPE_BUF;
	ssize_t n = write(STDOUT_FILENO, r->out.data + r->out.off, len);

	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		r->out_open = false;
		r->out.len = 0;
		return;
	}
	r->out.off += (size_t)n;
	r->out.len -= (size_t)n;
}

void relay_move(struct relay *r, const struct pollfd pfds[RELAY_POLL])
{
	if (r->master_fd < 0)
		return;
	if (r->in_paused && !relay_in_background(r))
		relay_resume(r);
	if (pfds[POLL_INPUT].revents)
		relay_read_input(r);
	if (pfds[POLL_OUTPUT].revents)
		relay_write_output(r);
	if (pfds[POLL_MASTER].revents & POLLOUT)
		relay_write_master(r);
	if ((pfds[POLL_MASTER].revents & (POLLIN | POLLHUP | POLLERR)) && r->out.len == 0)
		(void)relay_read_master(r);
}

/* Reading a master flushes the kernel's queue before it says EAGAIN, so nothing that was written before the end of
 * the process can come later. */
bool relay_more(struct relay *r)
{
	if (r->master_fd < 0 || !r->out_open)
		return false;
	if (r->out.len == 0 && r->master_open && r->drained < RELAY_DRAIN_MAX && relay_read_master(r))
		r->drained += r->out.len;
	return r->out.len > 0;
}

void relay_flush(struct relay *r)
{
	relay_write_output(r);
}

void relay_end(struct relay *r)
{
	int saved = errno;

	/* A shell that has put us into the background has set the modes that it wants. */
	if (r->raw && !relay_in_background(r))
		(void)tcsetattr(r->tty_fd, TCSANOW, &r->saved);
	r->raw = false;
	if (r->peer_fd >= 0)
		close(r->peer_fd);
	r->master_fd = r->peer_fd = -1;
	errno = saved;
}
