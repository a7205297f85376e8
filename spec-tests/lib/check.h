/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests in one header: each TEST(name) registers itself, CHECK_MAIN() runs them in source order and prints TAP.
 * A failed CHECK is reported at once and the test goes on; REQUIRE returns from the (void) test function.
 * An argument of the program runs only the tests whose name contains it. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check_test {
	const char *name;
	void (*fn)(void);
	int line;
	struct check_test *next;
};

static struct check_test *check_tests;
static unsigned check_failed; /* failed checks of the running test */
static const char *check_skipped;

/* Constructors may run in any order, so the line number decides. */
static inline void check_register(struct check_test *t)
{
	struct check_test **at = &check_tests;

	while (*at && (*at)->line < t->line)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
}

#define TEST(ident)                                                                    \
	static void test_##ident(void);                                                \
	__attribute__((constructor)) static void check_register_##ident(void)          \
	{                                                                              \
		static struct check_test t = { #ident, test_##ident, __LINE__, NULL }; \
		check_register(&t);                                                    \
	}                                                                              \
	static void test_##ident(void)

static inline bool check_that(bool ok, const char *file, int line, const char *what)
{
	if (!ok) {
		check_failed++;
		printf("# %s:%d: %s\n", file, line, what);
	}
	return ok;
}

static inline bool check_int(long long got, long long want, const char *file, int line, const char *what)
{
	if (got == want)
		return true;
	check_failed++;
	printf("# %s:%d: %s is %lld, wanted %lld\n", file, line, what, got, want);
	return false;
}

static inline bool check_str(const char *got, const char *want, const char *file, int line, const char *what)
{
	if (got == want || (got && want && !strcmp(got, want)))
		return true;
	check_failed++;
	printf("# %s:%d: %s is %s%s%s, wanted %s%s%s\n", file, line, what, got ? "\"" : "", got ? got : "NULL",
	       got ? "\"" : "", want ? "\"" : "", want ? want : "NULL", want ? "\"" : "");
	return false;
}

static inline bool check_err(long long got, long long want, const char *file, int line, const char *what)
{
	if (got == want)
		return true;
	check_failed++;
	printf("# %s:%d: %s is %lld (%s), wanted %lld (%s)\n", file, line, what, got,
	       got < 0 ? strerror((int)-got) : "no error", want, want < 0 ? strerror((int)-want) : "no error");
	return false;
}

#define CHECK(cond) check_that((cond) ? true : false, __FILE__, __LINE__, #cond)
#define CHECK_INT(got, want) check_int((long long)(got), (long long)(want), __FILE__, __LINE__, #got)
#define CHECK_STR(got, want) check_str((got), (want), __FILE__, __LINE__, #got)
#define CHECK_ERR(expr, want) check_err((long long)(expr), (long long)(want), __FILE__, __LINE__, #expr)
#define CHECK_MEM(got, want, n) \
	check_that(!memcmp((got), (want), (n)), __FILE__, __LINE__, "the bytes of " #got " differ from " #want)

/* For what the rest of the test cannot do without. */
#define REQUIRE(cond)             \
	do {                      \
		if (!CHECK(cond)) \
			return;   \
	} while (0)

/* Leaves the test function; it counts as skipped unless a check failed before. */
#define SKIP(why)                      \
	do {                           \
		check_skipped = (why); \
		return;                \
	} while (0)

static inline int check_run(const char *only)
{
	unsigned n = 0, bad = 0;

	/* whole lines at once, so that a fork in a test does not repeat what is still in the buffer */
	setvbuf(stdout, NULL, _IOLBF, 8192);
	for (struct check_test *t = check_tests; t; t = t->next)
		n += !only || strstr(t->name, only);
	printf("1..%u\n", n);
	n = 0;
	for (struct check_test *t = check_tests; t; t = t->next) {
		if (only && !strstr(t->name, only))
			continue;
		check_failed = 0;
		check_skipped = NULL;
		t->fn();
		n++;
		bad += check_failed > 0;
		printf("%s %u - %s%s%s\n", check_failed ? "not ok" : "ok", n, t->name,
		       check_skipped && !check_failed ? " # SKIP " : "",
		       check_skipped && !check_failed ? check_skipped : "");
	}
	fflush(stdout);
	return bad ? 1 : 0;
}

#define CHECK_MAIN()                                         \
	int main(int argc, char **argv)                      \
	{                                                    \
		return check_run(argc > 1 ? argv[1] : NULL); \
	}                                                    \
	_Static_assert(1, "a semicolon may follow")
