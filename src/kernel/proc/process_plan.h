/* SPDX-License-Identifier: Apache-2.0 */
/* process of config.json (or of exec) to a struct process_plan. Pure; host side. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "kernel/proc/process.h"
#include "spec/model.h"

struct process_inputs {
	const struct spec_process *process; /* required */
	unsigned listen_fds;                /* socket activation: fds 3 .. 3+n-1 */
	unsigned preserve_fds;              /* further fds after them */
	const char *listen_fdnames;         /* LISTEN_FDNAMES, NULL = not set */
	const char *notify_socket;          /* NOTIFY_SOCKET as the container sees it, NULL = not set */
	const char *keyring_id;             /* container id for "_ses.<id>", NULL = keep the caller's keyring */
	bool keyring_exists;                /* exec: joins without changing permissions */
	bool own_userns;                    /* the container has a user namespace of its own */
	bool keep_groups;                   /* those of the caller stay, the document's are not set */
	bool setgroups_denied;              /* /proc/PID/setgroups of that namespace says (or will say) deny */
};

int process_plan_build(const struct process_inputs *in, struct buf *flat, struct process_plan *ret, struct err *err);
void process_plan_print(const struct flat *f, const struct process_plan *p, struct buf *out);
