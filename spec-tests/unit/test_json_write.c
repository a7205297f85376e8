/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: exact bytes, both styles, strings of any bytes, and errors that stick. */

#include <check.h>

#include <errno.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "json/write.h"

static void sample(struct jw *w)
{
	jw_object(w);
	jw_key(w, "a");
	jw_array(w);
	jw_i64(w, INT64_MIN);
	jw_u64(w, UINT64_MAX);
	jw_bool(w, true);
	jw_bool(w, false);
	jw_null(w);
	jw_end(w);
	jw_key(w, "o");
	jw_object(w);
	jw_end(w);
	jw_key(w, "e");
	jw_array(w);
	jw_end(w);
	jw_key(w, "n");
	jw_array(w);
	jw_array(w);
	jw_end(w);
	jw_object(w);
	jw_key(w, "x");
	jw_str(w, NULL);
	jw_end(w);
	jw_end(w);
	jw_key(w, "s");
	jw_str(w, "a/b");
	jw_end(w);
}

static void check_style(int style, const char *want)
{
	struct buf b = { 0 };
	AUTO(jw_free) struct jw *w = jw_new(style, jw_to_buf, &b);

	sample(w);
	CHECK_ERR(jw_finish(w), 0);
	CHECK_STR(b.data, want);
	buf_done(&b);
}

TEST(compact)
{
	check_style(
		JW_COMPACT,
		"{\"a\":[-9223372036854775808,18446744073709551615,true,false,null],\"o\":{},\"e\":[],\"n\":[[],{\"x\":null}],\"s\":\"a/b\"}");
}

TEST(pretty)
{
	check_style(JW_PRETTY, "{\n"
			       "  \"a\": [\n"
			       "    -9223372036854775808,\n"
			       "    18446744073709551615,\n"
			       "    true,\n"
			       "    false,\n"
			       "    null\n"
			       "  ],\n"
			       "  \"o\": {},\n"
			       "  \"e\": [],\n"
			       "  \"n\": [\n"
			       "    [],\n"
			       "    {\n"
			       "      \"x\": null\n"
			       "    }\n"
			       "  ],\n"
			       "  \"s\": \"a/b\"\n"
			       "}\n");
}

TEST(top_level)
{
	static const struct {
		int style;
		bool array;
		const char *want;
	} rows[] = { { JW_COMPACT, false, "{}" },
		     { JW_COMPACT, true, "[]" },
		     { JW_PRETTY, false, "{}\n" },
		     { JW_PRETTY, true, "[]\n" } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf b = { 0 };
		AUTO(jw_free) struct jw *w = jw_new(rows[i].style, jw_to_buf, &b);

		rows[i].array ? jw_array(w) : jw_object(w);
		jw_end(w);
		CHECK_ERR(jw_finish(w), 0);
		CHECK_STR(b.data, rows[i].want);
		buf_done(&b);
	}
}

TEST(strings)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "", "\"\"" },
		{ "\"\\\b\f\n\r\t\x01\x1f", "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001F\"" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "a\xff"
		  "b",
		  "\"a\xef\xbf\xbd"
		  "b\"" },
		{ "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "x\xe2\x82", "\"x\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf b = { 0 };
		AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, jw_to_buf, &b);

		jw_str(w, rows[i].in);
		CHECK_ERR(jw_finish(w), 0);
		CHECK_STR(b.data, rows[i].want);
		buf_done(&b);
	}
}

TEST(key_is_cleaned_too)
{
	struct buf b = { 0 };
	AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, jw_to_buf, &b);

	jw_object(w);
	jw_key(w, "k\xff");
	jw_strn(w, "ab", 1);
	jw_end(w);
	CHECK_ERR(jw_finish(w), 0);
	CHECK_STR(b.data, "{\"k\xef\xbf\xbd\":\"a\"}");
	buf_done(&b);
}

static int failing_sink(void *arg, const char *data, size_t len)
{
	(void)data;
	(void)len;
	++*(int *)arg;
	return -ENOSPC;
}

TEST(sink_error_sticks)
{
	int calls = 0;
	AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, failing_sink, &calls);

	jw_array(w);
	for (int i = 0; i < 10000; i++)
		jw_str(w, "0123456789");
	jw_end(w);
	CHECK_ERR(jw_finish(w), -ENOSPC);
	CHECK_INT(calls, 1);
}

TEST(large_output)
{
	struct buf b = { 0 };
	AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, jw_to_buf, &b);
	autofree char *s = malloc(100000);

	memset(s, 'x', 100000);
	jw_array(w);
	jw_strn(w, s, 100000);
	for (int i = 0; i < 3000; i++)
		jw_u64(w, 7);
	jw_end(w);
	CHECK_ERR(jw_finish(w), 0);
	CHECK_INT(b.len, 1 + 100002 + 2 * 3000 + 1);
	buf_done(&b);
}

TEST(misuse)
{
	for (int i = 0; i < 7; i++) {
		struct buf b = { 0 };
		AUTO(jw_free) struct jw *w = jw_new(JW_PRETTY, jw_to_buf, &b);

		if (i == 1)
			jw_object(w);
		if (i == 2)
			jw_end(w);
		if (i == 3) {
			jw_array(w);
			jw_key(w, "k");
		}
		if (i == 4) {
			jw_null(w);
			jw_null(w);
		}
		if (i == 5) {
			jw_object(w);
			jw_i64(w, 1);
			jw_end(w);
		}
		for (int n = 0; i == 6 && n < 1000; n++)
			jw_array(w);
		CHECK_ERR(jw_finish(w), -EINVAL);
		buf_done(&b);
	}
	CHECK_ERR(jw_finish(NULL), -ENOMEM);
	jw_object(NULL);
	jw_end(NULL);
}

TEST(hundredths)
{
	struct buf b = { 0 };
	AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, jw_to_buf, &b);

	jw_array(w);
	jw_hundredths(w, 0);
	jw_hundredths(w, 5);
	jw_hundredths(w, 10000);
	jw_hundredths(w, UINT64_MAX);
	jw_end(w);
	CHECK_ERR(jw_finish(w), 0);
	CHECK_STR(b.data, "[0.00,0.05,100.00,184467440737095516.15]");
	buf_done(&b);
}

CHECK_MAIN();
