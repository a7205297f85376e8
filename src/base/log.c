/* SPDX-License-Identifier: Apache-2.0 */
/* The one log sink of a program. Lines are formatted here and handed on; nothing is printed here. */
#include "base/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#define LOG_LINE_MAX 2048

static log_sink_fn *log_sink;
static void *log_sink_arg;
static enum log_level log_max;

void log_set_sink(log_sink_fn *fn, void *arg, enum log_level max)
{
	log_sink = fn;
	log_sink_arg = arg;
	log_max = max;
}

int log_enabled(enum log_level level)
{
	return log_sink && level <= log_max;
}

void log_at(enum log_level level, const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	int saved = errno;
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_sink(log_sink_arg, level, text);
	errno = saved;
}
