/* SPDX-License-Identifier: Apache-2.0 */
/* What is known about a container between two commands: state.json, its live status, and the state document that the
 * specification defines (for `state`, `list` and hooks). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "container/descriptors.h"
#include "container/runtime.h"
#include "spec/model.h"
#include "json/write.h"

enum status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };

struct state {
	const char *id, *bundle, *rootfs, *created, *cgroup; /* cgroup: record of kernel/cgroup, NULL: none */
	const char *rdt_group, *rdt_monitor;                 /* directories of resctrl */
	bool rdt_own;                                        /* rdt_group goes with the container */
	pid_t pid;
	uint64_t start_time; /* of pid, clock ticks since boot */
	uid_t owner;
	/* What follows from the document, so that start, kill and delete need not read it again. */
	bool has_process;                         /* the document has a process */
	bool has_poststart;                       /* and poststart hooks */
	bool has_listener;                        /* its seccomp filter notifies an agent */
	bool keyring;                             /* it has a session keyring of its own */
	const char *descriptors[DESCRIPTORS_LEN]; /* 0, 1 and 2 at its start, may be NULL */
	bool shared_pid; /* no pid namespace of its own: its processes do not end with the first one */
	const struct spec_kv *annotations;
	size_t annotations_len;
	char *const *allowed; /* patterns for annotations as the create had them, NULL or NULL-terminated */
};

const char *status_name(enum status s);
int state_save(int dir_fd, const struct state *s, struct err *err);
/* -ENOENT without text when there is no state.json: the container is being created, or its create died. With text: it was deleted
 * since dir_fd was opened. */
int state_load(int dir_fd, const char *id, struct arena *a, struct state *ret, struct err *err);
/* The status now. Reads /proc, start.fifo and the freezer; what cannot be read is an error, not a container that has stopped. */
int state_status(struct masu_runtime *rt, int dir_fd, const struct state *s, enum status *ret, struct err *err);
/* 1 when its cgroup is frozen, whatever its status. */
int state_is_frozen(struct masu_runtime *rt, const struct state *s, struct err *err);
/* What a state file ends with: a number that its other bytes make. */
#define STATE_SUM_KEY ",\n    \"checksum\": \""
#define STATE_SUM_LEN 17
void state_sum(const char *text, size_t len, char ret[STATE_SUM_LEN]);
/* "2026-01-02T03:04:05.123456789Z" of now. */
void state_timestamp(char *out, size_t len);
/* The same of a time after 1970 (seconds since then, UTC). */
void state_format_time(int64_t secs, long nsecs, char *out, size_t len);

/* The document of the specification; extended: with rootfs, created, owner as `state` prints it (owner_name NULL: ""). */
void state_write(struct jw *w, const struct state *s, enum status status, pid_t pid, bool extended,
		 const char *owner_name);
/* The document for hooks, compact. */
int state_hook_document(const struct state *s, enum status status, pid_t pid, struct buf *ret);
/* The same around a process id that is not known yet: head, pid, tail. */
int state_hook_split(const struct state *s, enum status status, struct buf *head, struct buf *tail);
