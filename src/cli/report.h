/* SPDX-License-Identifier: Apache-2.0 */
/* Where the program's errors and log lines go: stderr, a file, text or JSON. The only place that writes to stderr. */
#pragma once

#include "masu/masu.h"

enum report_format { REPORT_TEXT, REPORT_JSON };

struct report_options {
	const char *dest; /* NULL or "": stderr; PATH or file:PATH: appended to; journald:IDENT, syslog:IDENT */
	int format;       /* enum report_format */
	int level;        /* as masu_set_log */
};

/* Opens the destination and becomes the library's log. */
int report_open(const struct report_options *o, struct masu_error *err);
/* Which container the lines are about, for a log that has a field for it; borrowed. */
void report_container(const char *id);
/* One error object in the log, and the text on stderr. Called once per failing call: engines decode the whole log
 * file as one object. */
void report_error(const struct masu_error *err);
/* A failure that is not the first one: a line of the log, no error object. */
void report_further(const struct masu_error *err);
