/* SPDX-License-Identifier: Apache-2.0 */
/* The conversions. The weight formula is worked out once per value in fixed point, to stay free of libm. */
#include "kernel/cgroup/convert.h"

#include <errno.h>

__extension__ typedef unsigned __int128 u128;

#define FRAC 44 /* bits behind the point */

/* log2(x) in fixed point, x >= 1: the fraction comes from repeated squaring, one bit each. */
static uint64_t log2_fixed(uint64_t x)
{
	unsigned whole = 63 - (unsigned)__builtin_clzll(x);
	u128 m = (u128)x << (62 - whole); /* 1 <= m / 2^62 < 2 */
	uint64_t frac = 0;

	for (int bit = FRAC - 1; bit >= 0; bit--) {
		m = m * m >> 62;
		if (m >> 63) {
			frac |= (uint64_t)1 << bit;
			m >>= 1;
		}
	}
	return (uint64_t)whole << FRAC | frac;
}

/* log10 of the weight in fixed point: (l² + 125 l) / 612 - 7/34. Not negative for shares >= 2. */
static uint64_t weight_exponent(uint64_t shares)
{
	u128 l = log2_fixed(shares);
	uint64_t square = (uint64_t)(l * l >> FRAC);
	uint64_t sum = (square + 125 * (uint64_t)l) / 612, less = ((uint64_t)7 << FRAC) / 34;

	return sum > less ? sum - less : 0;
}

uint64_t convert_shares_to_weight(uint64_t shares)
{
	static const uint64_t LOG2_10 = 58439977071431; /* log2(10) in fixed point, to compare in one base */
	uint64_t low = 1, high = 10000, want;

	if (shares == 0)
		return 0;
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	/* The smallest weight w with log10(w) >= exponent, that is log2(w) >= exponent * log2(10); the slack of 16 units
	 * swallows the rounding of exact powers such as 1024 -> 100. */
	want = (uint64_t)((u128)weight_exponent(shares) * LOG2_10 >> FRAC);
	want -= want > 16 ? 16 : want;
	while (low < high) {
		uint64_t mid = (low + high) / 2;

		if (log2_fixed(mid) >= want)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

int convert_blkio_weight(uint64_t weight, uint64_t *ret)
{
	if (weight < 10 || weight > 1000)
		return -ERANGE;
	*ret = 1 + (weight - 10) * 9999 / 990;
	return 0;
}

int convert_swap(int64_t swap, int has_limit, int64_t limit, int64_t *ret)
{
	if (swap < 0) {
		*ret = -1;
		return 0;
	}
	if (!has_limit || limit < 0)
		return -EINVAL;
	if (swap < limit)
		return -ERANGE;
	*ret = swap - limit;
	return 0;
}
