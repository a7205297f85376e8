/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of a container: made, limited, entered, frozen, killed, removed. Host side only. The same calls on v1, hybrid
 * and v2; where the work differs per manager it goes through struct cgroup_driver. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "kernel/cgroup/facts.h"
#include "kernel/cgroup/path.h"
#include "kernel/cgroup/plan.h"
#include "kernel/cgroup/props.h"
#include "kernel/cgroup/unit.h"
#include "spec/model.h"

struct cgroup;

/* What a new cgroup is given: decided before anything is touched. */
struct cgroup_limits {
	struct cgroup_writes writes;
	struct buf rules; /* struct device_rule */
};
/* Pure. res NULL: no limits, the default device rules. nodes: linux.devices, which may be made (not opened) inside. What this layout
 * cannot hold is an error with the property's pointer. */
int cgroup_limits_plan(const struct cgroup_facts *facts, const struct spec_resources *res,
		       const struct spec_device *nodes, size_t nodes_len, struct arena *a, struct cgroup_limits *ret,
		       struct err *err);
void cgroup_limits_done(struct cgroup_limits *l);

/* What differs between cgroupfs, systemd and none. Everything else (kill, freeze, procs) works on the directories. */
struct cgroup_driver {
	const char *name; /* first word of the record */
	/* Makes the cgroup and writes the limits. */
	int (*create)(struct cgroup *cg, const struct cgroup_limits *limits, struct err *err);
	/* Moves a process in. in_unified: it was cloned into cgroup_dir_fd already. */
	int (*place)(struct cgroup *cg, pid_t pid, bool in_unified, struct err *err);
	int (*update)(struct cgroup *cg, const struct spec_resources *res, struct err *err);
	int (*destroy)(struct cgroup *cg, struct err *err);
};
extern const struct cgroup_driver cgroup_driver_fs;       /* "cgroupfs" */
extern const struct cgroup_driver cgroup_driver_systemd;  /* "systemd": a transient unit, its limits known to systemd */
extern const struct cgroup_driver cgroup_driver_disabled; /* "disabled": there was no right to make one */

struct cgroup_options {
	const struct cgroup_driver *driver; /* NULL: cgroup_driver_fs */
	bool rootless_tolerant; /* no right to make a cgroup: go on without one if no limits are asked; no right to set device
	                           rules: go on (a user namespace cannot make device nodes) */
	/* The systemd driver alone: */
	const struct unit_place *unit;  /* copied */
	const char *id;                 /* for the unit's description; borrowed */
	const struct unit_props *extra; /* further properties, which win over ours; NULL: none; borrowed */
	const char *sub; /* the container is in a cgroup of this name below the unit's; NULL or "": in the unit's */
};

/* Large; lives on the caller's stack or in its context. Borrows the facts, which must outlive it. */
struct cgroup {
	const struct cgroup_driver *driver;
	const struct cgroup_facts *facts;
	bool rootless_tolerant;
	bool undo_failed;                /* cgroup_create failed, and something of what it made is still there */
	const struct spec_device *nodes; /* for an update of the device rules: linux.devices, borrowed */
	size_t nodes_len;
	char path[CGROUP_PATH_MAX]; /* below each hierarchy's root, "" when disabled or not known yet */
	char unit[UNIT_NAME_MAX];   /* the systemd driver's scope or slice, else "" */
	bool user;                  /* the unit is one of the user's own manager */
	bool is_slice;
	char sub[UNIT_NAME_MAX];   /* below the unit's cgroup, or "" */
	char slice[UNIT_NAME_MAX]; /* what the unit is to be in */
	const char *id;
	const struct unit_props *extra;
	pid_t keeper; /* holds the scope open until the container's first process is in it; our child, 0: none */
	struct cgroup_place_ {
		int fd;                 /* O_PATH directory of the cgroup, opened when first needed; -1 */
		uint16_t made;          /* how many of the last components of path we made (0: it was there) */
	} dirs[CGROUP_HIERARCHIES_MAX]; /* parallel to facts->hierarchies */
};
#define CGROUP_INIT            \
	{                      \
		.driver = NULL \
	}

/* Step 1, touches nothing: fills *ret with what would be made, so that cgroup_record() can go to the journal first. Checks
 * fitness of what is there already: -EBUSY when the cgroup holds processes or is frozen. */
int cgroup_probe(const struct cgroup_facts *facts, const char *path, const struct cgroup_options *o, struct cgroup *ret,
		 struct err *err);
/* Step 2: makes the directories, enables controllers, writes limits and device rules. On error everything made is removed again, or undo_failed is set. */
int cgroup_create(struct cgroup *cg, const struct cgroup_limits *limits, struct err *err);
bool cgroup_is_disabled(const struct cgroup *cg);
/* False where the cgroup of the cgroup2 tree was there before: it outlives the container, and is not to be changed for good. */
bool cgroup_is_new(const struct cgroup *cg);

/* One line: "cgroupfs memory:1 cpu:1 unified:2 /a/b", "systemd unit=masu-x.scope user unified:1 /a/masu-x.scope". 0 or -ENAMETOOLONG; CGROUP_RECORD_MAX is enough. */
#define CGROUP_RECORD_MAX (CGROUP_PATH_MAX + 300 + CGROUP_HIERARCHIES_MAX * 80)
int cgroup_record(const struct cgroup *cg, char *ret, size_t len);
/* From a record. The directories need not exist (any more). */
int cgroup_open(const struct cgroup_facts *facts, const char *recorded, struct cgroup *ret, struct err *err);
/* Where a process is now, from /proc/PID/cgroup: the place for exec when the container's own cgroup refuses processes (v2:
 * its init delegates controllers to children). The result made nothing and destroys nothing. */
