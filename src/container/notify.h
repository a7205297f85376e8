/* SPDX-License-Identifier: Apache-2.0 */
/* NOTIFY_SOCKET: the container gets a socket of its own, and what it says there about itself goes on to the service manager that
 * started us. The container never sees the manager's socket. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "container/plan.h"
#include "container/runtime.h"

/* As the container sees them. */
#define NOTIFY_MOUNT "/run/notify"
#define NOTIFY_SOCKET_INSIDE NOTIFY_MOUNT "/" NOTIFY_SOCKET_NAME
#define NOTIFY_SOCKET_NAME "notify.sock"

/* ---- create: pure ---- */

/* Whether the container gets a socket: the caller has one, there is a process, and a mount namespace to put it into. */
bool notify_is_planned(const struct masu_create_options *o, const struct spec_config *c);
/* The document with one more mount. copy and its list (free it) are the caller's; strings are borrowed from in and path. */
int notify_plan_mount(const struct plan_inputs *in, struct spec_config *copy, struct spec_mount **ret_list, char *path,
		      size_t path_len, struct err *err);

/* ---- create: the directory that is mounted ---- */

int notify_make_dir(int dir_fd, struct err *err);

/* ---- checkpoint and restore: whether the container has that mount is told beside the images ---- */

int notify_mark(int images_fd, bool on, struct err *err);
/* 1, 0 or a negative errno. */
int notify_is_marked(int images_fd, struct err *err);

/* ---- start ---- */

struct notify {
	int sock;       /* bound: what the container writes to */
	int host_sock;  /* connected: the service manager's */
	pid_t main_pid; /* told together with READY=1 */
	bool ready;
};
#define NOTIFY_INIT                                 \
	{                                           \
		.sock = -EBADF, .host_sock = -EBADF \
	}

/* Before the program is started: both ends, or an error. Does nothing (n->sock stays negative) when host is NULL or empty, and with a
 * warning when the container was created without a socket. label: security.selinux of the socket, may be NULL. */
int notify_open(struct masu_runtime *rt, int dir_fd, const char *id, const char *host, const char *label,
		struct notify *n, struct err *err);
/* Passes on what has arrived, without waiting. Shaped for supervise.h. */
void notify_forward(void *n);
/* Until the container says READY=1, which the manager is then known to have seen, or pidfd ends. */
void notify_wait_ready(struct notify *n, int pidfd);
void notify_done(struct notify *n); /* for AUTO(notify_done) */
