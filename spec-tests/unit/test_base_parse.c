/* SPDX-License-Identifier: Apache-2.0 */
/* base/parse, base/path: strictness grids. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "check.h"

#define FORTY_DIGITS "1234567890123456789012345678901234567890"

TEST(id_grid)
{
	static const struct {
		const char *s;
		int r;
		uint32_t v;
	} grid[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1 },
		{ "007", 0, 7 },
		{ "65534", 0, 65534 },
		{ "2147483647", 0, 2147483647u },
		{ "2147483648", 0, 2147483648u },
		{ "4294967294", 0, 4294967294u },
		{ "4294967295", -ERANGE, 0 },
		{ "4294967296", -ERANGE, 0 },
		{ "4294967297", -ERANGE, 0 },
		{ "-1", -EINVAL, 0 },
		{ "-0", -EINVAL, 0 },
		{ "+5", -EINVAL, 0 },
		{ " 7", -EINVAL, 0 },
		{ "7 ", -EINVAL, 0 },
		{ "7\n", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1:", -EINVAL, 0 },
		{ "1:2:3", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "1.5", -EINVAL, 0 },
		{ "\"0\"", -EINVAL, 0 },
		{ FORTY_DIGITS, -ERANGE, 0 },
		{ FORTY_DIGITS "x", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "root", -EINVAL, 0 },
		{ "\xd9\xa1", -EINVAL, 0 },
		{ "1,000", -EINVAL, 0 },
		{ "1_000", -EINVAL, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(grid); i++) {
		uint32_t v = 4711;
		int r = parse_id(grid[i].s, &v);

		if (!check_err(r, grid[i].r, __FILE__, __LINE__, grid[i].s))
			continue;
		CHECK_INT(v, r ? 4711 : grid[i].v);
	}
	CHECK_ERR(parse_id(NULL, &(uint32_t){ 0 }), -EINVAL);
}

TEST(id_is_the_number_that_was_given)
{
	char s[16];

	for (uint32_t i = 0; i < 70000; i++) {
		uint32_t v = ~i;

		snprintf(s, sizeof(s), "%u", i);
		if (parse_id(s, &v) || v != i)
			CHECK_INT(v, i);
	}
}

TEST(u64_limits)
{
	uint64_t v = 0;

	CHECK_ERR(parse_u64("18446744073709551615", UINT64_MAX, &v), 0);
	CHECK(v == UINT64_MAX);
	CHECK_ERR(parse_u64("18446744073709551616", UINT64_MAX, &v), -ERANGE);
	CHECK_ERR(parse_u64("99999999999999999999", UINT64_MAX, &v), -ERANGE);
	CHECK_ERR(parse_u64("10", 9, &v), -ERANGE);
	CHECK_ERR(parse_u64("9", 9, &v), 0);
	CHECK_ERR(parse_u64("", 9, &v), -EINVAL);
	CHECK_ERR(parse_u64("00000000000000000000000000000000000000000009", 9, &v), 0);
}

TEST(i64_limits)
{
	int64_t v = 0;

	CHECK_ERR(parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v), 0);
	CHECK(v == INT64_MIN);
	CHECK_ERR(parse_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &v), -ERANGE);
	CHECK_ERR(parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &v), 0);
	CHECK(v == INT64_MAX);
	CHECK_ERR(parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &v), -ERANGE);
	CHECK_ERR(parse_i64("-1000", -1000, 1000, &v), 0);
	CHECK_INT(v, -1000);
	CHECK_ERR(parse_i64("-1001", -1000, 1000, &v), -ERANGE);
	CHECK_ERR(parse_i64("1001", -1000, 1000, &v), -ERANGE);
	CHECK_ERR(parse_i64("-", INT64_MIN, INT64_MAX, &v), -EINVAL);
	CHECK_ERR(parse_i64("--1", INT64_MIN, INT64_MAX, &v), -EINVAL);
	CHECK_ERR(parse_i64("-+1", INT64_MIN, INT64_MAX, &v), -EINVAL);
	CHECK_ERR(parse_i64("- 1", INT64_MIN, INT64_MAX, &v), -EINVAL);
	CHECK_ERR(parse_i64("", INT64_MIN, INT64_MAX, &v), -EINVAL);
	CHECK_ERR(parse_i64(NULL, INT64_MIN, INT64_MAX, &v), -EINVAL);
}

TEST(size_grid)
{
	static const struct {
		const char *s;
		int r;
		int64_t v;
	} grid[] = {
		{ "0", 0, 0 },
		{ "512", 0, 512 },
		{ "512b", 0, 512 },
		{ "1k", 0, 1024 },
		{ "1K", 0, 1024 },
		{ "1kb", 0, 1024 },
		{ "1KiB", 0, 1024 },
		{ "512M", 0, 512ll << 20 },
		{ "2g", 0, 2ll << 30 },
		{ "1T", 0, 1ll << 40 },
		{ "8388607t", 0, 8388607ll << 40 },
		{ "8388608t", -ERANGE, 0 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", -ERANGE, 0 },
		{ "9007199254740992k", -ERANGE, 0 },
		{ FORTY_DIGITS "k", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "1x", -EINVAL, 0 },
		{ "1ki", -EINVAL, 0 },
		{ "1ib", -EINVAL, 0 },
		{ "1bb", -EINVAL, 0 },
		{ "1kbb", -EINVAL, 0 },
		{ "1 k", -EINVAL, 0 },
		{ "1.5g", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "-1k", -EINVAL, 0 },
		{ "0x1", -EINVAL, 0 },
		{ "1\x0b", -EINVAL, 0 },
		{ "unlimited", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(grid); i++) {
		int64_t v = -99;
		int r = parse_size(grid[i].s, false, &v);

		if (check_err(r, grid[i].r, __FILE__, __LINE__, grid[i].s))
			CHECK_INT(v, r ? -99 : grid[i].v);
	}
}

TEST(size_minus_one_only_where_allowed)
{
	int64_t v = 0;

	CHECK_ERR(parse_size("-1", true, &v), 0);
	CHECK_INT(v, -1);
	CHECK_ERR(parse_size("-2", true, &v), -EINVAL);
	CHECK_ERR(parse_size("-1k", true, &v), -EINVAL);
	CHECK_ERR(parse_size("-1", false, &v), -EINVAL);
	CHECK_ERR(parse_size(NULL, true, &v), -EINVAL);
}

static int list_bits(const char *s, size_t nbits, uint64_t *ret)
{
	unsigned long mask[2] = { 0, 0 };
	int r = parse_list(s, mask, nbits);

	*ret = mask[0];
	return r;
}

TEST(list_grid)
{
	static const struct {
		const char *s;
		int r;
		uint64_t v;
	} grid[] = {
		{ "", 0, 0 },
		{ "0", 0, 1 },
		{ "0-3,7", 0, 0x8f },
		{ "0, 2,  4", 0, 0x15 },
		{ "63", 0, 1ull << 63 },
		{ "0-63", 0, UINT64_MAX },
		{ "3-3", 0, 8 },
		{ "1,1,0-1", 0, 3 },
		{ "64", -ERANGE, 0 },
		{ "0-64", -ERANGE, 0 },
		{ "3-1", -EINVAL, 0 },
		{ "0,", -EINVAL, 0 },
		{ ",0", -EINVAL, 0 },
		{ "0,,1", -EINVAL, 0 },
		{ "0-", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "0 ,1", -EINVAL, 0 },
		{ " 0", -EINVAL, 0 },
		{ "0\n", -EINVAL, 0 },
		{ "a", -EINVAL, 0 },
		{ "0-1-2", -EINVAL, 0 },
		{ "0x1", -EINVAL, 0 },
		{ "1,99999999999999999999999", -ERANGE, 0 },
		{ "0-18446744073709551615", -ERANGE, 0 },
		{ "18446744073709551616-0", -ERANGE, 0 },
		{ "0, ", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(grid); i++) {
		uint64_t v;
		int r = list_bits(grid[i].s, 64, &v);

		check_err(r, grid[i].r, __FILE__, __LINE__, grid[i].s);
		CHECK(v == grid[i].v); /* nothing is set on error */
	}
	CHECK_ERR(parse_list(NULL, NULL, 0), -EINVAL);
}

