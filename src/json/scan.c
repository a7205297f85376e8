/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over the bytes with an explicit stack; no recursion, no copies except of keys with escapes. Knows the grammar
 * only: what a property means is the business of spec/. */

#include "json/scan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "json/pointer.h"
#include "json/text.h"

/* What one value costs the parser library (json-c 0.13 .. 0.18 on 64 bit, rounded up), strings apart. */
enum { COST_VALUE = 64, COST_OBJECT = 832, COST_ARRAY = 448, COST_ELEMENT = 24, COST_MEMBER = 160 };

struct key {
	const char *s;
	size_t len;
};

struct frame {
	bool object, started;
	size_t first_key; /* keys of this object start here on the stack of keys */
	size_t index;
};

struct scan {
	const char *name, *start, *p, *end;
	struct err *err;
	struct arena arena; /* keys with escapes, decoded */
	struct buf keys;    /* struct key of all open objects */
	size_t cost;
	int depth;
	struct frame frames[SCAN_DEPTH_MAX];
};

static void scan_done(struct scan *s)
{
	arena_done(&s->arena);
	buf_done(&s->keys);
}

static const struct key *keys_of(const struct scan *s)
{
	return (const struct key *)(const void *)s->keys.data;
}

static size_t keys_len(const struct scan *s)
{
	return s->keys.len / sizeof(struct key);
}

static void scan_pointer(const struct scan *s, char out[static JP_MAX])
{
	out[0] = 0;
	for (int i = 0; i < s->depth; i++) {
		const struct frame *f = &s->frames[i];
		size_t last = i + 1 < s->depth ? f[1].first_key : keys_len(s);

		if (f->object && last > f->first_key)
			jp_add_key(out, keys_of(s)[last - 1].s, keys_of(s)[last - 1].len);
		else if (!f->object && f->started)
			jp_add_index(out, f->index);
	}
}

static int fail(const struct scan *s, const char *what)
{
	char pointer[JP_MAX];

	scan_pointer(s, pointer);
	return jp_fail(s->name, pointer, s->err, "%s", what);
}

/* Mistakes of the grammar name the line too, since the pointer only says where the reader stood. */
static int fail_syntax(const struct scan *s, const char *what)
{
	char pointer[JP_MAX];
	size_t line = 1, column = 1;

	for (const char *q = s->start; q < s->p; q++, column++)
		if (*q == '\n') {
			line++;
			column = 0;
		}
	scan_pointer(s, pointer);
	return jp_fail(s->name, pointer, s->err, "line %zu, column %zu: %s", line, column, what);
}

static int charge(struct scan *s, size_t cost)
{
	s->cost += cost;
	if (s->cost > SCAN_MEMORY_MAX)
		return fail(s, "too many values");
	return 0;
}

static void skip_blank(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static bool next_is(const struct scan *s, char c)
{
	return s->p < s->end && *s->p == c;
}

/* At the opening quote. ret may be NULL when the content does not matter. */
static int scan_string(struct scan *s, struct key *ret)
{
	const char *from = ++s->p, *why = NULL;
	bool escapes = false;

	while (s->p < s->end && *s->p != '"') {
		unsigned char c = (unsigned char)*s->p;
		size_t n = 1;

		if (c == '\\') {
			escapes = true;
			n = text_escape(s->p, s->end, NULL, NULL, &why);
		} else if (c >= 0x80) {
			n = text_utf8(s->p, s->end);
			why = "invalid UTF-8 in a string";
		} else if (c < 0x20) {
			return fail_syntax(s, "control character in a string");
		}
		if (!n)
			return fail_syntax(s, why);
		s->p += n;
	}
	if (s->p == s->end)
		return fail_syntax(s, "string without end");
	if ((size_t)(s->p - from) > SCAN_STRING_MAX)
		return fail(s, "string is longer than 4 MiB");
	if (ret) {
		*ret = (struct key){ from, (size_t)(s->p - from) };
		if (escapes) {
			ret->s = text_unescape(&s->arena, from, s->p, &ret->len);
			if (!ret->s)
				return err_set(s->err, ENOMEM, "read `%s`: out of memory", s->name);
		}
	}
	s->p++;
	return 0;
}

static size_t skip_digits(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - from);
}

/* The library would saturate: the digits must fit int64 or uint64. Leading zeros are impossible here. */
static bool fits_64(const char *digits, size_t n, bool negative)
{
	static const char max_signed[] = "9223372036854775808", max_unsigned[] = "18446744073709551615";
	const char *max = negative ? max_signed : max_unsigned;
	size_t max_len = negative ? sizeof(max_signed) - 1 : sizeof(max_unsigned) - 1;

	return n < max_len || (n == max_len && memcmp(digits, max, n) <= 0);
}

