/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one create while it is under way. The story is in create.c; its steps stand in create_host.c (what belongs to the
 * host: directory, files, state), create_cgroup.c, create_init.c (what is done with init) and create_sources.c (what init is sent). */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/pidref.h"
#include "container/hooks.h"
#include "container/journal.h"
#include "container/plan.h"
#include "container/runtime.h"
#include "container/state.h"
#include "kernel/cgroup/cgroup.h"
#include "kernel/net/devices.h"
#include "kernel/rdt/rdt.h"
#include "wire/protocol.h"

struct create {
	struct masu_runtime *rt;
	const char *id;
	const struct masu_create_options *options;
	bool foreground;      /* the caller stays: it wants the terminal's master */
	const sigset_t *mask; /* signal mask that criu shall have, for a restore */

	struct bundle bundle;
	char created[64], rootfs[4096];
	struct create_plan plan;
	unsigned host_kinds; /* bits of SPEC_NS_*: what the plan took for the host's own */
	int dir_fd;
	struct journal journal;
	int image_fd, plan_fd, gate_fd, result_fd;
	int console_fd;   /* given to init */
	int console_here; /* our end, when the caller wants the master */
	bool has_cgroup;
	bool stays;      /* an undo did not come to its end: the directory is kept, for delete --force */
	bool place_late; /* init could not be cloned into its cgroup: it is moved before it goes on */
	struct cgroup cgroup;
	char cgroup_record[CGROUP_RECORD_MAX];
	int tasks[PLAN_TASKS_MAX]; /* opened for init */
	size_t tasks_len;
	struct wire wire;
	int init_sock;         /* init's end */
	struct pidref spawned; /* what was cloned: init, or the stage before it */
	struct pidref init;
	struct hook_output hook_output;
	bool hooks_begun;       /* a failure from here on ends with the poststop hooks */
	struct rdt rdt;         /* linux.intelRdt */
	struct net_devices net; /* those that were moved into the container */
	struct state state;
	struct arena arena; /* of what state borrows from nowhere else */
};

/* NULL without memory. */
struct create *create_new(struct masu_runtime *rt, const char *id, const struct masu_create_options *o);
void create_free(struct create **c); /* for AUTO(create_free) */
/* The same of one that is part of something else (container/checkpoint/restore.h); zeroed before. */
void create_set_up(struct create *c, struct masu_runtime *rt, const char *id, const struct masu_create_options *o);
void create_done(struct create *c);

/* Makes the container up to "created". On error nothing is left that could be removed, and the poststop hooks ran if other hooks had
 * begun. The lock of the container's directory is held until create_free. */
int create_run(struct create *c, struct err *err);
/* After the undo of a story that failed: the poststop hooks if others have begun, or what is left to do. */
void create_failed(struct create *c, struct err *err);

/* Steps, in the order of the story. */
int create_load(void *ctx, struct err *err);
int create_plan(void *ctx, struct err *err);
int create_check_console(void *ctx, struct err *err);
int create_claim(void *ctx, struct err *err);
void create_unclaim(void *ctx);
int create_snapshot(void *ctx, struct err *err);
int create_notify_dir(void *ctx, struct err *err);
int create_open_files(void *ctx, struct err *err);
int create_cgroup(void *ctx, struct err *err);
/* The cgroup of the user's systemd, in front of the planned path. */
int create_find_user_cgroup(char *ret, size_t len, struct err *err);
void create_destroy_cgroup(void *ctx);
int create_rdt(void *ctx, struct err *err);
void create_undo_rdt(void *ctx);
int create_write_plan(void *ctx, struct err *err);
int create_spawn(void *ctx, struct err *err);
void create_kill_init(void *ctx);
int create_map_ids(void *ctx, struct err *err);
int create_find_init(void *ctx, struct err *err);
int create_send_sources(void *ctx, struct err *err);
int create_place(void *ctx, struct err *err);
int create_net_devices(void *ctx, struct err *err);
void create_return_devices(void *ctx);
int create_host_hooks(void *ctx, struct err *err);
/* prestart and createRuntime, begun in the journal; init is made. Also of a restore. */
int create_run_host_hooks(struct create *c, struct err *err);
int create_wait_created(void *ctx, struct err *err);
int create_schedule(void *ctx, struct err *err);
int create_save_state(void *ctx, struct err *err);
void create_unsave_state(void *ctx);
int create_publish(void *ctx, struct err *err);
void create_unpublish(void *ctx);
bool create_has_new_user(const void *ctx);
bool create_has_stage(const void *ctx);
bool create_has_sources(const void *ctx);
bool create_wants_notify(const void *ctx);
bool create_wants_rdt(const void *ctx);
bool create_has_net_devices(const void *ctx);
bool create_has_host_hooks(const void *ctx);
bool create_schedules_init(const void *ctx);
bool create_wants_cgroup(const void *ctx);
