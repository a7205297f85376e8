/* SPDX-License-Identifier: Apache-2.0 */
/* hostname and domainname. Pure; host side. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "kernel/ns/uts.h"
#include "spec/model.h"

/* own_uts: the container's UTS namespace is new, or joined and not the host's. A name without one is an error: it would
 * rename the host. */
int uts_plan_build(const struct spec_config *c, bool own_uts, struct buf *flat, struct uts_plan *ret, struct err *err);
void uts_plan_print(const struct flat *f, const struct uts_plan *p, struct buf *out);
