/* SPDX-License-Identifier: Apache-2.0 */
/* Writes kernel parameters of the caller's namespaces. Init side. */
#pragma once

#include "base/err.h"
#include "base/flat.h"

struct sysctl_row {
	struct flat_str key;  /* as in linux.sysctl */
	struct flat_str path; /* below /proc: "sys/net/ipv4/ip_forward" */
	struct flat_str value;
};
struct sysctl_plan {
	struct flat_arr rows;
};

/* The error is about this key of linux.sysctl. */
void sysctl_point(const char *key, struct err *err);
/* proc_fd: verified procfs. The kernel shows and changes the parameters of the calling process' namespaces, so this runs
 * inside them; the handle may come from anywhere. Each value is read back and compared (numbers as numbers, lists as sets). */
int sysctl_apply(const struct flat *f, const struct sysctl_plan *p, int proc_fd, struct err *err);
