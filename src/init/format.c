/* SPDX-License-Identifier: Apache-2.0 */
/* snprintf and vsnprintf for masu-init, in place of the libc's: no floating point, no locale, no wide characters, which would be a tenth
 * of the whole program. Conversions: s c d i u x X o p % with h hh l ll z, width, precision, * and the flags 0 - #.
 * Anything else is printed as it stands. */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct out {
	char *at;
	size_t room, len; /* len counts what would have been written */
};

struct conversion {
	bool left, zero, alternate, has_precision;
	int width, precision, size; /* size: -2 hh, -1 h, 0 int, 1 long, 2 long long */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->room)
		o->at[o->len] = c;
	o->len++;
}

static void put_n(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_bytes(struct out *o, const char *s, size_t n)
{
	while (n-- > 0)
		put(o, *s++);
}

static void put_text(struct out *o, const struct conversion *c, const char *s)
{
	size_t n;
	int pad;

	if (!s)
		s = "(null)";
	n = c->has_precision ? strnlen(s, (size_t)c->precision) : strlen(s);
	pad = (size_t)c->width > n ? c->width - (int)n : 0;
	if (!c->left)
		put_n(o, ' ', pad);
	put_bytes(o, s, n);
	if (c->left)
		put_n(o, ' ', pad);
}

static void put_number(struct out *o, const struct conversion *c, uint64_t value, bool negative, unsigned base,
		       const char *prefix, bool upper)
{
	char digits[24];
	int n = 0, sign = negative, zeros, pad;
	int prefix_len = (int)strlen(prefix);

	for (; value; value /= base)
		digits[n++] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value % base];
	if (n == 0 && !(c->has_precision && c->precision == 0))
		digits[n++] = '0';
	zeros = c->has_precision && c->precision > n ? c->precision - n : 0;
	pad = c->width - n - zeros - sign - prefix_len;
	if (c->zero && !c->left && !c->has_precision && pad > 0) {
		zeros += pad;
		pad = 0;
	}
	if (!c->left)
		put_n(o, ' ', pad);
	if (negative)
		put(o, '-');
	put_bytes(o, prefix, (size_t)prefix_len);
	put_n(o, '0', zeros);
	while (n > 0)
		put(o, digits[--n]);
	if (c->left)
		put_n(o, ' ', pad);
}

static int parse_int(const char **f)
{
	int n = 0;

	while (**f >= '0' && **f <= '9' && n < 100000)
		n = n * 10 + (*(*f)++ - '0');
	return n;
}

static int parse_amount(const char **f, int star)
{
	if (**f != '*')
		return parse_int(f);
	(*f)++;
	return star;
}

static void parse_flags(const char **f, struct conversion *c)
{
	for (;; (*f)++) {
		if (**f == '0')
			c->zero = true;
		else if (**f == '-')
			c->left = true;
		else if (**f == '#')
			c->alternate = true;
		else
			return;
	}
}

static void parse_size(const char **f, struct conversion *c)
{
	for (;; (*f)++) {
		if (**f == 'l')
			c->size++;
		else if (**f == 'z' || **f == 'j' || **f == 't')
			c->size = 1;
		else if (**f == 'h')
			c->size--;
		else
			return;
	}
}

static int64_t shorten(int64_t v, int size)
{
	return size == -1 ? (short)v : size == -2 ? (signed char)v : v;
}

static uint64_t shorten_unsigned(uint64_t v, int size)
{
	return size == -1 ? (unsigned short)v : size == -2 ? (unsigned char)v : v;
}

/* The numbers of a conversion; false for one that is not known. */
static bool put_integer(struct out *o, const struct conversion *c, char kind, int64_t s, uint64_t u)
{
	s = shorten(s, c->size);
	u = shorten_unsigned(u, c->size);
	switch (kind) {
	case 'd':
	case 'i':
		put_number(o, c, s < 0 ? -(uint64_t)s : (uint64_t)s, s < 0, 10, "", false);
		return true;
	case 'u':
		put_number(o, c, u, false, 10, "", false);
		return true;
	case 'x':
	case 'X':
		put_number(o, c, u, false, 16, c->alternate && u ? (kind == 'x' ? "0x" : "0X") : "", kind == 'X');
		return true;
	case 'o':
		put_number(o, c, u, false, 8, c->alternate && u ? "0" : "", false);
		return true;
	case 'p':
		put_number(o, c, u, false, 16, "0x", false);
		return true;
	default:
		return false;
	}
}

static bool is_integer(char kind)
{
	return kind && strchr("diuxXop", kind);
}

static void put_conversion(struct out *o, const char **f, va_list *args)
{
	const char *begin = *f;
	struct conversion c = { 0 };
	int64_t s = 0;
	uint64_t u = 0;
	char kind;

	(*f)++;
	parse_flags(f, &c);
	c.width = parse_amount(f, **f == '*' ? va_arg(*args, int) : 0);
	if (c.width < 0) {
		c.left = true;
		c.width = -c.width;
	}
	if (**f == '.') {
		(*f)++;
		c.precision = parse_amount(f, **f == '*' ? va_arg(*args, int) : 0);
		c.has_precision = c.precision >= 0;
	}
	parse_size(f, &c);
	kind = **f;
	if (kind)
		(*f)++;
	if (is_integer(kind)) {
		if (c.size >= 1 || kind == 'p') {
			u = va_arg(*args, unsigned long);
			s = (int64_t)u;
		} else {
			u = va_arg(*args, unsigned);
			s = (int)u;
		}
		put_integer(o, &c, kind, s, u);
	} else if (kind == 's') {
		put_text(o, &c, va_arg(*args, const char *));
	} else if (kind == 'c') {
		char text[2] = { (char)va_arg(*args, int), '\0' };

		put_text(o, &c, text);
	} else if (kind == '%') {
		put(o, '%');
	} else {
		put_bytes(o, begin, (size_t)(*f - begin));
	}
}

int vsnprintf(char *out, size_t len, const char *format, va_list args)
{
	struct out o = { .at = out, .room = len };
	va_list copy;

	_Static_assert(sizeof(long) == 8 && sizeof(long long) == 8 && sizeof(void *) == 8,
		       "one size for all long conversions");
	va_copy(copy, args);
	while (*format) {
		if (*format == '%')
			put_conversion(&o, &format, &copy);
		else
			put(&o, *format++);
	}
	va_end(copy);
	if (len)
		out[o.len < len ? o.len : len - 1] = '\0';
	return (int)o.len;
}

int snprintf(char *out, size_t len, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(out, len, format, args);
	va_end(args);
	return n;
}
