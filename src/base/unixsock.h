/* SPDX-License-Identifier: Apache-2.0 */
/* AF_UNIX sockets by path, also for paths longer than sun_path (through a verified O_PATH fd of the parent directory). */
#pragma once

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Connects a SOCK_STREAM (or type) socket; owned CLOEXEC fd or -errno. */
int unixsock_connect(const char *path, int type);
int unixsock_listen(const char *path, int type, int backlog);
/* Sends payload (at least one byte) with exactly one fd in one SCM_RIGHTS. */
int unixsock_send_fd(int sock, int fd, const void *payload, size_t len);
/* Receives one message; *ret_fd = -1 when none came. Returns bytes or -errno. */
ssize_t unixsock_recv_fd(int sock, void *p, size_t len, int *ret_fd);
/* Of a received message: keeps the first descriptor in *ret_fd (NULL: none) and closes the others; gives their number. */
size_t unixsock_take_fds(struct msghdr *msg, int *ret_fd);
