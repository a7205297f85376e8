/* SPDX-License-Identifier: Apache-2.0 */
/* Durations of the command line: Go's spellings, plain seconds, and what is neither. */

#include <check.h>

#include <errno.h>

#include "cli/duration.h"

TEST(good)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} rows[] = {
		{ "5s", 5000 },
		{ "5", 5000 },
		{ "1m30s", 90000 },
		{ "1.5h", 5400000 },
		{ "250ms", 250 },
		{ "1s500ms", 1500 },
		{ "0.25s", 250 },
		{ ".5s", 500 },
		{ "1.s", 1000 },
		{ "2h45m", 9900000 },
		{ "1500us", 1 },
		{ "999999ns", 0 },
		{ "0s", 0 },
		{ "0", 0 },
		{ "1.5", 1500 },
		{ "2000\xc2\xb5s", 2 },
		{ "2000\xce\xbcs", 2 },
		{ "2147483647ms", INT32_MAX },
		{ "0.1234567890123456s", 123 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t ms = 77;

		check_err(duration_parse(rows[i].text, &ms), 0, __FILE__, __LINE__, rows[i].text);
		check_int(ms, rows[i].ms, __FILE__, __LINE__, rows[i].text);
	}
}

TEST(bad)
{
	static const char *const rows[] = { "",    "s",   ".s",   "5x",   "-5s",  "+5s",  "5s3",  "3 s",
					    " 3s", "3s ", "1m30", "0x5s", "1e3s", "..5s", "1..5s" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t ms;

		check_err(duration_parse(rows[i], &ms), -EINVAL, __FILE__, __LINE__, rows[i]);
	}
}

TEST(too_long)
{
	uint32_t ms;

	CHECK_ERR(duration_parse("2147483648ms", &ms), -ERANGE);
	CHECK_ERR(duration_parse("600h", &ms), -ERANGE);
	CHECK_ERR(duration_parse("99999999999999999999999999999999s", &ms), -ERANGE);
	CHECK_ERR(duration_parse("596h596h", &ms), -ERANGE);
}

CHECK_MAIN();
