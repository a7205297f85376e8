/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena, base/buf, base/flat. */
#include <errno.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/flat.h"
#include "check.h"

TEST(arena_gives_zeroed_aligned_distinct_memory)
{
	struct arena a = { 0 };
	char *last = NULL;
	bool zero = true;

	for (size_t i = 0; i < 5000; i++) {
		size_t n = i % 97;
		char *p = arena_alloc(&a, n, 1);

		REQUIRE(p);
		zero &= (uintptr_t)p % 16 == 0 && p != last;
		for (size_t k = 0; k < n; k++)
			zero &= p[k] == 0;
		memset(p, 0xff, n);
		last = p;
	}
	CHECK(zero);
	arena_done(&a);
	arena_done(&a);
	CHECK_INT(a.total, 0);
}

TEST(arena_large_objects_do_not_waste_the_open_chunk)
{
	struct arena a = { 0 };
	char *p = arena_alloc(&a, 1, 16), *big, *q;

	REQUIRE(p);
	big = arena_alloc(&a, 3, 1024 * 1024);
	REQUIRE(big);
	memset(big, 1, 3 * 1024 * 1024);
	q = arena_alloc(&a, 1, 16);
	CHECK(q == p + 16);
	arena_done(&a);
}

TEST(arena_refuses_overflow)
{
	struct arena a = { 0 };

	CHECK(!arena_alloc(&a, SIZE_MAX, 2));
	CHECK(!arena_alloc(&a, SIZE_MAX, 1));
	CHECK(!arena_alloc(&a, SIZE_MAX / 16 + 2, 16));
	CHECK(!arena_alloc(&a, PTRDIFF_MAX, 1));
	CHECK(arena_alloc(&a, 0, 8));
	arena_done(&a);
}

TEST(arena_strings)
{
	struct arena a = { 0 };

	CHECK_STR(arena_strdup(&a, "abc"), "abc");
	CHECK_STR(arena_strdup(&a, ""), "");
	CHECK_STR(arena_strndup(&a, "abcdef", 3), "abc");
	CHECK_STR(arena_strndup(&a, "ab", 9), "ab");
	CHECK_STR(arena_printf(&a, "%s-%d", "x", 7), "x-7");
	arena_done(&a);
}

TEST(buf_grows_and_stays_terminated)
{
	struct buf b = { 0 };

	CHECK_ERR(buf_add(&b, NULL, 0), 0);
	CHECK_STR(b.data, "");
	for (int i = 0; i < 1000; i++)
		CHECK_ERR(buf_addf(&b, "%03d,", i), 0);
	CHECK_INT(b.len, 4000);
	CHECK_INT(b.data[4000], 0);
	CHECK_MEM(b.data + 3996, "999,", 4);
	CHECK_ERR(buf_adds(&b, "tail"), 0);
	CHECK_STR(b.data + 4000, "tail");
	CHECK_ERR(buf_pad(&b, 64), 0);
	CHECK_INT(b.len, 4032);
	CHECK_INT(b.data[4031], 0);
	CHECK_ERR(buf_pad(&b, 64), 0);
	CHECK_INT(b.len, 4032);
	buf_done(&b);
	CHECK(!b.data && !b.len && !b.cap);
}

TEST(buf_visible_text_stays_on_its_line)
{
	struct buf b = { 0 };

	CHECK_ERR(buf_add_visible(&b, "a b\n\t\\\x1b[31m\x7f\xc3\xa9"), 0);
	CHECK_STR(b.data, "a b\\012\\011\\134\\033[31m\\177\xc3\xa9");
	buf_done(&b);
}

TEST(buf_errors_stick)
{
	struct buf b = { 0 };

	buf_adds(&b, "x");
	CHECK_ERR(buf_add(&b, "y", SIZE_MAX - 1), -ENOMEM);
	CHECK_ERR(buf_adds(&b, "z"), -ENOMEM);
	CHECK_ERR(buf_addf(&b, "z"), -ENOMEM);
	CHECK_ERR(buf_pad(&b, 8), -ENOMEM);
	CHECK_STR(b.data, "x");
	buf_done(&b);
}

struct rec {
	uint64_t a;
	struct flat_str name;
};

static const char head[16] = "HEADER";

static struct flat view(const struct buf *b)
{
	return (struct flat){ b->data, b->len };
}

TEST(flat_round_trip)
{
	struct buf b = { 0 };
	const char *const words[] = { "one", "", NULL, "four" };
	struct rec recs[2] = { { .a = 1 }, { .a = 2 } };
	struct flat_str s;
	struct flat_arr v, r;
	struct flat_bytes y;
	const struct flat_str *list;
	const struct rec *got;
	struct flat f;

	buf_add(&b, head, sizeof(head));
	s = flat_add_str(&b, "hello");
	recs[1].name = flat_add_str(&b, "second");
	v = flat_add_strv(&b, words, 4);
	y = flat_add_bytes(&b, "\1\0\2", 3);
	r = flat_add_arr(&b, recs, 2, sizeof(recs[0]));
	CHECK_INT(b.error, 0);
	f = view(&b);
	CHECK_STR(flat_str(&f, s), "hello");
	CHECK_INT(s.len, 5);
	list = flat_arr(&f, v, sizeof(*list));
	REQUIRE(list);
	CHECK_INT(v.count, 4);
	CHECK_STR(flat_str(&f, list[0]), "one");
	CHECK_STR(flat_str(&f, list[1]), "");
	CHECK(flat_has(list[1]));
	CHECK(!flat_has(list[2]) && !flat_str(&f, list[2]));
	CHECK_STR(flat_str(&f, list[3]), "four");
	REQUIRE(flat_bytes(&f, y));
	CHECK_MEM(flat_bytes(&f, y), "\1\0\2", 3);
	got = flat_arr(&f, r, sizeof(*got));
	REQUIRE(got);
	CHECK_INT(got[1].a, 2);
	CHECK_STR(flat_str(&f, got[1].name), "second");
	buf_done(&b);
}

