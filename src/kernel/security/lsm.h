/* SPDX-License-Identifier: Apache-2.0 */
/* What the process's next execve is confined to: AppArmor profile, SELinux context. Init side, no heap. */
#pragma once

#include "base/err.h"
#include "base/flat.h"

struct lsm_plan {
	struct flat_str apparmor, selinux; /* absent = not changed */
};

/* For the next execve; read back. Through proc_fd (base/procfs.h), so a file that the container shows as /proc is never written. */
int lsm_apply(const struct flat *f, const struct lsm_plan *p, int proc_fd, struct err *err);
/* Keys and keyrings made from now on have the process's context; on = 0: the default again. */
int lsm_apply_keys(const struct flat *f, const struct lsm_plan *p, int proc_fd, int on, struct err *err);
