/* SPDX-License-Identifier: Apache-2.0 */
/* Durations: a sum of numbers with units. */
#include "cli/duration.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* Longest first where one is the beginning of another. */
static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 },
	{ "\xce\xbcs", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", UINT64_C(60) * 1000000000 },
	{ "h", UINT64_C(3600) * 1000000000 },
};

#define NS_MAX ((uint64_t)INT32_MAX * 1000000)

static const struct unit *unit_at(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strncmp(s, units[i].name, strlen(units[i].name)) == 0)
			return &units[i];
	return NULL;
}

/* The digits at *s as whole nanoseconds of that unit, and what is behind the point as parts of it. */
static int scale(const char *whole, size_t whole_len, const char *part, size_t part_len, uint64_t unit, uint64_t *ret)
{
	uint64_t n = 0, place = unit;

	for (size_t i = 0; i < whole_len; i++) {
		n = n * 10 + (uint64_t)(whole[i] - '0');
		if (n > NS_MAX / unit)
			return -ERANGE;
	}
	n *= unit;
	for (size_t i = 0; i < part_len && place > 1; i++) {
		place /= 10;
		n += place * (uint64_t)(part[i] - '0');
	}
	*ret = n;
	return 0;
}

/* One number and its unit; without a unit it must be all of the text and means seconds. */
static int take_term(const char **s, bool first, uint64_t *ret)
{
	static const struct unit seconds = { "", 1000000000 };
	const char *whole = *s, *part, *p;
	size_t whole_len = strspn(whole, "0123456789"), part_len = 0;
	const struct unit *unit;

	p = whole + whole_len;
	part = p;
	if (*p == '.') {
		part = p + 1;
		part_len = strspn(part, "0123456789");
		p = part + part_len;
	}
	if (whole_len + part_len == 0)
		return -EINVAL;
	unit = !*p && first ? &seconds : unit_at(p);
	if (!unit)
		return -EINVAL;
	*s = p + strlen(unit->name);
	return scale(whole, whole_len, part, part_len, unit->ns, ret);
}

int duration_parse(const char *s, uint32_t *ret_ms)
{
	uint64_t sum = 0, term;
	bool first = true;

	do {
		int r = take_term(&s, first, &term);

		if (r < 0)
			return r;
		sum += term;
		if (sum > NS_MAX)
			return -ERANGE;
		first = false;
	} while (*s);
	*ret_ms = (uint32_t)(sum / 1000000);
	return 0;
}
