/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to a systemd manager. The transport only: what is asked of systemd is in systemd.c. libsystemd is loaded when the first
 * connection is opened and not before. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "kernel/cgroup/props.h"

/* An answer: systemd is busy for seconds when many units start, or when it executes itself anew. Then the end of a job. */
#define SDBUS_CALL_MS 25000
#define SDBUS_JOB_MS 30000

struct sdbus;

/* What it was built with: false when there were no headers of libsystemd. */
bool sdbus_is_built(void);

/* The system's manager, or with `user` that of the caller's session. -EOPNOTSUPP: built without, or no library. */
int sdbus_open(bool user, struct sdbus **ret, struct err *err);
void sdbus_close(struct sdbus **b); /* for AUTO; idempotent */

struct sdbus_call {
	const char *path, *interface, *member; /* path and interface NULL: the manager */
	const char *strings[3];                /* the first arguments, up to the first NULL */
	int runtime;                           /* 1: then a boolean true, as SetUnitProperties wants it */
	pid_t pid;                             /* > 0: then an array of one process id */
	const struct unit_props *props;        /* then properties */
	bool auxiliary;                        /* then no further units */
	bool job;                              /* the answer names a job, and its end is waited for */
};

struct sdbus_answer {
	char text[1024]; /* the object path or the string in the answer */
	char result[32]; /* of the job: "done", "failed", ... */
	char error[128]; /* D-Bus name of the error, "" when it was none */
};

/* 0, or -errno with the text "<what>: reason". -ETIMEDOUT: no answer; -ECONNRESET: the manager closed the connection. */
int sdbus_call(struct sdbus *b, const struct sdbus_call *c, struct sdbus_answer *ret, const char *what,
	       struct err *err);
