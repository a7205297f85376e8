/* SPDX-License-Identifier: Apache-2.0 */
/* v1 numbers of config.json to v2 numbers. Pure; every value either has a counterpart or is an error. */
#pragma once

#include <stdint.h>

/* cpu.shares 2..262144 to cpu.weight 1..10000: 10^((l² + 125·l)/612 − 7/34), l = log2(shares), rounded up; so that the
 * defaults meet (1024 is 100) as well as both ends. 0 stays 0 (unset); values outside the range give the nearest end. */
uint64_t convert_shares_to_weight(uint64_t shares);
/* blkio.weight 10..1000 to io.weight 1..10000, linear: 1 + (w − 10)·9999/990. -ERANGE outside. */
int convert_blkio_weight(uint64_t weight, uint64_t *ret);
/* memory+swap (v1) to swap alone (v2). Negative is "unlimited" on both sides; *ret = -1 is `max`.
 * has_limit false: -EINVAL unless swap is unlimited. swap < limit: -ERANGE. limit unlimited: swap must be, too: -EINVAL. */
int convert_swap(int64_t swap, int has_limit, int64_t limit, int64_t *ret);
