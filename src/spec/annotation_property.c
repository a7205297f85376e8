/* SPDX-License-Identifier: Apache-2.0 */
/* org.systemd.property.*: GVariant text, as far as properties of a unit need it, to a type and a value. Pure. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/annotation.h"

#define ITEMS_MAX 256
#define MICROS 1000000

enum kind { BOOL, NUMBER, STRING, ARRAY, PAIR };

struct value {
	enum kind kind;
	char type; /* of a number: its D-Bus letter, 0 = not said */
	bool negative;
	uint64_t number; /* of a boolean: 0 or 1; of a number without its sign */
	uint32_t micros; /* behind the point of a number */
	bool has_point;
	const char *text;
	const char *element; /* of an array, when it is said: "s" of "@as" */
	struct value *items; /* of an array or a pair */
	size_t items_len;
};

struct scan {
	const char *at;
	struct arena *arena;
	const char *why; /* the first thing that is wrong */
};

static int wrong(struct scan *s, const char *why)
{
	if (!s->why)
		s->why = why;
	return -EINVAL;
}

static void skip_blanks(struct scan *s)
{
	s->at += strspn(s->at, " \t\n");
}

static bool eat(struct scan *s, char c)
{
	skip_blanks(s);
	if (*s->at != c)
		return false;
	s->at++;
	return true;
}

/* ---- strings and numbers ---- */

