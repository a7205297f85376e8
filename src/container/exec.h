/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one exec while it is under way. The story is in exec.c, the plan in exec_plan.c, what concerns the process in
 * exec_child.c. */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/pidref.h"
#include "container/runtime.h"
#include "container/snapshot.h"
#include "container/state.h"
#include "kernel/cgroup/cgroup.h"
#include "kernel/proc/affinity.h"
#include "masu/masu.h"
#include "wire/plan.h"
#include "wire/protocol.h"

struct exec {
	struct masu_runtime *rt;
	const char *id;
	const struct masu_exec_options *o;
	bool foreground;

	struct arena arena;
	struct snapshot snap;
	struct state state;
	const struct spec_process *process;
	int dir_fd;
	struct pidref init; /* the container's */
	struct plan plan;
	struct buf flat;
	bool has_cgroup;
	bool place_late; /* could not be cloned into the cgroup: it is moved before it goes on */
	struct cgroup cgroup;
	int root_fd, image_fd, plan_fd, console_fd, console_here, init_sock;
	struct wire wire;
	struct pidref spawned, child;
	struct affinity initial, final;
	int agent_sock, record_fd, record_init; /* seccomp listener; record_init is the child's end */
	int tasks[PLAN_TASKS_MAX];
	size_t tasks_len;
};

/* A step: everything that is decided before anything is touched. */
int exec_plan(void *ctx, struct err *err);
/* Steps of exec_child.c, in the order of the story. */
int exec_spawn(void *ctx, struct err *err);
void exec_kill_child(void *ctx);
int exec_find_child(void *ctx, struct err *err);
int exec_place(void *ctx, struct err *err);
int exec_wait(void *ctx, struct err *err);
/* linux.seccomp of the container, or NULL. */
const struct spec_seccomp *exec_seccomp(const struct exec *e);
