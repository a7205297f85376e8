/* SPDX-License-Identifier: Apache-2.0 */
/* SemVer 2.0.0: the grammar of semver.org, and its precedence. */

#include "spec/version.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_identifier_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static const char *parse_number(const char *s, uint64_t *ret)
{
	const char *from = s;

	*ret = 0;
	for (; is_digit(*s); s++) {
		if (__builtin_mul_overflow(*ret, 10, ret) || __builtin_add_overflow(*ret, (uint64_t)(*s - '0'), ret))
			return NULL;
	}
	if (s == from || (*from == '0' && s - from > 1))
		return NULL;
	return s;
}

static bool all_digits(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_digit(s[i]))
			return false;
	return true;
}

/* Dot-separated identifiers; in a pre-release, numbers have no leading zeros. */
static const char *parse_identifiers(const char *s, bool pre)
{
	for (;;) {
		const char *from = s;

		while (is_identifier_char(*s))
			s++;
		if (s == from)
			return NULL;
		if (pre && *from == '0' && s - from > 1 && all_digits(from, (size_t)(s - from)))
			return NULL;
		if (*s != '.')
			return s;
		s++;
	}
}

int spec_version_parse(const char *s, struct spec_version *ret)
{
	struct spec_version v = { 0 };

	s = parse_number(s, &v.major);
	if (!s || *s++ != '.')
		return -EINVAL;
	s = parse_number(s, &v.minor);
	if (!s || *s++ != '.')
		return -EINVAL;
	s = parse_number(s, &v.patch);
	if (s && *s == '-') {
		v.pre = s + 1;
		s = parse_identifiers(v.pre, true);
		v.pre_len = s ? (size_t)(s - v.pre) : 0;
	}
	if (s && *s == '+')
		s = parse_identifiers(s + 1, false);
	if (!s || *s)
		return -EINVAL;
	*ret = v;
	return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_bytes(const char *a, size_t alen, const char *b, size_t blen)
{
	int r = memcmp(a, b, alen < blen ? alen : blen);

	return r ? r : compare_numbers(alen, blen);
}

static int compare_identifier(const char *a, size_t alen, const char *b, size_t blen)
{
	bool na = all_digits(a, alen), nb = all_digits(b, blen);

	if (na != nb)
		return na ? -1 : 1;
	if (na && alen != blen) /* no leading zeros: the longer one is larger */
		return compare_numbers(alen, blen);
	return compare_bytes(a, alen, b, blen);
}

static size_t identifier_len(const char *s, size_t len)
{
	const char *dot = memchr(s, '.', len);

	return dot ? (size_t)(dot - s) : len;
}

static int compare_pre(const char *a, size_t alen, const char *b, size_t blen)
{
	if (!alen || !blen)
		return compare_numbers(!alen, !blen); /* a release comes after its pre-releases */
	for (;;) {
		size_t na = identifier_len(a, alen), nb = identifier_len(b, blen);
		int r = compare_identifier(a, na, b, nb);

		if (r)
			return r;
		if (na == alen || nb == blen)
			return compare_numbers(na < alen, nb < blen);
		a += na + 1;
		alen -= na + 1;
		b += nb + 1;
		blen -= nb + 1;
	}
}

int spec_version_compare(const struct spec_version *a, const struct spec_version *b)
{
	int r = compare_numbers(a->major, b->major);

	if (!r)
		r = compare_numbers(a->minor, b->minor);
	if (!r)
		r = compare_numbers(a->patch, b->patch);
	return r ? r : compare_pre(a->pre, a->pre_len, b->pre, b->pre_len);
}
