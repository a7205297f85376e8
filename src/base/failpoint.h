/* SPDX-License-Identifier: Apache-2.0 */
/* Failpoints for tests (configure --enable-failpoints): MASU_FAIL_AT="<story>:<step>" makes that step fail with EIO before
 * it acts, "<story>:<step>:after" after it acted, MASU_KILL_AT= kills the process with SIGKILL there. Otherwise nothing. */
#pragma once

enum failpoint_where { FAILPOINT_BEFORE, FAILPOINT_AFTER };

#ifdef MASU_FAILPOINTS
int failpoint(const char *story, const char *step, enum failpoint_where where); /* 0 or -EIO */
#else
static inline int failpoint(const char *story, const char *step, enum failpoint_where where)
{
	(void)story;
	(void)step;
	(void)where;
	return 0;
}
#endif
