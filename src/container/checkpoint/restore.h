/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one restore while it is under way: a create whose processes come from images. The story is in restore.c, what is done
 * when criu tells something in restore_told.c; what happens in the process of criu is in restore_inside.c, what is checked before the
 * processes go on is in restore_verify.c. */
#pragma once

#include "container/checkpoint/criu_dirs.h"
#include "container/checkpoint/criu_request.h"
#include "container/create.h"
#include "container/descriptors.h"
#include "container/supervise.h"

struct restore {
	struct create create; /* first: its steps are steps of a restore, too */
	const struct masu_restore_options *o;
	struct masu_create_options options; /* those of o->create, and what the images say */
	struct criu_request request;
	struct criu_dirs dirs;
	const char *streams[DESCRIPTORS_LEN]; /* of the saved container */
	int console_sock;                     /* of --console-socket */
	int master_fd;                        /* the terminal's, when it is ours to relay */
	struct supervise *foreground;         /* NULL: detached */
	bool is_refused;                      /* what was restored must not run: refused says why */
	struct err refused;
};

/* A step of criu_job, in the process of criu: a mount namespace in which the root file system is a mount point, with all that mounts
 * are made on; the container's session keyring; the mounts for the request. */
int restore_prepare(void *restore, struct criu_request *q, struct err *err);

/* An empty network namespace has its loopback device down: before criu opens sockets again. */
int restore_loopback(const struct restore *r, struct err *err);
/* Those of the network are not saved: once the processes are in their last namespaces, before they go on. */
int restore_sysctls(const struct restore *r, struct err *err);

/* Whether the restored processes are confined as the document says; the images are not trusted with that. Its surroundings (namespaces,
 * root, masks) are there before its rights (capabilities, no_new_privs, seccomp, label). */
int restore_verify_surroundings(const struct restore *r, struct err *err);
/* Of every process and thread. */
int restore_verify_rights(struct restore *r, struct err *err);

/* A criu_notify_fn of a struct restore. */
int restore_told(void *restore, const char *action, pid_t pid, int fd, struct err *err);
/* Undo: ends all that was restored. */
void restore_kill(void *restore);
