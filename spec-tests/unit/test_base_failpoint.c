/* SPDX-License-Identifier: Apache-2.0 */
/* base/failpoint, in builds that have it. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "check.h"

#ifdef MASU_FAILPOINTS
TEST(failpoint_hits_its_place_only)
{
	unsetenv("MASU_FAIL_AT");
	unsetenv("MASU_KILL_AT");
	CHECK_ERR(failpoint("create", "claim", FAILPOINT_BEFORE), 0);
	setenv("MASU_FAIL_AT", "create:claim", 1);
	CHECK_ERR(failpoint("create", "claim", FAILPOINT_BEFORE), -EIO);
	CHECK_ERR(failpoint("create", "claim", FAILPOINT_AFTER), 0);
	CHECK_ERR(failpoint("create", "claims", FAILPOINT_BEFORE), 0);
	CHECK_ERR(failpoint("create", "clai", FAILPOINT_BEFORE), 0);
	CHECK_ERR(failpoint("init", "claim", FAILPOINT_BEFORE), 0);
	setenv("MASU_FAIL_AT", "create/claim", 1);
	CHECK_ERR(failpoint("create", "claim", FAILPOINT_BEFORE), 0);
	setenv("MASU_FAIL_AT", "create:claim:after", 1);
	CHECK_ERR(failpoint("create", "claim", FAILPOINT_BEFORE), 0);
	CHECK_ERR(failpoint("create", "claim", FAILPOINT_AFTER), -EIO);
	unsetenv("MASU_FAIL_AT");
}

TEST(failpoint_list_fails_nowhere)
{
	setenv("MASU_FAIL_AT", "list", 1);
	CHECK_ERR(failpoint("create", "claim", FAILPOINT_BEFORE), 0);
	CHECK_ERR(failpoint("create", "claim", FAILPOINT_AFTER), 0);
	unsetenv("MASU_FAIL_AT");
}

TEST(failpoint_environment_keeps_nothing_else)
{
	setenv("MASU_FAIL_ATX", "no", 1);
	CHECK(!failpoint_environment()[0]);
	setenv("MASU_KILL_AT", "create:claim", 1);
	CHECK_STR(failpoint_environment()[0], "MASU_KILL_AT=create:claim");
	CHECK(!failpoint_environment()[1]);
	unsetenv("MASU_KILL_AT");
}

TEST(failpoint_kills)
{
	int st = 0;
	pid_t pid = fork();

	if (pid == 0) {
		setenv("MASU_KILL_AT", "create:spawn:after", 1);
		if (failpoint("create", "spawn", FAILPOINT_BEFORE))
			_exit(1);
		_exit(failpoint("create", "spawn", FAILPOINT_AFTER) ? 2 : 3);
	}
	waitpid(pid, &st, 0);
	CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
}
#else
TEST(failpoint_is_nothing)
{
	setenv("MASU_FAIL_AT", "create:claim", 1);
	CHECK_ERR(failpoint("create", "claim", FAILPOINT_BEFORE), 0);
	SKIP("built without failpoints");
}
#endif

CHECK_MAIN();
