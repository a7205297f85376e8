/* SPDX-License-Identifier: Apache-2.0 */
/* masu-init's own snprintf against the libc's, over every conversion that it knows. */
#include <stdarg.h>
#include <stdint.h>

#include "lib/check.h"

int init_vsnprintf(char *out, size_t len, const char *format, va_list args);
int init_snprintf(char *out, size_t len, const char *format, ...);
#define vsnprintf init_vsnprintf
#define snprintf init_snprintf
#include "src/init/format.c"
#undef vsnprintf
#undef snprintf

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

#define SAME(...)                                                     \
	do {                                                          \
		char want[256], got[256];                             \
		int w = snprintf(want, sizeof(want), __VA_ARGS__);    \
		int g = init_snprintf(got, sizeof(got), __VA_ARGS__); \
		CHECK_INT(g, w);                                      \
		CHECK_STR(got, want);                                 \
	} while (0)

TEST(text)
{
	SAME("plain");
	SAME("%s|%10s|%-10s|%.2s|%.*s|%c|%%", "abc", "abc", "abc", "abc", 1, "abc", 'x');
	SAME("%*s|%-*s|%*s", 6, "ab", 6, "ab", -6, "ab");
	SAME("%.0s|%5.1s", "abc", "abc");
}

TEST(numbers)
{
	static const char *const formats[] = { "%d", "%5d", "%-5d|", "%05d", "%.3d", "%8.3d", "%i",  "%u",   "%x",
					       "%X", "%o",  "%#x",   "%#o",  "%04o", "%08x",  "%2u", "%-8x|" };
	static const int values[] = { 0, 1, -1, 7, 42, -42, 255, 4095, 65536, INT32_MAX, INT32_MIN };

	for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++)
		for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++)
			SAME(formats[f], values[v]);
}

TEST(sizes)
{
	static const int64_t values[] = { 0, 1, -1, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, 0x123456789abcdef };

	for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
		SAME("%ld %lu %lx %lld %llu %llo %zu %jd", (long)values[v], (unsigned long)values[v],
		     (unsigned long)values[v], (long long)values[v], (unsigned long long)values[v],
		     (unsigned long long)values[v], (size_t)values[v], (intmax_t)values[v]);
		SAME("%hd %hu %hhd %hhu", (short)values[v], (unsigned short)values[v], (signed char)values[v],
		     (unsigned char)values[v]);
		SAME("%020lx|%-20lu|%.15ld", (unsigned long)values[v], (unsigned long)values[v], (long)values[v]);
	}
	SAME("%p", (void *)0x1234);
}

TEST(truncation)
{
	char got[8] = "xxxxxxx", one = 'x';

	CHECK_INT(init_snprintf(got, 4, "%s", "abcdef"), 6);
	CHECK_STR(got, "abc");
	CHECK_INT(got[4], 'x');
	CHECK_INT(init_snprintf(&one, 0, "%s", "abc"), 3);
	CHECK_INT(one, 'x');
	CHECK_INT(init_snprintf(&one, 1, "%d", 5), 1);
	CHECK_INT(one, 0);
}

TEST(unknown_stands_as_it_is)
{
	char got[32];

	init_snprintf(got, sizeof(got), "%y|%s", "b");
	CHECK_STR(got, "%y|b");
	init_snprintf(got, sizeof(got), "tail %");
	CHECK_STR(got, "tail %");
}

CHECK_MAIN();
