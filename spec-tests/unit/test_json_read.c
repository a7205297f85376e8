/* SPDX-License-Identifier: Apache-2.0 */
/* The strict reader: what it refuses, where it says the mistake is, and that hostile documents cost little. */

#include <check.h>

#include <errno.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "json/read.h"

static struct err err;

static int parse_n(const char *json, size_t len)
{
	AUTO(jr_free) struct jr_doc *doc = NULL;

	err_clear(&err);
	return jr_parse("config.json", json, len, &doc, &err);
}

static int parse(const char *json)
{
	return parse_n(json, strlen(json));
}

TEST(accepts)
{
	static const char *const good[] = {
		"{}",
		" \t\r\n{} \n",
		"{\"a\":1}",
		"{\"a\":-0,\"b\":0}",
		"{\"a\":1.5,\"b\":1e3,\"c\":-1.25E-3}",
		"{\"a\":[true,false,null]}",
		"{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}",
		"{\"\":1}",
		"{\"a\":\"\\u00e9\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
		"{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf\x7f\"}",
		"{\"a\":18446744073709551615,\"b\":-9223372036854775808}",
		"{\"ab\":1,\"a\":2,\"abc\":3,\"b\":4}",
		"{\"a\":[[],{},[{}]]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!CHECK_ERR(parse(good[i]), 0))
			printf("# %s: %s\n", good[i], err.text);
}

TEST(refuses)
{
	static const struct {
		const char *json, *text, *pointer;
	} bad[] = {
		{ "", "config.json: the document is empty", "" },
		{ " \n\t ", "config.json: the document is empty", "" },
		{ "[]", "config.json: line 1, column 1: expected an object", "" },
		{ "null", "config.json: line 1, column 1: expected an object", "" },
		{ "\xef\xbb\xbf{}", "config.json: line 1, column 1: expected an object", "" },
		{ "{", "config.json: line 1, column 2: unexpected end", "" },
		{ "{}x", "config.json: line 1, column 3: garbage after the document", "" },
		{ "{}{}", "config.json: line 1, column 3: garbage after the document", "" },
		{ "{\"a\":1,}", "config.json: /a: line 1, column 8: expected a key", "/a" },
		{ "{\"a\":[1,]}", "config.json: /a/1: line 1, column 9: expected a value", "/a/1" },
		{ "{\"a\" 1}", "config.json: /a: line 1, column 6: expected `:`", "/a" },
		{ "{\"a\":1 \"b\":2}", "config.json: /a: line 1, column 8: expected `,` or `}`", "/a" },
		{ "{\n\n \"a\":[1 2]}", "config.json: /a/0: line 3, column 9: expected `,` or `]`", "/a/0" },
		{ "{a:1}", "config.json: line 1, column 2: expected a key", "" },
		{ "{'a':1}", "config.json: line 1, column 2: expected a key", "" },
		{ "{\"a\":1,\"a\":2}", "config.json: /a: duplicate key", "/a" },
		{ "{\"a\":1,\"\\u0061\":2}", "config.json: /a: duplicate key", "/a" },
		{ "{\"x\":[{},{\"b\":1,\"c\":1,\"b\":2}]}", "config.json: /x/1/b: duplicate key", "/x/1/b" },
		{ "{\"\":1,\"\":1}", "config.json: /: duplicate key", "/" },
		{ "{\"a/b~c\":[+1]}", "config.json: /a~1b~0c/0: line 1, column 11: expected a value", "/a~1b~0c/0" },
		{ "{\"a\":01}", "config.json: /a: line 1, column 8: number with a leading zero", "/a" },
		{ "{\"a\":.5}", "config.json: /a: line 1, column 6: expected a value", "/a" },
		{ "{\"a\":1.}", "config.json: /a: line 1, column 8: expected a digit", "/a" },
		{ "{\"a\":1e}", "config.json: /a: line 1, column 8: expected a digit", "/a" },
		{ "{\"a\":0x10}", "config.json: /a: line 1, column 7: expected `,` or `}`", "/a" },
		{ "{\"a\":-}", "config.json: /a: line 1, column 7: expected a value", "/a" },
		{ "{\"a\":NaN}", "config.json: /a: line 1, column 6: expected a value", "/a" },
		{ "{\"a\":Infinity}", "config.json: /a: line 1, column 6: expected a value", "/a" },
		{ "{\"a\":True}", "config.json: /a: line 1, column 6: expected a value", "/a" },
		{ "{\"a\":truex}", "config.json: /a: line 1, column 10: expected `,` or `}`", "/a" },
		{ "{\"a\":18446744073709551616}", "config.json: /a: integer does not fit 64 bits", "/a" },
		{ "{\"a\":-9223372036854775809}", "config.json: /a: integer does not fit 64 bits", "/a" },
		{ "{\"a\":100000000000000000000}", "config.json: /a: integer does not fit 64 bits", "/a" },
		{ "{/* no */}", "config.json: line 1, column 2: expected a key", "" },
		{ "{}// no", "config.json: line 1, column 3: garbage after the document", "" },
		{ "{\"a\":\"", "config.json: /a: line 1, column 7: string without end", "/a" },
		{ "{\"a\":\"x\\", "config.json: /a: line 1, column 8: invalid escape in a string", "/a" },
		{ "{\"a\":\"\n\"}", "config.json: /a: line 1, column 7: control character in a string", "/a" },
		{ "{\"a\":\"\\x\"}", "config.json: /a: line 1, column 7: invalid escape in a string", "/a" },
		{ "{\"a\":\"\\u12g4\"}", "config.json: /a: line 1, column 7: invalid escape in a string", "/a" },
		{ "{\"a\":\"\\u0000\"}", "config.json: /a: line 1, column 7: NUL in a string", "/a" },
		{ "{\"a\\u0000\":1}", "config.json: line 1, column 4: NUL in a string", "" },
		{ "{\"a\":\"\\ud800\"}", "config.json: /a: line 1, column 7: lone surrogate in a string", "/a" },
		{ "{\"a\":\"\\ud800\\u0041\"}", "config.json: /a: line 1, column 7: lone surrogate in a string", "/a" },
		{ "{\"a\":\"\\udc00\\ud800\"}", "config.json: /a: line 1, column 7: lone surrogate in a string", "/a" },
		{ "{\"a\":\"\xff\"}", "config.json: /a: line 1, column 7: invalid UTF-8 in a string", "/a" },
		{ "{\"a\":\"\xc0\x80\"}", "config.json: /a: line 1, column 7: invalid UTF-8 in a string", "/a" },
		{ "{\"a\":\"\xc1\xbf\"}", "config.json: /a: line 1, column 7: invalid UTF-8 in a string", "/a" },
		{ "{\"a\":\"\xe0\x9f\xbf\"}", "config.json: /a: line 1, column 7: invalid UTF-8 in a string", "/a" },
		{ "{\"a\":\"\xed\xa0\x80\"}", "config.json: /a: line 1, column 7: invalid UTF-8 in a string", "/a" },
		{ "{\"a\":\"\xf0\x8f\xbf\xbf\"}", "config.json: /a: line 1, column 7: invalid UTF-8 in a string",
		  "/a" },
		{ "{\"a\":\"\xf4\x90\x80\x80\"}", "config.json: /a: line 1, column 7: invalid UTF-8 in a string",
		  "/a" },
		{ "{\"a\":\"\xf5\x80\x80\x80\"}", "config.json: /a: line 1, column 7: invalid UTF-8 in a string",
		  "/a" },
		{ "{\"a\":\"\x80\"}", "config.json: /a: line 1, column 7: invalid UTF-8 in a string", "/a" },
		{ "{\"a\":\"\xe2\x82", "config.json: /a: line 1, column 7: invalid UTF-8 in a string", "/a" },
		{ "{\"a\\nb\":x}", "config.json: /a?b: line 1, column 9: expected a value", "/a?b" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_ERR(parse(bad[i].json), -EINVAL);
		CHECK_STR(err.text, bad[i].text);
		CHECK_STR(err.pointer, bad[i].pointer);
		CHECK_INT(err.code, EINVAL);
	}
}

TEST(raw_nul)
{
	CHECK_ERR(parse_n("{\"a\":\"b\0c\"}", 11), -EINVAL);
	CHECK_ERR(parse_n("{}\0", 3), -EINVAL);
	CHECK_ERR(parse_n("{\"a\"\0:1}", 8), -EINVAL);
	CHECK_ERR(parse_n("{\"a\":\"\\\0\"}", 10), -EINVAL);
}

/* Every proper prefix of a good document is refused and nothing is read behind it (the sanitizer watches). */
TEST(prefixes)
{
	static const char json[] = "{\"a\":[1,-2.5e3,\"x\\u00e9\\ud83d\\ude00\xc3\xa9\",true,null],\"b\":{\"c\":{}}}";

	for (size_t n = 0; n < sizeof(json) - 1; n++) {
		autofree char *copy = malloc(n ? n : 1);

		memcpy(copy, json, n);
		CHECK_ERR(parse_n(copy, n), -EINVAL);
	}
	CHECK_ERR(parse(json), 0);
}

TEST(typed)
{
	static const char json[] =
		"{\"s\":\"a\\u0062\",\"i\":-7,\"u\":18446744073709551615,\"m\":9223372036854775807,\"d\":1.0,\"t\":true,"
		"\"n\":null,\"a\":[1,null],\"o\":{\"y\":1,\"x\":2}}";
	AUTO(jr_free) struct jr_doc *doc = NULL;
	const struct jp top = { 0 }, at = { .up = &top, .key = "k" };
	const struct jr_value *o;
	struct jr_member m;
	const char *s = NULL;
	size_t len = 0;
	int64_t i = 0;
	uint64_t u = 0;
	bool b = false;

	REQUIRE(jr_parse("x.json", json, strlen(json), &doc, &err) == 0);
	o = jr_root(doc);
	CHECK_STR(jr_name(doc), "x.json");
	CHECK_INT(jr_members(o), 9);
	CHECK(!jr_str(doc, jr_get(o, "s"), &at, &s, &len, &err) && len == 2);
	CHECK_STR(s, "ab");
	CHECK(!jr_i64(doc, jr_get(o, "i"), &at, -7, 0, &i, &err) && i == -7);
	CHECK(!jr_u64(doc, jr_get(o, "u"), &at, UINT64_MAX, &u, &err) && u == UINT64_MAX);
	CHECK(!jr_i64(doc, jr_get(o, "m"), &at, 0, INT64_MAX, &i, &err) && i == INT64_MAX);
	CHECK(!jr_u64(doc, jr_get(o, "m"), &at, INT64_MAX, &u, &err) && u == INT64_MAX);
	CHECK(!jr_bool(doc, jr_get(o, "t"), &at, &b, &err) && b);
	CHECK(!jr_get(o, "n") && !jr_get(o, "zz"));
	CHECK_INT(jr_elements(jr_get(o, "a")), 2);
	CHECK_INT(jr_type_of(jr_element(jr_get(o, "a"), 1)), JR_NULL);
	m = jr_first(jr_get(o, "o"));
	CHECK_STR(m.key, "y");
	jr_next(&m);
	CHECK_STR(m.key, "x");
	jr_next(&m);
	CHECK(!m.key);

	err_clear(&err);
	CHECK_ERR(jr_i64(doc, jr_get(o, "u"), &at, 0, INT64_MAX, &i, &err), -EINVAL);
	CHECK_STR(err.text, "x.json: /k: must not be above 9223372036854775807");
	CHECK_ERR(jr_u64(doc, jr_get(o, "i"), &at, 5, &u, &err), -EINVAL);
	CHECK_STR(err.text, "x.json: /k: must not be negative");
	CHECK_ERR(jr_i64(doc, jr_get(o, "i"), &at, -6, 5, &i, &err), -EINVAL);
	CHECK_STR(err.text, "x.json: /k: must not be below -6");
	CHECK_ERR(jr_i64(doc, jr_get(o, "d"), &at, 0, 5, &i, &err), -EINVAL);
	CHECK_STR(err.text, "x.json: /k: expected an integer");
	CHECK_ERR(jr_bool(doc, jr_get(o, "i"), &at, &b, &err), -EINVAL);
	CHECK_STR(err.text, "x.json: /k: expected a boolean");
	CHECK_ERR(jr_str(doc, jr_element(jr_get(o, "a"), 1), NULL, &s, &len, &err), -EINVAL);
	CHECK_STR(err.text, "x.json: expected a string");
}

/* A sanitizer makes everything a few times slower, and so does a machine that says it by WAIT_FACTOR. */
#ifdef __SANITIZE_ADDRESS__
#define SLOWER 4.0
#else
#define SLOWER 1.0
#endif

static double seconds_max(void)
{
	const char *factor = getenv("WAIT_FACTOR");

	return SLOWER * (factor && atoi(factor) > 1 ? atoi(factor) : 1);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void repeat(struct buf *b, const char *s, size_t n)
{
	while (n--)
		buf_adds(b, s);
}

static void bomb(const char *name, const char *head, const char *body, size_t n, const char *tail, int want)
{
	struct buf b = { 0 };
	double start;

	buf_adds(&b, head);
	repeat(&b, body, n);
	buf_adds(&b, tail);
	start = seconds();
	CHECK_ERR(parse_n(b.data, b.len), want);
	start = seconds() - start;
	if (!CHECK(start < seconds_max()))
		printf("# %s took %.2f s\n", name, start);
	buf_done(&b);
}

TEST(bombs)
{
	struct buf b = { 0 };
	double start;

	bomb("depth of arrays", "{\"a\":", "[", 1000000, "", -EINVAL);
	CHECK(strstr(err.text, "nested too deeply") != NULL);
	bomb("depth of objects", "", "{\"a\":", 1000000, "", -EINVAL);
	CHECK(strstr(err.text, "nested too deeply") != NULL);
	bomb("size", "{\"a\":\"", "xxxxxxxxxx", 10000000, "\"}", -EINVAL);
	CHECK_STR(err.text, "config.json: larger than 16 MiB");
	bomb("same key", "{", "\"a\":1,", 1000000, "\"a\":1}", -EINVAL);
	bomb("numbers", "{\"a\":[", "1,", 8000000, "1]}", -EINVAL);
	CHECK(strstr(err.text, "too many values") != NULL);
	bomb("objects", "{\"a\":[", "{},", 5000000, "{}]}", -EINVAL);
	bomb("long string", "{\"a\":\"", "xxxxxxxxxx", 800000, "\"}", -EINVAL);
	CHECK_STR(err.text, "config.json: /a: string is longer than 4 MiB");
	bomb("digits", "{\"a\":0.", "1", 600, "}", -EINVAL);
	CHECK_STR(err.text, "config.json: /a: number is too long");
	bomb("blanks", "{", "          ", 1600000, "}", 0);
	bomb("escapes", "{\"a\":\"", "\\u00e9", 690000, "\"}", 0);
	bomb("lines before a mistake", "{", "\n", 16000000, "x", -EINVAL);
	/* keys with a long common prefix, sorted */
	buf_adds(&b, "{");
	for (int i = 0; i < 15000; i++) {
		buf_adds(&b, i ? ",\"" : "\"");
		repeat(&b, "prefix~", 140);
		buf_addf(&b, "%d\":1", i);
	}
	buf_adds(&b, "}");
	start = seconds();
	CHECK_ERR(parse_n(b.data, b.len), 0);
	CHECK(seconds() - start < seconds_max());
	buf_done(&b);
}

TEST(depth)
{
	struct buf b = { 0 };

	for (int depth = 63; depth <= 65; depth++) {
		buf_done(&b);
		memset(&b, 0, sizeof(b));
		repeat(&b, "{\"a\":", (size_t)depth - 1);
		buf_adds(&b, "{}");
		repeat(&b, "}", (size_t)depth - 1);
		CHECK_ERR(parse_n(b.data, b.len), depth <= SCAN_DEPTH_MAX ? 0 : -EINVAL);
	}
	buf_done(&b);
}

CHECK_MAIN();
