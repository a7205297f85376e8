/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of a foreground container: bytes between the caller's stdin and stdout and the master of its pty.
 * Knows nothing of processes; supervise.c polls for it. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/err.h"

enum { RELAY_BUF = 16384, RELAY_POLL = 3 };

struct relay_way {
	char data[RELAY_BUF];
	size_t off, len; /* data[off .. off + len) is still to be written */
};

struct relay {
	int master_fd; /* borrowed, made non-blocking; -1: no terminal */
	int peer_fd;   /* the other end, held open so that the master never reads as hung up; -1 without */
	int tty_fd;    /* 0 when stdin is a terminal, else -1 */
	int size_fd;   /* the first of 0, 1, 2 that is a terminal, else -1 */
	bool raw;      /* tty_fd is in raw mode and saved says what it was */
	bool in_open, out_open, master_open;
	bool in_paused; /* the caller is in the background of its terminal */
	int eof_marks;  /* end-of-file characters that the container's terminal is still to get */
	bool at_line_start;
	size_t drained;
	struct termios saved;
	struct relay_way in, out;
};

/* Takes the master over, gives it the caller's window size and puts the caller's terminal into raw mode. */
int relay_begin(struct relay *r, int master_fd, struct err *err);
/* Fills pfds (fd -1 where there is nothing to wait for); returns the timeout for poll. */
int relay_prepare_poll(const struct relay *r, struct pollfd pfds[RELAY_POLL]);
/* Moves what can be moved without waiting. */
void relay_move(struct relay *r, const struct pollfd pfds[RELAY_POLL]);
/* Copies the window size of the caller's terminal. */
void relay_resize(struct relay *r);
/* After the caller was stopped and continued: raw mode and size again, and input may flow again. */
void relay_resume(struct relay *r);
/* Once the process has ended: true as long as its terminal holds something for stdout; then poll stdout for writing
 * and call relay_flush. */
bool relay_more(struct relay *r);
void relay_flush(struct relay *r);
/* Gives the caller's terminal back as it was; may be called twice and from a signal handler. */
void relay_end(struct relay *r);
