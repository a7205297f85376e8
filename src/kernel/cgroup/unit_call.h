/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a systemd manager, with what can go wrong there: leftovers of an earlier unit, a manager that is just
 * executing itself anew, jobs that do not end. */
#pragma once

#include "kernel/cgroup/sdbus.h"

/* The oldest systemd on a supported kernel's distributions; properties up to here need no look at the version. */
#define UNIT_SYSTEMD_OLDEST 249

struct unit_manager {
	struct sdbus *bus;
	bool user;
};
#define UNIT_MANAGER_INIT   \
	{                   \
		.bus = NULL \
	}

int unit_manager_open(bool user, struct unit_manager *ret, struct err *err);
void unit_manager_done(struct unit_manager *m); /* for AUTO; idempotent */
/* The version as a number, 0 when it is not known. */
unsigned unit_manager_version(struct unit_manager *m);
/* The manager's own cgroup, "" for the root. */
int unit_manager_cgroup(struct unit_manager *m, char *ret, size_t len, struct err *err);

/* Returns when the unit is active. A failed unit of the same name is reset first; -EEXIST when a living one has it. */
int unit_start(struct unit_manager *m, const char *unit, const struct unit_props *props, struct err *err);
/* Returns when the unit is gone; one that is not there is fine. */
int unit_stop(struct unit_manager *m, const char *unit, struct err *err);
/* Until the next boot. Returns when systemd has written what follows from it. */
int unit_set(struct unit_manager *m, const char *unit, const struct unit_props *props, struct err *err);
/* Moves a process into the unit's cgroup, or with below ("/a", else "") one in it: works where the caller has no right to write there himself. */
int unit_attach(struct unit_manager *m, const char *unit, const char *below, pid_t pid, struct err *err);
/* The unit's cgroup, "/a.slice". */
int unit_cgroup(struct unit_manager *m, const char *unit, bool is_slice, char *ret, size_t len, struct err *err);
