/* SPDX-License-Identifier: Apache-2.0 */
/* Filling and joining struct err. No heap: this runs in cloned children and after ENOMEM.
 * Printing does not live here; only cli/ prints. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Formats into a scratch text first, because arguments may point into e->text. tail (may be NULL) follows ": ". */
static void err_fill(struct err *e, int code, const char *tail, const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));
static void err_fill(struct err *e, int code, const char *tail, const char *fmt, va_list ap)
{
	char text[sizeof(e->text)];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (n < 0) {
		text[0] = '\0';
		n = 0;
	}
	if (tail && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - (size_t)n, "%s%s", n ? ": " : "", tail);
	/* values of documents are quoted: nothing of them may speak to a terminal or begin a line of its own */
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	memcpy(e->text, text, sizeof(text));
	e->code = code;
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (e) {
		va_start(ap, fmt);
		err_fill(e, code, NULL, fmt, ap);
		va_end(ap);
	}
	errno = saved;
	return -code;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (e) {
		va_start(ap, fmt);
		err_fill(e, saved, strerror(saved), fmt, ap);
		va_end(ap);
	}
	errno = saved;
	return -saved;
}

int err_code(struct err *e, int r, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (e) {
		va_start(ap, fmt);
		err_fill(e, -r, strerror(-r), fmt, ap);
		va_end(ap);
	}
	errno = saved;
	return r;
}

int err_wrap(struct err *e, int r, const char *fmt, ...)
{
	char inner[sizeof(e->text)];
	int saved = errno;
	va_list ap;

	if (!e)
		return r;
	if (e->text[0])
		memcpy(inner, e->text, sizeof(inner));
	else
		snprintf(inner, sizeof(inner), "%s", strerror(-r));
	va_start(ap, fmt);
	err_fill(e, e->code ? e->code : -r, inner, fmt, ap);
	va_end(ap);
	errno = saved;
	return r;
}

void err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e || e->hint[0])
		return;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
}

void err_pointer(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e || e->pointer[0])
		return;
	va_start(ap, fmt);
	vsnprintf(e->pointer, sizeof(e->pointer), fmt, ap);
	va_end(ap);
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->code = 0;
	e->step[0] = e->pointer[0] = e->hint[0] = e->text[0] = '\0';
}

void err_format(const struct err *e, char *out, size_t len)
{
	const char *text = e->text[0] ? e->text : strerror(e->code);
	const char *pointer = strstr(text, e->pointer) ? "" : e->pointer; /* an empty pointer is in every text */

	if (!len)
		return;
	snprintf(out, len, "%s%s%s%s%s", e->step, e->step[0] ? ": " : "", pointer, pointer[0] ? ": " : "", text);
}
