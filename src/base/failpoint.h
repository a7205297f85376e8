/* SPDX-License-Identifier: Apache-2.0 */
/* Failpoints for tests (configure --enable-failpoints): MASU_FAIL_AT="<story>:<step>" makes that step fail with EIO before
 * it acts, "<story>:<step>:after" after it acted, MASU_KILL_AT= kills the process with SIGKILL there. MASU_FAIL_AT=list fails
 * nowhere and writes each place that is reached to stderr. Otherwise nothing. */
#pragma once

#include <stddef.h>

enum failpoint_where { FAILPOINT_BEFORE, FAILPOINT_AFTER };

#ifdef MASU_FAILPOINTS
#define FAILPOINT_BUILD 1
int failpoint(const char *story, const char *step, enum failpoint_where where); /* 0 or -EIO */
char *const *failpoint_environment(void);
#else
#define FAILPOINT_BUILD 0
static inline int failpoint(const char *story, const char *step, enum failpoint_where where)
{
	(void)story;
	(void)step;
	(void)where;
	return 0;
}

/* What masu-init is executed with, which gets nothing of the caller's environment: the two variables in test builds. */
static inline char *const *failpoint_environment(void)
{
	static char *const nothing[] = { NULL };

	return nothing;
}
#endif
