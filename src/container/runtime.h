/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for all containers of one state directory, and what this process may do. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "kernel/cgroup/facts.h"
#include "masu/masu.h"

struct masu_runtime {
	char *root;  /* absolute path of the state directory */
	int root_fd; /* O_DIRECTORY; -1 until runtime_open_root */
	int proc_fd; /* verified /proc; -1 until runtime_proc */
	int cgroup_manager;
	bool rootless;   /* permission errors of cgroups are tolerated where nothing was asked for */
	bool capable;    /* CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID where masu runs */
	bool nested;     /* that is a user namespace other than the first: podman without root starts masu in one */
	bool privileged; /* capable and not nested: every id of the host is ours to map, and device nodes can be made */
	bool setgroups_denied;
	char **allowed;    /* patterns for annotations, NULL or NULL-terminated */
	bool default_root; /* no --root was given: a missing directory is an empty one */
	bool facts_known;
	struct cgroup_facts facts;
};

/* Opens the state directory; make: makes it (0700) first. -ENOENT otherwise. */
int runtime_open_root(struct masu_runtime *rt, bool make, struct err *err);
/* Adds the remedy when r says that the state directory takes nothing more; returns r. */
int runtime_explain_root(const struct masu_runtime *rt, int r, struct err *err);
/* The verified /proc handle, opened once. Negative errno on failure. */
int runtime_proc(struct masu_runtime *rt, struct err *err);
/* The host's cgroup layout, read once. */
int runtime_cgroup_facts(struct masu_runtime *rt, const struct cgroup_facts **ret, struct err *err);
