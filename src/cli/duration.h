/* SPDX-License-Identifier: Apache-2.0 */
/* Durations as Go programs write them. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "5s", "1m30s", "1.5h", "250ms", and a plain number of seconds. Milliseconds, rounded down. 0, -EINVAL, or -ERANGE
 * for more than INT32_MAX ms. */
int duration_parse(const char *s, uint32_t *ret_ms);