static size_t utf8_encode(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 0x3f));
	out[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

/* Behind a backslash; at stands on the letter. */
static int scan_escape(struct scan *s, char *out, size_t *n)
{
	static const char letters[] = "abfnrtv", meanings[] = "\a\b\f\n\r\t\v";
	const char *known = strchr(letters, *s->at);
	uint32_t c = 0;

	if (*s->at != 'u') {
		out[(*n)++] = known && *known ? meanings[known - letters] : *s->at;
		s->at++;
		return 0;
	}
	s->at++;
	for (int i = 0; i < 4; i++, s->at++) {
		if (!isxdigit((unsigned char)*s->at))
			return wrong(s, "expected four hexadecimal digits after \\u");
		c = c << 4 | (uint32_t)(isdigit((unsigned char)*s->at) ? *s->at - '0' : (*s->at | 0x20) - 'a' + 10);
	}
	if (!c || (c >= 0xd800 && c < 0xe000))
		return wrong(s, "not a character");
	*n += utf8_encode(c, out + *n);
	return 0;
}

static int scan_string(struct scan *s, struct value *v)
{
	char quote = *s->at++;
	char *out = arena_new(s->arena, char, strlen(s->at) + 1);
	size_t n = 0;

	if (!out)
		return -ENOMEM;
	while (*s->at && *s->at != quote) {
		if (*s->at != '\\') {
			out[n++] = *s->at++;
			continue;
		}
		s->at++;
		if (!*s->at || scan_escape(s, out, &n) < 0)
			return wrong(s, "the string has no end");
	}
	if (!*s->at)
		return wrong(s, "the string has no end");
	s->at++;
	*v = (struct value){ .kind = STRING, .text = out };
	return 0;
}

static int scan_digits(struct scan *s, unsigned base, uint64_t *ret)
{
	const char *start = s->at;
	uint64_t n = 0;

	for (;; s->at++) {
		unsigned d = isdigit((unsigned char)*s->at)   ? (unsigned)(*s->at - '0')
			     : isalpha((unsigned char)*s->at) ? (unsigned)((*s->at | 0x20) - 'a' + 10)
							      : 99;

		if (d >= base)
			break;
		if (__builtin_mul_overflow(n, base, &n) || __builtin_add_overflow(n, d, &n))
			return wrong(s, "the number is too large");
	}
	*ret = n;
	return s->at > start ? 0 : wrong(s, "expected a value");
}

static int scan_number(struct scan *s, struct value *v)
{
	uint32_t scale = MICROS;
	int r;

	*v = (struct value){ .kind = NUMBER, .negative = *s->at == '-' };
	s->at += *s->at == '-' || *s->at == '+';
	if (s->at[0] == '0' && (s->at[1] | 0x20) == 'x') {
		s->at += 2;
		r = scan_digits(s, 16, &v->number);
	} else if (s->at[0] == '0' && isdigit((unsigned char)s->at[1]))
		r = scan_digits(s, 8, &v->number);
	else
		r = scan_digits(s, 10, &v->number);
	if (r < 0 || *s->at != '.')
		return r;
	v->has_point = true;
	for (s->at++; isdigit((unsigned char)*s->at); s->at++) {
		scale /= 10;
		v->micros += scale * (uint32_t)(*s->at - '0');
	}
	return 0;
}

/* ---- values ---- */

static int scan_value(struct scan *s, struct value *v, int depth);

static int scan_items(struct scan *s, struct value *v, char end, int depth)
{
	size_t max = end == ')' ? 2 : ITEMS_MAX;

	s->at++;
	v->items = arena_new(s->arena, struct value, max);
	if (!v->items)
		return -ENOMEM;
	for (bool first = true; !eat(s, end); first = false) {
		int r;

		if (!first && !eat(s, ','))
			return wrong(s, "expected a comma");
		if (!first && eat(s, end))
			return 0;
		if (v->items_len == max)
			return wrong(s, end == ')' ? "expected two values in parentheses" : "the list is too long");
		r = scan_value(s, &v->items[v->items_len++], depth);
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct {
	const char *word;
	char type;
} type_words[] = {
	{ "byte", 'y' },    { "int16", 'n' },  { "uint16", 'q' }, { "int32", 'i' },
	{ "uint32", 'u' },  { "int64", 'x' },  { "uint64", 't' }, { "string", 's' },
	{ "boolean", 'b' }, { "double", 'd' }, { "handle", 'h' },
};

/* A type before a value, as a signature in *sig. */
static int scan_type(struct scan *s, char *sig, size_t len)
{
	size_t n;

	if (*s->at == '@') {
		s->at++;
		n = strspn(s->at, "abynqiuxtsdhogv(){}");
		if (!n || n >= len)
			return wrong(s, "expected a type after @");
		snprintf(sig, len, "%.*s", (int)n, s->at);
		s->at += n;
		return 0;
	}
	n = strspn(s->at, "abcdefghijklmnopqrstuvwxyz0123456789");
	for (size_t i = 0; i < ARRAY_SIZE(type_words); i++)
		if (n == strlen(type_words[i].word) && strncmp(s->at, type_words[i].word, n) == 0) {
			snprintf(sig, len, "%c", type_words[i].type);
			s->at += n;
			return 0;
		}
	return wrong(s, "expected a value");
}

static int type_apply(struct scan *s, struct value *v, const char *sig)
{
	if (sig[0] == 'a' && v->kind == ARRAY) {
		v->element = arena_strdup(s->arena, sig + 1);
		return v->element ? 0 : -ENOMEM;
	}
	if (sig[1] || (v->kind == BOOL) != (sig[0] == 'b') || (v->kind == STRING) != (sig[0] == 's') ||
	    v->kind == ARRAY || v->kind == PAIR)
		return wrong(s, "the value is not of the type before it");
	if (v->kind == NUMBER)
		v->type = sig[0];
	return 0;
}

static int scan_typed(struct scan *s, struct value *v, int depth)
{
	char sig[16];
	int r = scan_type(s, sig, sizeof(sig));

	if (r >= 0)
		r = scan_value(s, v, depth);
	return r < 0 ? r : type_apply(s, v, sig);
}

static bool eat_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(s->at, word, n) != 0 || isalnum((unsigned char)s->at[n]))
		return false;
	s->at += n;
	return true;
}

static int scan_value(struct scan *s, struct value *v, int depth)
{
	*v = (struct value){ 0 };
	skip_blanks(s);
	if (depth > 4)
		return wrong(s, "nested too deeply");
	if (*s->at == '\'' || *s->at == '"')
		return scan_string(s, v);
	if (*s->at == '[') {
		v->kind = ARRAY;
		return scan_items(s, v, ']', depth + 1);
	}
	if (*s->at == '(') {
		int r = scan_items(s, v, ')', depth + 1);

		v->kind = PAIR;
		return r < 0 || v->items_len == 2 ? r : wrong(s, "expected two values in parentheses");
	}
	if (isdigit((unsigned char)*s->at) || *s->at == '-' || *s->at == '+')
		return scan_number(s, v);
	if (eat_word(s, "true") || eat_word(s, "false")) {
		*v = (struct value){ .kind = BOOL, .number = s->at[-2] == 'u' };
		return 0;
	}
	return scan_typed(s, v, depth + 1);
}

/* ---- to a property ---- */

static int number_fit(struct scan *s, const struct value *v, char type, int64_t *ret)
{
	uint64_t max = type == 'y'   ? UINT8_MAX
		       : type == 'u' ? UINT32_MAX
		       : type == 't' ? UINT64_MAX
		       : type == 'i' ? (uint64_t)INT32_MAX + v->negative
		       : type == 'x' ? (uint64_t)INT64_MAX + v->negative
				     : 0;

	if (v->kind != NUMBER || (v->type && v->type != type))
		return wrong(s, "the values of a list differ in type");
	if (!max || v->has_point)
		return wrong(s, "a number of this type is no value of a unit");
	if (v->number > max || (v->negative && v->number && strchr("yut", type)))
		return wrong(s, "the number does not fit its type");
	*ret = (int64_t)(v->negative ? -v->number : v->number);
	return 0;
}

static const char *element_of(const struct value *v)
{
	const struct value *first = v->items;

	if (v->element)
		return v->element;
	if (!v->items_len)
		return "";
	if (first->kind == STRING)
		return "s";
	if (first->kind == NUMBER)
		return first->type == 'u' ? "u" : first->type == 'y' ? "y" : "";
	if (first->kind == PAIR && first->items[0].kind == STRING)
		return first->items[1].kind == STRING ? "(ss)" : first->items[1].kind == NUMBER ? "(st)" : "";
	return "";
}

static int item_fill(struct scan *s, const struct value *v, const char *element, struct annotation_item *ret)
{
	const struct value *number = v;
	int64_t n = 0;
	int r = 0;

	if (element[0] == '(') {
		if (v->kind != PAIR || v->items[0].kind != STRING)
			return wrong(s, "the values of a list differ in type");
		ret->text = v->items[0].text;
		number = &v->items[1];
	}
	if (strcmp(element, "s") == 0 || strcmp(element, "(ss)") == 0) {
		if (number->kind != STRING)
			return wrong(s, "the values of a list differ in type");
		*(element[0] == '(' ? &ret->second : &ret->text) = number->text;
		return 0;
	}
	r = number_fit(s, number, element[0] == '(' ? 't' : element[0], &n);
	ret->number = (uint64_t)n;
	return r;
}

static int fill_array(struct scan *s, const struct value *v, struct annotation_property *ret)
{
	static const char *const types[] = { "as", "au", "ay", "a(ss)", "a(st)" };
	const char *element = element_of(v);
	struct annotation_item *items = arena_new(s->arena, struct annotation_item, v->items_len + 1);
	uint8_t *bytes = arena_new(s->arena, uint8_t, v->items_len + 1);

	if (!items || !bytes)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i] + 1, element) == 0)
			ret->type = types[i];
	if (!ret->type)
		return wrong(s, "expected a list of strings, uint32, bytes, or pairs; `@as []` when it is empty");
	for (size_t i = 0; i < v->items_len; i++) {
		int r = item_fill(s, &v->items[i], element, &items[i]);

		if (r < 0)
			return r;
		bytes[i] = (uint8_t)items[i].number;
	}
	if (element[0] == 'y') {
		ret->bytes = bytes;
		ret->bytes_len = v->items_len;
	} else {
		ret->items = items;
		ret->items_len = v->items_len;
	}
	return 0;
}

