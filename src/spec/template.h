/* SPDX-License-Identifier: Apache-2.0 */
/* The document that `masu spec` writes: a shell in ./rootfs with few rights. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "json/write.h"

/* rootless: a user namespace that maps only 0 to uid and gid, the host's network, no cgroup limits.
 * 0 or what the sink returned. */
int spec_template_write(bool rootless, uint32_t uid, uint32_t gid, jw_sink_fn *sink, void *arg);
