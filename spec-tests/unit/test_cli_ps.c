/* SPDX-License-Identifier: Apache-2.0 */
/* The table of ps(1): which lines stay. */

#include <check.h>

#include <errno.h>

#include "base/cleanup.h"
#include "cli/ps_table.h"

static int filter(const char *text, const pid_t *pids, size_t n, struct buf *out, struct masu_error *err)
{
	char copy[1024];

	snprintf(copy, sizeof(copy), "%s", text);
	return ps_table_filter(copy, pids, n, out, err);
}

TEST(lines_of_the_pids)
{
	static const char text[] = "UID          PID    PPID  C STIME TTY          TIME CMD\n"
				   "root           1       0  0 10:00 ?        00:00:01 init 42\n"
				   "root          42       1  0 10:00 ?        00:00:01 sleep 7\n"
				   "root        4242      42  0 10:00 ?        00:00:01 sleep 8\n"
				   "root           7      42  0 10:00 ?        00:00:01 sleep 42";
	const pid_t pids[] = { 7, 42, 99 };
	AUTO(buf_done) struct buf out = { 0 };

	CHECK_ERR(filter(text, pids, 3, &out, NULL), 0);
	CHECK_STR(out.data, "UID          PID    PPID  C STIME TTY          TIME CMD\n"
			    "root          42       1  0 10:00 ?        00:00:01 sleep 7\n"
			    "root           7      42  0 10:00 ?        00:00:01 sleep 42\n");
}

TEST(first_column_and_nobody)
{
	AUTO(buf_done) struct buf out = { 0 };

	CHECK_ERR(filter("  PID\n    1\n\n   12\n", NULL, 0, &out, NULL), 0);
	CHECK_STR(out.data, "  PID\n");
}

TEST(no_column)
{
	AUTO(buf_done) struct buf out = { 0 };
	struct masu_error err = { 0 };

	CHECK_ERR(filter("PPID XPID PID2\n1 2 3\n", NULL, 0, &out, &err), -EINVAL);
	CHECK_STR(err.text, "couldn't find PID field in ps output");
	CHECK_ERR(filter("\nPID\n1\n", NULL, 0, &out, &err), -EINVAL);
}

TEST(no_number)
{
	static const char *const rows[] = { "CMD PID\na b 3\n", "CMD PID\na\n", "CMD PID\na -3\n",
					    "CMD PID\na 99999999999\n" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		AUTO(buf_done) struct buf out = { 0 };
		struct masu_error err = { 0 };

		CHECK_ERR(filter(rows[i], NULL, 0, &out, &err), -EINVAL);
		CHECK(strstr(err.text, "unexpected pid"));
	}
}

CHECK_MAIN();
