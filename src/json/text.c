/* SPDX-License-Identifier: Apache-2.0 */
/* Characters of JSON text: UTF-8 by the table of RFC 3629, escapes by RFC 8259. */

#include "json/text.h"

#include <string.h>

static size_t utf8_tail(const char *p, const char *end, size_t n)
{
	if ((size_t)(end - p) < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

size_t text_utf8(const char *p, const char *end)
{
	unsigned char a, b;

	if (p >= end)
		return 0;
	a = (unsigned char)*p;
	b = end - p > 1 ? (unsigned char)p[1] : 0;
	if (a < 0x80)
		return 1;
	if (a < 0xc2) /* a tail byte, or an overlong form of two bytes */
		return 0;
	if (a < 0xe0)
		return utf8_tail(p, end, 2);
	if (a < 0xf0) {
		if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f)) /* overlong; surrogates */
			return 0;
		return utf8_tail(p, end, 3);
	}
	if (a > 0xf4 || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f)) /* overlong; above U+10FFFF */
		return 0;
	return utf8_tail(p, end, 4);
}

/* Four hex digits of "\uXXXX" at p, or -1. */
static int32_t unicode_unit(const char *p, const char *end)
{
	int32_t v = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v * 16 + ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

static size_t utf8_encode(int32_t v, char out[static 4])
{
	if (v < 0x80) {
		out[0] = (char)v;
		return 1;
	}
	if (v < 0x800) {
		out[0] = (char)(0xc0 | v >> 6);
		out[1] = (char)(0x80 | (v & 0x3f));
		return 2;
	}
	if (v < 0x10000) {
		out[0] = (char)(0xe0 | v >> 12);
		out[1] = (char)(0x80 | (v >> 6 & 0x3f));
		out[2] = (char)(0x80 | (v & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | v >> 18);
	out[1] = (char)(0x80 | (v >> 12 & 0x3f));
	out[2] = (char)(0x80 | (v >> 6 & 0x3f));
	out[3] = (char)(0x80 | (v & 0x3f));
	return 4;
}

static size_t unicode_escape(const char *p, const char *end, int32_t *ret, const char **why)
{
	int32_t v = unicode_unit(p, end), low;

	*why = "invalid escape in a string";
	if (v < 0)
		return 0;
	if (v == 0) {
		*why = "NUL in a string";
		return 0;
	}
	*ret = v;
	if (v < 0xd800 || v > 0xdfff)
		return 6;
	*why = "lone surrogate in a string";
	if (v > 0xdbff)
		return 0;
	low = unicode_unit(p + 6, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*ret = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

size_t text_escape(const char *p, const char *end, char *out, size_t *out_len, const char **why)
{
	static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *hit;
	int32_t v = 0;
	size_t n;

	*why = "invalid escape in a string";
	if (end - p < 2)
		return 0;
	if (p[1] == 'u') {
		n = unicode_escape(p, end, &v, why);
		if (n && out)
			*out_len = utf8_encode(v, out);
		return n;
	}
	hit = p[1] ? strchr(letters, p[1]) : NULL;
	if (!hit)
		return 0;
	if (out) {
		out[0] = values[hit - letters];
		*out_len = 1;
	}
	return 2;
}

char *text_unescape(struct arena *a, const char *p, const char *end, size_t *ret_len)
{
	/* an escape is never shorter than what it stands for */
	char *s = arena_alloc(a, (size_t)(end - p) + 4, 1);
	const char *why;
	size_t at = 0, len = 0;

	if (!s)
		return NULL;
	while (p < end) {
		if (*p != '\\') {
			s[at++] = *p++;
			continue;
		}
		p += text_escape(p, end, s + at, &len, &why);
		at += len;
	}
	s[at] = 0;
	*ret_len = at;
	return s;
}
