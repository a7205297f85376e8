/* SPDX-License-Identifier: Apache-2.0 */
/* Strict parsers of numbers and lists: no blanks, no signs, no prefixes where none belong, no silent wrap.
 * Signals live in parse_signal.c. */
#include "base/parse.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/mutation.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits from *s, which ends up behind them. -ERANGE is reported after all digits were seen, so that the
 * caller can still tell "not a number" from "too large". */
static int parse_digits(const char **s, unsigned base, uint64_t *ret)
{
	const char *p = *s;
	bool wide = false;
	uint64_t v = 0;

	for (; is_digit(*p) && (unsigned)(*p - '0') < base; p++)
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			wide = true;
	if (p == *s)
		return -EINVAL;
	*s = p;
	*ret = v;
	return wide ? -ERANGE : 0;
}

static int parse_number(const char *s, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	int r = s ? parse_digits(&s, base, &v) : -EINVAL;

	if (r == -EINVAL || *s)
		return -EINVAL;
	if (r < 0 || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int parse_u64(const char *s, uint64_t max, uint64_t *ret)
{
	return parse_number(s, 10, max, ret);
}

int parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	bool minus = s && s[0] == '-';
	uint64_t v;
	int64_t n;
	int r;

	r = parse_number(minus ? s + 1 : s, 10, minus ? (uint64_t)INT64_MAX + 1 : INT64_MAX, &v);
	if (r < 0)
		return r;
	n = minus ? (int64_t)(0 - v) : (int64_t)v;
	if (n < min || n > max)
		return -ERANGE;
	*ret = n;
	return 0;
}

int parse_id(const char *s, uint32_t *ret)
{
	uint64_t v;
	int r = parse_number(s, 10, MUTATION(A27) ? UINT64_MAX : UINT32_MAX - 1, &v);

	if (!r)
		*ret = (uint32_t)v;
	return r;
}

/* The power of two of a suffix: "", b, k, kb, kib … in any case; -EINVAL. */
static int parse_size_shift(const char *s)
{
	static const char units[] = "kmgt";
	const char *unit;

	if (!*s || !strcmp(s, "b") || !strcmp(s, "B"))
		return 0;
	unit = strchr(units, *s | 0x20);
	if (!unit || !*unit)
		return -EINVAL;
	s++;
	if (*s == 'i' || *s == 'I') {
		s++;
		if (!*s)
			return -EINVAL;
	}
	if (*s == 'b' || *s == 'B')
		s++;
	return *s ? -EINVAL : (int)(unit - units + 1) * 10;
}

int parse_size(const char *s, bool allow_minus, int64_t *ret)
{
	uint64_t v = 0;
	int r, shift;

	if (!s)
		return -EINVAL;
	if (allow_minus && !strcmp(s, "-1")) {
		*ret = -1;
		return 0;
	}
	r = parse_digits(&s, 10, &v);
	shift = r == -EINVAL ? r : parse_size_shift(s);
	if (shift < 0)
		return shift;
	if (r < 0 || v > (uint64_t)INT64_MAX >> shift)
		return -ERANGE;
	*ret = (int64_t)(v << shift);
	return 0;
}

/* One "a" or "a-b" at *s. */
static int parse_range(const char **s, size_t nbits, size_t *first, size_t *last)
{
	uint64_t a = 0, b = 0;
	int ra = parse_digits(s, 10, &a), rb = 0;

	if (ra == -EINVAL)
		return ra;
	b = a;
	if (**s == '-') {
		(*s)++;
		rb = parse_digits(s, 10, &b);
		if (rb == -EINVAL)
			return rb;
	}
	if (ra < 0 || rb < 0 || (a <= b && b >= nbits))
		return -ERANGE;
	if (a > b)
		return -EINVAL;
	*first = (size_t)a;
	*last = (size_t)b;
	return 0;
}

static int parse_list_into(const char *s, unsigned long *mask, size_t nbits)
{
	const size_t word = sizeof(*mask) * CHAR_BIT;
	size_t first, last;
	int r;

	while (*s) {
		r = parse_range(&s, nbits, &first, &last);
		if (r < 0)
			return r;
		for (size_t i = first; mask && i <= last; i++)
			mask[i / word] |= 1UL << i % word;
		if (!*s)
			break;
		if (*s++ != ',')
			return -EINVAL;
		s += strspn(s, " ");
		if (!*s)
			return -EINVAL; /* nothing behind the comma */
	}
	return 0;
}

int parse_list(const char *s, unsigned long *mask, size_t nbits)
{
	/* checked as a whole before the first bit is set */
	int r = s ? parse_list_into(s, NULL, nbits) : -EINVAL;

	return r < 0 ? r : parse_list_into(s, mask, nbits);
}
