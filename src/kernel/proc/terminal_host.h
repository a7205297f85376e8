/* SPDX-License-Identifier: Apache-2.0 */
/* The window size of the caller's own terminal. Host side. */
#pragma once

#include <stdint.h>

/* Of the first terminal among 0, 1 and 2. -ENOTTY when there is none, -ENODATA when it does not know. */
int terminal_host_callers_size(uint32_t *ret_height, uint32_t *ret_width);
