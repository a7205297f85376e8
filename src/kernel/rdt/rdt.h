/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt: groups of the resctrl file system. Host side. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "spec/model.h"

struct rdt {
	char group[PATH_MAX];   /* directory of the class of service; "" = nothing was asked for */
	char monitor[PATH_MAX]; /* monitoring group, "" = none */
	bool made_group, made_monitor;
	bool own_group; /* named after the container: goes with it, if we made it */
	struct buf
		before; /* lines that a class which was there had before rdt_make changed them; freed by rdt_undo, or the owner */
};

/* Where resctrl is mounted. -EOPNOTSUPP when it is not. */
int rdt_find(int proc_fd, char ret[PATH_MAX], struct err *err);
/* Names and whether they exist; touches nothing. What is about to be made is in *ret: to be written down before rdt_make. */
int rdt_probe(const char *root, const struct spec_intel_rdt *spec, const char *id, struct rdt *ret, struct err *err);
/* Makes the groups and writes the schemata. Leaves nothing on error. */
int rdt_make(const char *root, const struct spec_intel_rdt *spec, struct rdt *r, struct err *err);
/* pid, and what it starts from now on, belongs to the groups. */
int rdt_place(const struct rdt *r, pid_t pid, struct err *err);
/* Other schemata for a class that is there; NULL stays as it is. What it had of these resources goes to *ret_before, for
 * rdt_restore. Leaves the class as it was on error, and does not touch the default class: everything that runs is in it. */
int rdt_change(const char *group, const char *l3_cache_schema, const char *mem_bw_schema, struct buf *ret_before,
	       struct err *err);
int rdt_restore(const char *group, const struct buf *before, struct err *err);
/* A create that failed: everything that was made, a class of service only while no process is in it. */
void rdt_undo(struct rdt *r);
/* The container is gone: monitor and own_group (paths, NULL or "" = none) are removed; missing is fine. */
int rdt_remove(const char *group, const char *monitor, struct err *err);
