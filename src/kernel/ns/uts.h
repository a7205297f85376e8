/* SPDX-License-Identifier: Apache-2.0 */
/* Host name and domain name of the present UTS namespace. Init side. */
#pragma once

#include "base/err.h"
#include "base/flat.h"

struct uts_plan {
	struct flat_str hostname, domainname; /* absent = not touched */
};

/* Sets and reads back. Needs CAP_SYS_ADMIN in the namespace's owner. */
int uts_apply(const struct flat *f, const struct uts_plan *p, struct err *err);
