/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of the program itself: the command line, its files. Prints nothing. */
#include "cli/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *topic;

static void fail_text(struct masu_error *err, int code, const char *fmt, va_list ap)
{
	if (!err)
		return;
	memset(err, 0, sizeof(*err));
	err->code = code;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

int fail_set(struct masu_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_text(err, code, fmt, ap);
	va_end(ap);
	return -code;
}

int fail_sys(struct masu_error *err, int code, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	fail_text(err, code, fmt, ap);
	va_end(ap);
	if (err) {
		len = strlen(err->text);
		snprintf(err->text + len, sizeof(err->text) - len, ": %s", strerror(code));
	}
	return -code;
}

int fail_usage(struct masu_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_text(err, EINVAL, fmt, ap);
	va_end(ap);
	if (err)
		snprintf(err->hint, sizeof(err->hint), "`masu %s%s--help` shows what can be given", topic ? topic : "",
			 topic ? " " : "");
	return -EINVAL;
}

void fail_topic(const char *command)
{
	topic = command;
}
