/* SPDX-License-Identifier: Apache-2.0 */
/* Failpoints, present only in test builds: MASU_FAIL_AT and MASU_KILL_AT name one place of one story. */
#include "base/failpoint.h"

#ifdef MASU_FAILPOINTS
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* "story:step" or "story:step:after" */
static bool failpoint_is(const char *spec, const char *story, const char *step, enum failpoint_where where)
{
	size_t a = strlen(story), b = strlen(step);

	if (!spec || strncmp(spec, story, a) || spec[a] != ':' || strncmp(spec + a + 1, step, b))
		return false;
	return !strcmp(spec + a + 1 + b, where == FAILPOINT_AFTER ? ":after" : "");
}

/* One write per line: several processes of a container write to the same file. */
static void list(const char *story, const char *step)
{
	const char *const parts[] = { "failpoint ", story, ":", step, "\n" };
	struct iovec v[5];
	ssize_t n;

	for (size_t i = 0; i < 5; i++)
		v[i] = (struct iovec){ .iov_base = (void *)parts[i], .iov_len = strlen(parts[i]) };
	n = writev(STDERR_FILENO, v, 5);
	(void)n;
}

char *const *failpoint_environment(void)
{
	static char *kept[3];
	size_t n = 0;

	for (char **e = environ; e && *e && n < 2; e++)
		if (!strncmp(*e, "MASU_FAIL_AT=", 13) || !strncmp(*e, "MASU_KILL_AT=", 13))
			kept[n++] = *e;
	kept[n] = NULL;
	return kept;
}

int failpoint(const char *story, const char *step, enum failpoint_where where)
{
	const char *fail_at = getenv("MASU_FAIL_AT");

	if (fail_at && !strcmp(fail_at, "list") && where == FAILPOINT_BEFORE)
		list(story, step);
	if (failpoint_is(getenv("MASU_KILL_AT"), story, step, where)) {
		kill(getpid(), SIGKILL);
		/* pid 1 of a pid namespace ignores its own SIGKILL; a forced fault signal ends it all the same */
		__builtin_trap();
	}
	return failpoint_is(fail_at, story, step, where) ? -EIO : 0;
}
#endif