TEST(flat_absent_things)
{
	struct buf b = { 0 };
	struct flat f;

	buf_add(&b, head, sizeof(head));
	CHECK(!flat_has(flat_add_str(&b, NULL)));
	CHECK_INT(flat_add_arr(&b, NULL, 0, 8).off, 0);
	CHECK_INT(flat_add_strv(&b, NULL, 0).off, 0);
	CHECK_INT(flat_add_bytes(&b, NULL, 0).off, 0);
	f = view(&b);
	CHECK(!flat_str(&f, (struct flat_str){ 0, 0 }));
	CHECK(!flat_arr(&f, (struct flat_arr){ 0, 0 }, 8));
	CHECK(!flat_arr(&f, (struct flat_arr){ 0, 2 }, 8));
	CHECK(!flat_bytes(&f, (struct flat_bytes){ 0, 8 }));
	CHECK(!flat_bytes(&f, (struct flat_bytes){ 0, 0 }));
	buf_done(&b);
}

TEST(flat_builder_needs_a_header_and_reports_it)
{
	struct buf b = { 0 };

	CHECK(!flat_has(flat_add_str(&b, "x")));
	CHECK_INT(b.error, -EINVAL);
	CHECK_INT(flat_add_arr(&b, "12345678", 1, 8).off, 0);
	buf_done(&b);
	buf_add(&b, head, sizeof(head));
	CHECK_INT(flat_add_arr(&b, "x", SIZE_MAX / 2, 8).off, 0);
	CHECK_INT(b.error, -EFBIG);
	buf_done(&b);
	buf_add(&b, head, sizeof(head));
	CHECK_INT(flat_add_bytes(&b, "x", UINT32_MAX).off, 0);
	CHECK_INT(b.error, -EFBIG);
	buf_done(&b);
}

TEST(flat_refuses_references_out_of_bounds)
{
	_Alignas(8) char mem[32] = "HEADERXXabcdefg\0";
	struct flat f = { mem, sizeof(mem) };

	CHECK_STR(flat_str(&f, (struct flat_str){ 8, 7 }), "abcdefg");
	CHECK(!flat_str(&f, (struct flat_str){ 8, 6 }));  /* no NUL where it has to be */
	CHECK(!flat_str(&f, (struct flat_str){ 8, 8 }));  /* a NUL inside */
	CHECK(!flat_str(&f, (struct flat_str){ 8, 24 })); /* the NUL lies outside */
	CHECK_STR(flat_str(&f, (struct flat_str){ 31, 0 }), "");
	CHECK(!flat_str(&f, (struct flat_str){ 31, 1 }));
	CHECK(!flat_str(&f, (struct flat_str){ 32, 0 }));
	CHECK(!flat_str(&f, (struct flat_str){ 33, 0 }));
	CHECK(!flat_str(&f, (struct flat_str){ UINT32_MAX, 1 }));
	CHECK(!flat_str(&f, (struct flat_str){ 8, UINT32_MAX }));
	CHECK(!flat_str(&f, (struct flat_str){ UINT32_MAX, UINT32_MAX }));

	CHECK(flat_arr(&f, (struct flat_arr){ 8, 3 }, 8) == mem + 8);
	CHECK(!flat_arr(&f, (struct flat_arr){ 8, 4 }, 8));
	CHECK(!flat_arr(&f, (struct flat_arr){ 12, 1 }, 8)); /* misaligned */
	CHECK(!flat_arr(&f, (struct flat_arr){ 32, 1 }, 8));
	CHECK(!flat_arr(&f, (struct flat_arr){ 40, 1 }, 8));
	CHECK(!flat_arr(&f, (struct flat_arr){ 8, UINT32_MAX }, 8));
	CHECK(!flat_arr(&f, (struct flat_arr){ 8, 1 }, SIZE_MAX));
	CHECK(!flat_arr(&f, (struct flat_arr){ 8, 2 }, SIZE_MAX / 2 + 1));
	CHECK(!flat_arr(&f, (struct flat_arr){ 8, 1 }, 0));

	CHECK(flat_bytes(&f, (struct flat_bytes){ 24, 8 }) == mem + 24);
	CHECK(!flat_bytes(&f, (struct flat_bytes){ 24, 9 }));
	CHECK(!flat_bytes(&f, (struct flat_bytes){ 20, 1 }));
	CHECK(!flat_bytes(&f, (struct flat_bytes){ 24, UINT32_MAX }));

	f.base = NULL;
	CHECK(!flat_str(&f, (struct flat_str){ 8, 7 }));
	f = (struct flat){ mem, 0 };
	CHECK(!flat_str(&f, (struct flat_str){ 8, 0 }));
}

TEST(flat_base_that_is_misaligned_gives_no_records)
{
	_Alignas(8) char mem[40] = { 0 };
	struct flat f = { mem + 4, 32 };

	CHECK(!flat_arr(&f, (struct flat_arr){ 8, 1 }, 8));
	CHECK(!flat_arr(&f, (struct flat_arr){ 12, 1 }, 8));
}

CHECK_MAIN();