int cgroup_open_pid(const struct cgroup_facts *facts, int proc_fd, pid_t pid, struct cgroup *ret, struct err *err);
/* Where a user without rights may make cgroups: on cgroup v2 the caller's own cgroup, or with limits the one above it, which holds
 * no processes and can pass controllers on. "" when there is no such place. */
int cgroup_find_own(const struct cgroup_facts *facts, int proc_fd, bool limits, char *ret, size_t len, struct err *err);
/* exec --cgroup: a cgroup below, which must exist in at least one hierarchy; the others stay at cg. Or lines of
 * "CONTROLLER[,CONTROLLER]:PATH", each of which must exist in the v1 hierarchy of its controllers. */
int cgroup_open_sub(const struct cgroup *cg, const char *sub, struct cgroup *ret, struct err *err);
void cgroup_done(struct cgroup *cg); /* closes; removes nothing */

/* cgroup2 directory for clone3(CLONE_INTO_CGROUP); -1 when the layout has no cgroup2 tree or the driver makes none. Borrowed. */
int cgroup_dir_fd(struct cgroup *cg);
/* in_unified: the process was cloned into cgroup_dir_fd(), so that tree is left out. -EBUSY (v2): see cgroup_open_pid. */
int cgroup_place(struct cgroup *cg, pid_t pid, bool in_unified, struct err *err);
/* After a clone into cgroup_dir_fd() failed with r: whether cgroup_place() from outside can still do it. The user's systemd may
 * move a process where we may not, and a limit on processes does not count for one that is moved. */
bool cgroup_can_place_late(const struct cgroup *cg, int r);
/* The container's first process is in: nothing else has to hold the cgroup open. Repeating it is fine. */
void cgroup_settle(struct cgroup *cg);
/* What a process that is about to enter by itself needs: the `tasks` files of the v1 hierarchies (and cgroup.procs of the unified one
 * unless it was cloned into it), into each of which it writes "0". For a single thread that moves itself the kernel need not stop all
 * forks of the machine, as it must for a move from outside (that waits for a grace period of RCU: milliseconds).
 * Owned fds; *ret_len of them. -ENOSPC when max is too small. */
int cgroup_open_tasks(struct cgroup *cg, bool in_unified, int *fds, size_t max, size_t *ret_len, struct err *err);
/* Proves from /proc/PID/cgroup that the process is in (or below) this cgroup in every hierarchy. */
int cgroup_check_pid(const struct cgroup *cg, int proc_fd, pid_t pid, struct err *err);
/* -EBUSY with a text when frozen: exec's fitness check. */
int cgroup_check_fit(struct cgroup *cg, struct err *err);

/* Kills what is left, removes the sub-cgroups and the directories recorded as made (made parents only if empty). A cgroup
 * that was there before stays, emptied of processes. -EBUSY after 2 s with what holds it. Repeating it is fine. */
int cgroup_destroy(struct cgroup *cg, struct err *err);
/* Every process of the cgroup and of its sub-cgroups. SIGKILL: cgroup.kill where there is one. */
int cgroup_kill(struct cgroup *cg, int sig, struct err *err);
/* Returns when the kernel says that it is done; -EBUSY after 10 s (then thawed again). */
int cgroup_freeze(struct cgroup *cg, bool on, struct err *err);
/* 1, 0 or -errno. */
int cgroup_is_frozen(struct cgroup *cg, struct err *err);
/* Process ids, unsorted, without duplicates of one hierarchy; *ret is malloced (NULL when n is 0). */
/* A process that keeps the cgroup from being removed, one in uninterruptible sleep first; 0 when there is none. */
pid_t cgroup_holder(struct cgroup *cg, int proc_fd);
int cgroup_procs(struct cgroup *cg, bool recursive, pid_t **ret, size_t *ret_n, struct err *err);
/* Writes the properties that are set; device rules only when res->devices_set. When it fails in the middle, what was in force
 * before is written back, and the text says so. */
int cgroup_update(struct cgroup *cg, const struct spec_resources *res, struct err *err);
/* Gives the cgroup (its directory and the files of /sys/kernel/cgroup/delegate) to uid. Only on pure v2 and only a new cgroup; does
 * nothing else where. Call only for a new cgroup namespace with a writable cgroup mount on /sys/fs/cgroup. */
int cgroup_delegate(struct cgroup *cg, uid_t uid, struct err *err);
/* Makes sub below the cgroup (its parts exist or are made), moves pid into it, hands the controllers down to it, and gives it to uid.
 * Only on pure v2: -EOPNOTSUPP, and only below a new cgroup: -EEXIST. cgroup_destroy removes it. */
int cgroup_delegate_sub(struct cgroup *cg, const char *sub, pid_t pid, uid_t uid, struct err *err);
/* Reads a file of the cgroup for stats: controller picks the hierarchy ("memory", "cgroup2" = the unified tree). Bytes read or -errno
 * (-ENOENT: no such file or hierarchy). */
ssize_t cgroup_read(struct cgroup *cg, const char *controller, const char *file, char *ret, size_t len);
/* Whether that controller's files of this cgroup are in cgroup2 form. */
bool cgroup_is_v2(const struct cgroup *cg, const char *controller);
