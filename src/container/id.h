/* SPDX-License-Identifier: Apache-2.0 */
/* Container ids: what may name a container and its directory (pure). */
#pragma once

#include "base/err.h"

/* 1..255 bytes of [A-Za-z0-9_+.-], not starting with a dot. -EINVAL with a text that says which rule is broken. */
int id_check(const char *id, struct err *err);
