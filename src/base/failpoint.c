/* SPDX-License-Identifier: Apache-2.0 */
/* Failpoints, present only in test builds: MASU_FAIL_AT and MASU_KILL_AT name one place of one story. */
#include "base/failpoint.h"

#ifdef MASU_FAILPOINTS
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "story:step" or "story:step:after" */
static bool failpoint_is(const char *spec, const char *story, const char *step, enum failpoint_where where)
{
	size_t a = strlen(story), b = strlen(step);

	if (!spec || strncmp(spec, story, a) || spec[a] != ':' || strncmp(spec + a + 1, step, b))
		return false;
	return !strcmp(spec + a + 1 + b, where == FAILPOINT_AFTER ? ":after" : "");
}

int failpoint(const char *story, const char *step, enum failpoint_where where)
{
	if (failpoint_is(getenv("MASU_KILL_AT"), story, step, where)) {
		kill(getpid(), SIGKILL);
		/* pid 1 of a pid namespace ignores its own SIGKILL; a forced fault signal ends it all the same */
		__builtin_trap();
	}
	return failpoint_is(getenv("MASU_FAIL_AT"), story, step, where) ? -EIO : 0;
}
#endif
