/* SPDX-License-Identifier: Apache-2.0 */
/* process.apparmorProfile, process.selinuxLabel, linux.mountLabel: the record, and whether this host can do it. Host side. */
#pragma once

#include "base/buf.h"
#include "kernel/security/lsm.h"
#include "spec/model.h"

/* process may be NULL. An empty string asks for nothing. */
int lsm_plan_build(const struct spec_process *process, struct buf *flat, struct lsm_plan *ret, struct err *err);
void lsm_plan_print(const struct flat *f, const struct lsm_plan *p, struct buf *out);
/* -EOPNOTSUPP when a label is asked for and its module is not in force: a label that is not applied is no container. root: where
 * /sys is, "" but in tests; lnx may be NULL. */
int lsm_check_host(const char *root, const struct spec_process *process, const struct spec_linux_ *lnx,
		   struct err *err);
