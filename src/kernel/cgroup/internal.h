/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files behind cgroup.h. Nothing outside this folder includes it. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/plan.h"

#define CGROUP_DESTROY_MS 2000
#define CGROUP_FREEZE_MS 10000

/* A process that only has to be placed or looked at: nothing made, nothing removed. */
extern const struct cgroup_driver cgroup_driver_view;

/* Path below the hierarchy's directory: "a/b". */
static inline const char *cgroup_rel(const struct cgroup *cg)
{
	return cg->path[0] == '/' ? cg->path + 1 : ".";
}

void cgroup_init(struct cgroup *cg, const struct cgroup_facts *facts, const struct cgroup_driver *driver);
/* O_PATH directory of hierarchy i, opened once; borrowed. -ENOENT when the cgroup is not there (or i < 0). */
int cgroup_fd(struct cgroup *cg, int i);
/* The hierarchy that shows the container's processes: the unified tree, else devices, else the first. */
int cgroup_main_hierarchy(const struct cgroup *cg);
/* Frozen by either freezer, at this cgroup or above: 1, 0, -errno. */
int cgroup_frozen_at(struct cgroup *cg, struct err *err);
/* Unfreezes what the v1 freezer holds, sub-cgroups included, so that SIGKILL takes effect. Best effort. */
void cgroup_thaw_for_kill(struct cgroup *cg);
/* Appends the pids of one hierarchy; repeats while the tree changes. */
int cgroup_procs_at(struct cgroup *cg, int i, bool recursive, struct buf *ret);
/* A signal to all that one hierarchy shows, sub-cgroups included. *ret_n: how many it shows, the dead among them too. */
int cgroup_signal_at(struct cgroup *cg, int i, int sig, size_t *ret_n);
/* The value of "<key> N" in cgroup.events. */
int cgroup_event(int dir_fd, const char *key, int *ret);
/* Waits until cgroup.events has "<key> want": 0 or -ETIMEDOUT. */
int cgroup_event_wait(int dir_fd, const char *key, int want, int timeout_ms);

/* make.c: the directories. Both may be repeated. */
int cgroup_make(struct cgroup *cg, struct err *err);
/* Enables in every ancestor what the writes need; -EOPNOTSUPP when the tree has no such controller. */
int cgroup_enable_controllers(const struct cgroup *cg, const struct cgroup_writes *w, struct err *err);
/* A new v1 cpuset is empty and takes no process: fills it and its new parents from above. */
int cgroup_fill_cpuset(const struct cgroup *cg, struct err *err);
/* fs.c */
int cgroup_fs_destroy(struct cgroup *cg, struct err *err);
int cgroup_fs_place(struct cgroup *cg, pid_t pid, bool in_unified, struct err *err);
/* Everything that a new cgroup needs once its directories are there. rules: struct device_rule. */
int cgroup_set_up(struct cgroup *cg, const struct cgroup_writes *w, const struct buf *rules, struct err *err);
/* Removes what was recorded as made, and kills nothing. */
void cgroup_undo_make(struct cgroup *cg);
bool cgroup_is_permission(int r);
/* limits.c: O_PATH directories of the hierarchies that the writes go to, else -EBADF. */
int cgroup_write_dirs(struct cgroup *cg, const struct cgroup_writes *w, int fds[CGROUP_HIERARCHIES_MAX],
		      struct err *err);
int cgroup_write_limits(struct cgroup *cg, const struct cgroup_writes *w, struct err *err);
int cgroup_write_devices(struct cgroup *cg, const struct buf *rules, bool fresh, struct err *err);
/* An update: what the drivers share of it. The limits come first (cgroup_write_limits), since they can be set back; the device rules
 * last, since nobody knows which were there. */
struct cgroup_change {
	struct arena *arena;
	struct cgroup_writes writes, before;
	struct buf rules;
	bool devices;      /* there are new rules */
	bool devices_open; /* what is in force may be neither the old ones nor the new ones */
};
/* Decides and checks; nothing is touched. */
int cgroup_change_plan(struct cgroup *cg, const struct spec_resources *res, struct cgroup_change *c, struct err *err);
/* Turns on the controllers that the writes need, and remembers what is in force. */
int cgroup_change_begin(struct cgroup *cg, struct cgroup_change *c, struct err *err);
int cgroup_change_devices(struct cgroup *cg, struct cgroup_change *c, struct err *err);
/* After a failure: the limits of before. Extends the text of *err by what came of it. */
void cgroup_change_revert(struct cgroup *cg, struct cgroup_change *c, int more, struct err *err);

/* keeper.c: a child of ours that does nothing, for a scope that needs a process to begin with. */
int cgroup_keeper_start(struct cgroup *cg, struct err *err);
