/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as masu-init receives it: one flat buffer that starts with struct plan. Every decision is in it; masu-init
 * decides nothing. Built by container/plan.c (create), container/exec_plan.c (exec) and container/mounts.c (mounts). */
#pragma once

#include <stdint.h>

#include "base/flat.h"
#include "kernel/dev/dev.h"
#include "kernel/mount/mount.h"
#include "kernel/ns/ns.h"
#include "kernel/ns/sysctl.h"
#include "kernel/ns/uts.h"
#include "kernel/proc/mempolicy.h"
#include "kernel/proc/process.h"
#include "kernel/proc/sched.h"
#include "kernel/security/caps.h"
#include "kernel/security/lsm.h"
#include "kernel/security/seccomp_apply.h"

#define PLAN_MAGIC UINT64_C(0x6e616c707573616d) /* "masuplan" */

enum {
	PLAN_TASKS_MAX = 20,
	PLAN_SOURCES_MAX = 256, /* mounts and device nodes that come with SOURCES */
};

enum plan_role { PLAN_INIT = 1, PLAN_EXEC = 2, PLAN_MOUNTS = 3 };

enum {
	PLAN_HOST_HOOKS = 1 << 0, /* ROOTFS_READY and HOOKS_DONE are exchanged */
	PLAN_PROCESS = 1 << 1,    /* there is a process to become; otherwise the start is refused */
	PLAN_MOUNT_NS = 1 << 2,   /* the process has a mount namespace of its own (made or joined) */
};

struct hook_rec {
	struct flat_str path;
	struct flat_arr argv, envp; /* struct flat_str; argv absent = { path } */
	uint32_t timeout;           /* seconds, 0 = none */
	uint32_t index;             /* in the document */
};

/* A state document around the process id, which only the process itself knows: head, pid, tail. */
struct hook_state {
	struct flat_str head, tail;
};

struct plan {
	uint64_t magic;
	uint32_t size;       /* bytes of the whole buffer */
	uint32_t version;    /* sizeof(struct plan): both programs come from one build */
	uint32_t role;       /* enum plan_role */
	uint32_t flags;      /* PLAN_* */
	int32_t gate_fd;     /* one byte read from it lets the start go on; -1 = no gate (exec) */
	int32_t result_fd;   /* errors of the start go there; closed by execve. -1 = the socket */
	int32_t console_fd;  /* connected AF_UNIX socket */
	int32_t root_fd;     /* exec: the container's root directory */
	int32_t listener_fd; /* a seccomp filter that notifies: struct listener_record goes there. -1 = there is none */
	uint32_t tasks_len;
	int32_t tasks[PLAN_TASKS_MAX];    /* cgroup files into each of which the process writes "0" to enter */
	int32_t hook_out_fd, hook_err_fd; /* streams of hooks; -1: standard error */
	struct ns_plan ns;
	struct mount_plan mount;
	struct dev_plan dev;
	struct uts_plan uts;
	struct sysctl_plan sysctl;
	struct process_plan process;
	struct sched_plan sched;
	struct mempolicy_plan mempolicy;
	struct caps_plan caps;
	struct lsm_plan lsm;
	struct seccomp_plan seccomp;
	struct flat_arr create_container, start_container; /* struct hook_rec */
	struct hook_state creating, created;
};

/* Detached mounts that come with SOURCES: first those of the mounts, then the device nodes. */
static inline uint32_t plan_sources(const struct plan *p)
{
	return p->mount.host_sources + p->dev.host_nodes;
}

/* A plan in which nothing is decided yet and no descriptor is there. */
#define PLAN_EMPTY(role_)                                                                                             \
	{                                                                                                             \
		.magic = PLAN_MAGIC, .version = sizeof(struct plan), .role = (role_), .gate_fd = -1, .result_fd = -1, \
		.console_fd = -1, .root_fd = -1, .listener_fd = -1, .hook_out_fd = -1, .hook_err_fd = -1              \
	}

/* Goes over result_fd right before execve: an end of file without it is the death of init. */
#define START_MARK "x"

/* Before the mark, when the filter notifies: see container/listener.h. */
#define LISTENER_MARK 'l'
struct listener_record {
	char mark;
	char pad[3];
	int32_t listener_fd; /* what seccomp(2) is going to return */
	int32_t word_fd;     /* memory with a struct listener_word */
};

/* owner: 0, then the thread id of the masu that took the memory, as a robust futex: the kernel adds FUTEX_OWNER_DIED when that masu
 * dies. taken: 1 = the listener is with the agent, execve may come. */
struct listener_word {
	_Atomic uint32_t owner, taken;
};

/* What follows, or comes instead, when the start fails. */
struct start_error {
	uint32_t hook_failed; /* 1: a startContainer hook: the container is to be destroyed */
	uint32_t pad;
	struct err err;
};