static int fill(struct scan *s, const struct value *v, struct annotation_property *ret)
{
	static const char *const numbers[] = { "b", "y", "u", "t", "i", "x" };
	char type = v->kind == BOOL ? 'b' : v->type ? v->type : 'i';

	if (v->kind == ARRAY)
		return fill_array(s, v, ret);
	if (v->kind == PAIR)
		return wrong(s, "pairs are values of a list only");
	if (v->kind == STRING) {
		ret->type = "s";
		ret->text = v->text;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i][0] == type)
			ret->type = numbers[i];
	ret->number = (int64_t)v->number;
	return v->kind == BOOL ? 0 : number_fit(s, v, type, &ret->number);
}

/* systemd's files say TimeoutStopSec=2, its bus knows TimeoutStopUSec and microseconds. */
static int fill_seconds(struct scan *s, const char *name, const struct value *v, struct annotation_property *ret)
{
	uint64_t n;

	if (v->kind != NUMBER || v->negative || (v->type && !strchr("ynqiuxtd", v->type)))
		return wrong(s, "expected a number of seconds");
	if (__builtin_mul_overflow(v->number, MICROS, &n) || __builtin_add_overflow(n, v->micros, &n))
		return wrong(s, "the number is too large");
	ret->name = arena_printf(s->arena, "%.*sUSec", (int)strlen(name) - 3, name);
	ret->type = "t";
	ret->number = (int64_t)n;
	return ret->name ? 0 : -ENOMEM;
}

static bool is_in_seconds(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && strcmp(name + len - 3, "Sec") == 0 && islower((unsigned char)name[len - 4]);
}

int annotation_property_parse(const char *key, const char *name, const char *value, struct arena *a,
			      struct annotation_property *ret, struct err *err)
{
	struct scan s = { .at = value, .arena = a };
	struct value v;
	int r = 0;

	*ret = (struct annotation_property){ .key = key, .name = name };
	if (strlen(name) < 3 || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != strlen(name))
		r = wrong(&s, "the name of a property is three letters or more");
	if (r >= 0)
		r = scan_value(&s, &v, 0);
	skip_blanks(&s);
	if (r >= 0 && *s.at)
		r = wrong(&s, "something follows the value");
	if (r >= 0)
		r = is_in_seconds(name) ? fill_seconds(&s, name, &v, ret) : fill(&s, &v, ret);
	if (r >= 0)
		return 0;
	err_pointer(err, "/annotations/%s", key);
	return err_set(err, -r, "use annotation `%s`: %s", key, s.why ? s.why : "out of memory");
}

bool annotation_property_is_harmless(const char *name)
{
	static const char *const names[] = { "CollectMode", "KillSignal", "TimeoutStopSec", "TimeoutStopUSec" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}
