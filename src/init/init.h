/* SPDX-License-Identifier: Apache-2.0 */
/* The state of masu-init: one process, one plan, one story. Nothing here is shared with masu but the plan and the socket. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/flat.h"
#include "kernel/proc/exec.h"
#include "kernel/proc/terminal.h"
#include "wire/plan.h"
#include "wire/protocol.h"

struct init {
	struct flat flat;
	const struct plan *plan;
	struct wire wire;
	int proc_fd; /* the host's /proc, opened before anything of the container is reachable */
	int root_fd; /* the container's root */
	int sources[PLAN_SOURCES_MAX];
	size_t sources_len;
	struct mount_ctx mount;
	struct terminal terminal;
	struct arena arena;
	struct exec_image image;
	bool cwd_again;   /* the user must enter the working directory, root may not */
	bool hook_failed; /* a startContainer hook: the container is to be destroyed */
};

/* init/stage.c: joins and makes namespaces; through a stage only the final process returns. */
int stage_enter(struct init *in, struct err *err);
bool stage_has_joins(const struct init *in);

/* init/container.c: the story of a container's first process, up to CREATED. */
int container_story(struct init *in, struct err *err);
/* Receives the detached mounts and device nodes that the host side made. */
int init_take_sources(struct init *in, struct err *err);
/* init/mounts.c: changes the mounts of a container that runs; there is nothing to execute. */
int mounts_story(struct init *in, struct err *err);
/* init/exec.c: the story of a further process. */
int exec_story(struct init *in, struct err *err);

/* init/identity.c: steps that both stories share, in this order. */
int identity_enter_cgroup(void *ctx, struct err *err); /* v1; on v2 the process was cloned into it */
int identity_session(void *ctx, struct err *err);      /* new session and session keyring */
int identity_open_terminal(void *ctx, struct err *err);
int identity_terminal(void *ctx, struct err *err); /* sends its master, takes it as stdio */
int identity_stdio(void *ctx, struct err *err);    /* gives pipes and ttys to the user */
int identity_cwd(void *ctx, struct err *err);      /* makes and enters the working directory */
int identity_rlimits(void *ctx, struct err *err);
int identity_scheduling(void *ctx, struct err *err); /* CPU and I/O scheduling, memory policy, execution domain */
int identity_label(void *ctx, struct err *err);      /* AppArmor, SELinux */
int identity_bounding(void *ctx, struct err *err);
int identity_user(void *ctx, struct err *err);
int identity_capabilities(void *ctx, struct err *err);
int identity_no_new_privs(void *ctx, struct err *err);
int identity_executable(void *ctx, struct err *err); /* working directory proven, program found */
int identity_report_created(void *ctx, struct err *err);
bool identity_has_terminal(const void *ctx);
bool identity_has_process(const void *ctx);

/* init/start.c: waits at the gate, runs startContainer hooks, installs seccomp, executes. Does not return on success. */
int start_wait(struct init *in, struct err *err);
int start_story(struct init *in, struct err *err);

/* init/hooks.c */
int init_hooks_run(struct init *in, const char *kind, struct flat_arr hooks, const struct hook_state *state,
		   struct err *err);
