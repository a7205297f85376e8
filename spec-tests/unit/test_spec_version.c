/* SPDX-License-Identifier: Apache-2.0 */
/* SemVer 2.0.0: grammar and precedence. */

#include <check.h>

#include <errno.h>

#include "base/cleanup.h"
#include "spec/version.h"

TEST(good)
{
	static const char *const rows[] = { "0.0.0",      "1.0.0",     "1.0.2-dev",
					    "1.1.0-rc.1", "1.3.0+dev", "1.0.0-alpha-1+x.y",
					    "1.0.0-0",    "1.0.0-0a",  "1.0.0-x.7.z.92",
					    "1.0.0+001",  "1.0.0--",   "18446744073709551615.0.0",
					    "10.20.30" };
	struct spec_version v;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!CHECK_ERR(spec_version_parse(rows[i], &v), 0))
			printf("# %s\n", rows[i]);
}

TEST(bad)
{
	static const char *const rows[] = { "",
					    "1",
					    "1.0",
					    "1.0.",
					    "v1.0.0",
					    "01.0.0",
					    "1.00.0",
					    "1.0.00",
					    "1.0.0-",
					    "1.0.0-01",
					    "1.0.0-a.01",
					    "1.0.0-a..b",
					    "1.0.0-.a",
					    "1.0.0+",
					    "1.0.0+a..b",
					    "1.0.0 ",
					    " 1.0.0",
					    "1.0.0-\xc3\xa9",
					    "1.0.0.0",
					    "banana",
					    "-1.0.0",
					    "+1.0.0",
					    "1.0.0\n",
					    "1.0.0-a_b",
					    "18446744073709551616.0.0",
					    "1..0",
					    "1.0.0-a+b+c" };
	struct spec_version v;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!CHECK_ERR(spec_version_parse(rows[i], &v), -EINVAL))
			printf("# %s\n", rows[i]);
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

/* Ascending; a row starting with '=' equals the one before. */
TEST(order)
{
	static const char *const rows[] = {
		"0.5.0-dev",        "1.0.0-1",    "1.0.0-2",      "1.0.0-10",      "1.0.0-alpha", "1.0.0-alpha.1",
		"1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc1",   "1.0.0",
		"=1.0.0+build",     "1.0.2-dev",  "1.0.2",        "1.1.0+dev",     "=1.1.0",      "1.3.0",
		"1.10.0",           "2.0.0"
	};
	struct spec_version v[ARRAY_SIZE(rows)];
	int rank[ARRAY_SIZE(rows)];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		REQUIRE(!spec_version_parse(rows[i] + (*rows[i] == '='), &v[i]));
		rank[i] = i ? rank[i - 1] + (*rows[i] != '=') : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t j = 0; j < ARRAY_SIZE(rows); j++)
			if (!CHECK_INT(sign(spec_version_compare(&v[i], &v[j])), sign(rank[i] - rank[j])))
				printf("# %s and %s\n", rows[i], rows[j]);
}

TEST(own_versions)
{
	struct spec_version v, min;

	REQUIRE(!spec_version_parse(SPEC_VERSION, &v) && !spec_version_parse(SPEC_VERSION_MIN, &min));
	CHECK_INT(v.major, SPEC_VERSION_MAJOR);
	CHECK_INT(v.minor, SPEC_VERSION_MINOR);
	CHECK(spec_version_compare(&min, &v) <= 0);
}

CHECK_MAIN();
