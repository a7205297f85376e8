/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines go to one sink, which the program sets (cli: stderr, file, journald; masu-init: a frame to its parent).
 * Nothing here prints by itself. */
#pragma once

#include <stdarg.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, LOG_LEVEL_TRACE };

typedef void log_sink_fn(void *arg, enum log_level level, const char *text);

void log_set_sink(log_sink_fn *fn, void *arg, enum log_level max);
int log_enabled(enum log_level level);
void log_at(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)
