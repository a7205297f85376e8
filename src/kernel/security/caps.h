/* SPDX-License-Identifier: Apache-2.0 */
/* The capability record and its steps in masu-init. Order: bounding, keep, (user ids), sets, no_new_privs. No libcap, no heap. */
#pragma once

#include <stdint.h>

#include "base/err.h"

struct caps_plan {
	uint64_t bounding, effective, permitted, inheritable, ambient; /* bit n = capability n */
	uint32_t no_new_privs;
	uint32_t pad;
};

/* Drops from the bounding set what is not in it and reads all of it back. Needs CAP_SETPCAP, so it comes before the sets. */
int caps_apply_bounding(const struct caps_plan *p, struct err *err);
/* Keeps the permitted set over the change of user ids (it is emptied otherwise when the last 0 goes away). */
int caps_apply_keep(struct err *err);
/* Sets permitted, effective, inheritable and ambient exactly and reads them back. The bits of extra stay permitted and effective
 * until execve, for a seccomp filter without no_new_privs (CAP_SYS_ADMIN). */
int caps_apply_sets(const struct caps_plan *p, uint64_t extra, struct err *err);
/* Sets no_new_privs if asked for. */
int caps_apply_no_new_privs(const struct caps_plan *p, struct err *err);

/* "CAP_NAME" for messages, "CAP_<n>" for one that is not known. out holds at least 32 bytes. */
void caps_name(unsigned cap, char out[32]);
#define CAPS_SYS_ADMIN_MASK (UINT64_C(1) << 21)
