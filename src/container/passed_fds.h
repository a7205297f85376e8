/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that the caller hands through to the container. */
#pragma once

#include "base/err.h"

/* fds 3 .. 3+listen+preserve-1 must be open and inheritable: what is close-on-exec is ours or the caller's own, and must never reach a
 * container. -EBADF with the number. */
int passed_fds_check(int listen_fds, int preserve_fds, struct err *err);
