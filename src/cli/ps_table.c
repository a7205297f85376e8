/* SPDX-License-Identifier: Apache-2.0 */
/* Picking lines by their PID column. */
#include "cli/ps_table.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "cli/fail.h"

#define BLANKS " \t"

/* Word number i of the line; NULL when it has fewer. */
static const char *word_at(const char *line, size_t i, size_t *ret_len)
{
	for (;; i--) {
		line += strspn(line, BLANKS);
		*ret_len = strcspn(line, BLANKS);
		if (!*ret_len)
			return NULL;
		if (!i)
			return line;
		line += *ret_len;
	}
}

static int find_column(const char *heading, size_t *ret)
{
	const char *word;
	size_t len;

	for (*ret = 0; (word = word_at(heading, *ret, &len)); ++*ret)
		if (len == 3 && memcmp(word, "PID", 3) == 0)
			return 0;
	return -EINVAL;
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int filter_line(const char *line, size_t column, const pid_t *pids, size_t n, struct buf *out,
		       struct masu_error *err)
{
	char number[24] = "";
	size_t len = 0;
	const char *word = word_at(line, column, &len);
	uint64_t value;
	pid_t pid;

	if (word && len < sizeof(number))
		memcpy(number, word, len);
	if (parse_u64(number, INT32_MAX, &value) < 0)
		return fail_set(err, EINVAL, "read the output of ps: unexpected pid `%.*s`", word ? (int)len : 0,
				word ? word : "");
	pid = (pid_t)value;
	if (n > 0 && bsearch(&pid, pids, n, sizeof(pid), compare))
		buf_addf(out, "%s\n", line);
	return 0;
}

int ps_table_filter(char *text, const pid_t *pids, size_t n, struct buf *out, struct masu_error *err)
{
	size_t column = 0;
	int r = 0;

	for (bool heading = true; r == 0 && *text; heading = false) {
		char *end = text + strcspn(text, "\n");
		bool more = *end != '\0';

		*end = '\0';
		if (heading && find_column(text, &column) < 0)
			return fail_set(err, EINVAL, "couldn't find PID field in ps output");
		if (heading)
			buf_addf(out, "%s\n", text);
		else if (*text)
			r = filter_line(text, column, pids, n, out, err);
		text = end + more;
	}
	return r;
}