TEST(list_crosses_words_and_keeps_other_bits)
{
	unsigned long mask[3] = { 1, 0, ~0ul };

	CHECK_ERR(parse_list("62-65", mask, 128), 0);
	CHECK(mask[0] == (1ul | 3ul << 62));
	CHECK(mask[1] == 3);
	CHECK(mask[2] == ~0ul);
}

TEST(signals_by_number_and_name)
{
	static const struct {
		const char *s;
		int want;
	} grid[] = {
		{ "1", 1 },
		{ "9", SIGKILL },
		{ "15", SIGTERM },
		{ "64", 64 },
		{ "0", -EINVAL },
		{ "65", -EINVAL },
		{ "-9", -EINVAL },
		{ "+9", -EINVAL },
		{ "", -EINVAL },
		{ "SIG", -EINVAL },
		{ "KILL", SIGKILL },
		{ "SIGKILL", SIGKILL },
		{ "sigkill", SIGKILL },
		{ "kIlL", SIGKILL },
		{ "SIGSIGKILL", -EINVAL },
		{ "TERM ", -EINVAL },
		{ " TERM", -EINVAL },
		{ "TER", -EINVAL },
		{ "TERMX", -EINVAL },
		{ "WINCH", SIGWINCH },
		{ "CHLD", SIGCHLD },
		{ "CLD", SIGCHLD },
		{ "IOT", SIGABRT },
		{ "POLL", SIGIO },
		{ "STKFLT", 16 },
		{ "PWR", SIGPWR },
		{ "SYS", SIGSYS },
		{ "USR1", SIGUSR1 },
		{ "usr2", SIGUSR2 },
		{ "RTMIN", 34 },
		{ "SIGRTMIN", 34 },
		{ "rtmin+1", 35 },
		{ "SIGRTMIN+15", 49 },
		{ "RTMIN+30", 64 },
		{ "RTMIN+31", -EINVAL },
		{ "RTMIN-1", -EINVAL },
		{ "RTMIN+", -EINVAL },
		{ "RTMIN++1", -EINVAL },
		{ "RTMAX", 64 },
		{ "RTMAX-0", 64 },
		{ "RTMAX-1", 63 },
		{ "RTMAX-30", 34 },
		{ "RTMAX-31", -EINVAL },
		{ "RTMAX+1", -EINVAL },
		{ "RTMIN+1x", -EINVAL },
		{ "SIG9", -EINVAL },
		{ FORTY_DIGITS, -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(grid); i++)
		check_int(parse_signal(grid[i].s), grid[i].want, __FILE__, __LINE__, grid[i].s);
	CHECK_ERR(parse_signal(NULL), -EINVAL);
}

/* The C library's names for those that have one. */
TEST(signal_names)
{
	for (int i = 1; i < 32; i++)
		check_int(parse_signal(sigabbrev_np(i)), i, __FILE__, __LINE__, sigabbrev_np(i));
}

TEST(path_clean_grid)
{
	static const struct {
		const char *base, *path, *want;
	} grid[] = {
		{ NULL, "/", "/" },
		{ NULL, "//", "/" },
		{ NULL, "/a//b/", "/a/b" },
		{ NULL, "/./a/./b/.", "/a/b" },
		{ NULL, "/a/../b", "/b" },
		{ NULL, "/..", "/" },
		{ NULL, "/../../a", "/a" },
		{ NULL, "/a/b/../../..", "/" },
		{ NULL, "/...", "/..." },
		{ NULL, "/..a/.b", "/..a/.b" },
		{ "/x/y", "z", "/x/y/z" },
		{ "/x/y", "../z", "/x/z" },
		{ "/x", "../../z", "/z" },
		{ "/x", "/z", "/z" },
		{ "/", "a", "/a" },
		{ "/x", ".", "/x" },
		{ "/x//./y/", "z/", "/x/y/z" },
		{ "/", "..", "/" },
	};
	char out[64];

	for (size_t i = 0; i < ARRAY_SIZE(grid); i++) {
		CHECK_ERR(path_clean(grid[i].base, grid[i].path, out, sizeof(out)), 0);
		CHECK_STR(out, grid[i].want);
	}
	CHECK_ERR(path_clean(NULL, "a", out, sizeof(out)), -EINVAL);
	CHECK_ERR(path_clean("rel", "a", out, sizeof(out)), -EINVAL);
	CHECK_ERR(path_clean("/", "", out, sizeof(out)), -EINVAL);
	CHECK_ERR(path_clean("/", NULL, out, sizeof(out)), -EINVAL);
}

TEST(path_clean_never_writes_beyond)
{
	char out[8];

	memset(out, '#', sizeof(out));
	CHECK_ERR(path_clean(NULL, "/abcd", out, 6), 0);
	CHECK_STR(out, "/abcd");
	CHECK_INT(out[6], '#');
	CHECK_ERR(path_clean(NULL, "/abcde", out, 6), -ENAMETOOLONG);
	CHECK_ERR(path_clean(NULL, "/a/b/c", out, 6), -ENAMETOOLONG);
	CHECK_INT(out[6], '#');
	CHECK_ERR(path_clean(NULL, "/", out, 2), 0);
	CHECK_ERR(path_clean(NULL, "/", out, 1), -ENAMETOOLONG);
	CHECK_ERR(path_clean(NULL, "/", out, 0), -ENAMETOOLONG);
	CHECK_ERR(path_clean(NULL, "/a", out, 2), -ENAMETOOLONG);
}

TEST(path_below_and_basename)
{
	CHECK(path_leaves_root("/..") && path_leaves_root("/../a") && !path_leaves_root("/..a") &&
	      !path_leaves_root("/a/.."));
	CHECK(path_is_below("/a/b", "/a"));
	CHECK(path_is_below("/a", "/a"));
	CHECK(path_is_below("/a", "/"));
	CHECK(path_is_below("/", "/"));
	CHECK(!path_is_below("/ab", "/a"));
	CHECK(!path_is_below("/", "/a"));
	CHECK(!path_is_below("a", "/"));
	CHECK_STR(path_basename("/a/b"), "b");
	CHECK_STR(path_basename("b"), "b");
	CHECK_STR(path_basename("/"), "");
	CHECK(path_is_absolute("/x") && !path_is_absolute("x") && !path_is_absolute(""));
}

CHECK_MAIN();