static int scan_number(struct scan *s)
{
	bool negative = next_is(s, '-'), real = false;
	const char *digits;
	size_t n;

	s->p += negative;
	digits = s->p;
	n = skip_digits(s);
	if (!n)
		return fail_syntax(s, "expected a value");
	if (n > 1 && *digits == '0')
		return fail_syntax(s, "number with a leading zero");
	if (next_is(s, '.')) {
		s->p++;
		real = true;
		if (!skip_digits(s))
			return fail_syntax(s, "expected a digit");
	}
	if (next_is(s, 'e') || next_is(s, 'E')) {
		s->p++;
		real = true;
		s->p += next_is(s, '+') || next_is(s, '-');
		if (!skip_digits(s))
			return fail_syntax(s, "expected a digit");
	}
	if ((size_t)(s->p - digits) > 512)
		return fail(s, "number is too long");
	if (!real && !fits_64(digits, n, negative))
		return fail(s, "integer does not fit 64 bits");
	return 0;
}

static int scan_literal(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t n = strlen(words[i]);

		if ((size_t)(s->end - s->p) >= n && !memcmp(s->p, words[i], n)) {
			s->p += n;
			return 0;
		}
	}
	return fail_syntax(s, s->p == s->end ? "unexpected end" : "expected a value");
}

static int scan_open(struct scan *s)
{
	bool object = *s->p == '{';

	if (s->depth == SCAN_DEPTH_MAX)
		return fail(s, "nested too deeply");
	s->p++;
	s->frames[s->depth++] = (struct frame){ .object = object, .first_key = keys_len(s) };
	return charge(s, object ? COST_OBJECT : COST_ARRAY);
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int r = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);

	return r ? r : (x->len > y->len) - (x->len < y->len);
}

static int scan_close(struct scan *s)
{
	struct frame *f = &s->frames[s->depth - 1];
	size_t n = keys_len(s) - f->first_key;

	if (n > 1) {
		struct key *keys = (struct key *)(void *)s->keys.data + f->first_key;

		qsort(keys, n, sizeof(*keys), compare_keys);
		for (size_t i = 1; i < n; i++)
			if (!compare_keys(&keys[i - 1], &keys[i])) {
				s->keys.len = (f->first_key + i) * sizeof(*keys);
				return fail(s, "duplicate key");
			}
	}
	s->p++;
	s->depth--;
	s->keys.len = f->first_key * sizeof(struct key);
	return 0;
}

static int scan_key(struct scan *s)
{
	struct key key;
	int r;

	if (!next_is(s, '"'))
		return fail_syntax(s, s->p == s->end ? "unexpected end" : "expected a key");
	r = scan_string(s, &key);
	if (r)
		return r;
	if (buf_add(&s->keys, &key, sizeof(key)))
		return err_set(s->err, ENOMEM, "read `%s`: out of memory", s->name);
	skip_blank(s);
	if (!next_is(s, ':'))
		return fail_syntax(s, s->p == s->end ? "unexpected end" : "expected `:`");
	s->p++;
	skip_blank(s);
	return charge(s, COST_MEMBER);
}

static int scan_value(struct scan *s)
{
	int r = charge(s, COST_VALUE);

	if (r)
		return r;
	if (s->p == s->end)
		return fail_syntax(s, "unexpected end");
	if (*s->p == '{' || *s->p == '[')
		return scan_open(s);
	if (*s->p == '"')
		return scan_string(s, NULL);
	if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
		return scan_number(s);
	return scan_literal(s);
}

/* One member, one element, or the end of the innermost object or array. */
static int scan_step(struct scan *s)
{
	struct frame *f = &s->frames[s->depth - 1];
	int r;

	skip_blank(s);
	if (next_is(s, f->object ? '}' : ']'))
		return scan_close(s);
	if (f->started) {
		if (!next_is(s, ','))
			return fail_syntax(s, s->p == s->end ? "unexpected end"
					      : f->object    ? "expected `,` or `}`"
							     : "expected `,` or `]`");
		s->p++;
		f->index++;
		skip_blank(s);
	}
	f->started = true;
	r = f->object ? scan_key(s) : charge(s, COST_ELEMENT);
	return r ? r : scan_value(s);
}

int scan_document(const char *name, const char *json, size_t len, struct err *err)
{
	AUTO(scan_done) struct scan s = { .name = name, .start = json, .p = json, .end = json + len, .err = err };
	int r;

	if (len > SCAN_SIZE_MAX)
		return fail(&s, "larger than 16 MiB");
	skip_blank(&s);
	if (s.p == s.end)
		return fail(&s, "the document is empty");
	if (*s.p != '{')
		return fail_syntax(&s, "expected an object");
	r = scan_open(&s);
	while (!r && s.depth)
		r = scan_step(&s);
	if (r)
		return r;
	skip_blank(&s);
	if (s.p != s.end)
		return fail_syntax(&s, "garbage after the document");
	return 0;
}
