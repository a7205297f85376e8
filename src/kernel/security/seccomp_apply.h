/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp record that crosses to masu-init, and its installation. Init side: no libseccomp, no heap. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/flat.h"

struct seccomp_plan {
	struct flat_bytes filter; /* struct sock_filter[]; absent = no filter is installed */
	uint32_t flags;           /* SECCOMP_FILTER_FLAG_*, NEW_LISTENER included when a rule notifies */
	uint32_t notify;          /* 1: some rule notifies, seccomp_apply returns the listener */
	uint64_t hash;            /* of the filter, for people who compare plans */
};

/* True if there is a filter to install. */
static inline int seccomp_plan_has_filter(const struct seccomp_plan *p)
{
	return p->filter.off != 0;
}

/* Installs the filter on the calling thread. Needs no_new_privs or CAP_SYS_ADMIN. Nothing but execve should follow:
 * the filter may deny everything else. 0, the owned listener fd (> 2, CLOEXEC) when p->notify, or -errno. */
int seccomp_apply(const struct flat *f, const struct seccomp_plan *p, struct err *err);
