/* SPDX-License-Identifier: Apache-2.0 */
/* Whose files are believed: what a container's directory says leads to signals and removals, so nobody else may have written it. */
#pragma once

#include "base/err.h"

enum trust {
	TRUST_FILE,      /* a regular file of ours */
	TRUST_DIRECTORY, /* that of a container */
	TRUST_ROOT,      /* that of all containers: an administrator may have made it */
};

/* -EPERM or -EINVAL when others can have written what fd is; name is for error texts. */
int trust_check(int fd, enum trust kind, const char *name, struct err *err);
