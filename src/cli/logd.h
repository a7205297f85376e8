/* SPDX-License-Identifier: Apache-2.0 */
/* Log daemons: journald in its native protocol, syslog as RFC 3164 has it. Knows nothing of errors or formats. */
#pragma once

#include <stdbool.h>

#include "masu/masu.h"

enum logd_kind { LOGD_NONE, LOGD_JOURNALD, LOGD_SYSLOG };

struct logd {
	enum logd_kind kind;
	int fd;
	bool stream;       /* a syslog daemon that wants one */
	bool stuck;        /* it did not read for a while: no line waits for it any more */
	const char *ident; /* borrowed */
	const char *id;    /* container that the lines are about; borrowed, may be NULL */
};

/* Connects. ident: what the lines are filed under. */
int logd_open(struct logd *l, enum logd_kind kind, const char *ident, struct masu_error *err);
/* Sends over fd fail after a while, they do not wait for ever. */
void logd_hurry(int fd);
/* priority is that of syslog(3), text one message without newline. Best effort: a daemon that is gone or does not read
 * loses lines. */
void logd_send(struct logd *l, int priority, const char *text);
