/* SPDX-License-Identifier: Apache-2.0 */
/* Host side, pure: linux.devices and the default devices to a device plan. Touches no file system. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/flat.h"
#include "kernel/dev/dev.h"
#include "spec/model.h"

struct dev_inputs {
	const struct spec_config *config;
	bool user_ns;             /* the container's, or the one that masu itself is in */
	bool host_can_make_nodes; /* a privileged host side and a new user namespace: CAP_MKNOD outside it */
};

int dev_plan_build(const struct dev_inputs *in, struct buf *flat, struct dev_plan *ret, struct err *err);
/* One stable line per record. */
void dev_plan_print(const struct flat *flat, const struct dev_plan *plan, struct buf *out);
