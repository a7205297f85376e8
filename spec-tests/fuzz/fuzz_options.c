/* SPDX-License-Identifier: Apache-2.0 */
/* The option parser: each word of the command line is an option, a value or a plain word, none is lost or invented. */
#include "fuzz.h"

#include "cli/opt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_words w = fuzz_words(data, len, 40);
	const char *bundle = NULL, *log = NULL;
	int number = 0, word = 0;
	bool all = false, quiet = false;
	struct opt_list list = { 0 };
	static const struct word names[] = { { "text", 1 }, { "json", 2 } };
	static const struct vocab formats = { "format", names, 2 };
	const struct opt rows[] = {
		OPT_FLAG('a', "all", &all, ""),
		OPT_QUIET('q', "quiet", &quiet, ""),
		OPT_TEXT('b', "bundle", "DIR", &bundle, ""),
		OPT_TEXT(0, "log", "FILE", &log, ""),
		OPT_NUMBER(0, "preserve-fds", "N", &number, ""),
		OPT_WORD('f', "format", "F", &formats, &word, ""),
		OPT_LIST('e', "env", "VAR", &list, ""),
		OPT_END,
	};
	const struct opt *const tables[] = { rows, NULL };
	struct masu_error err = { 0 };
	size_t given = w.n, limit = len ? data[0] % 4u : SIZE_MAX;
	int r = opt_parse(w.v, tables, limit == 3 ? SIZE_MAX : limit, &err);

	if (r < 0) {
		MUST(err.text[0]);
	} else {
		MUST((size_t)r <= given && w.v[r] == NULL);
		for (int i = 0; i < r; i++)
			MUST(w.v[i] >= w.text && w.v[i] <= w.text + len);
		MUST(number >= 0 && number <= OPT_NUMBER_MAX);
		MUST(word == 0 || word == 1 || word == 2);
		MUST(!bundle || (bundle >= w.text && bundle <= w.text + len));
		for (size_t i = 0; i < list.n; i++)
			MUST(list.v[i] >= w.text && list.v[i] <= w.text + len);
		MUST(!list.v || !list.v[list.n]);
	}
	free(list.v);
	fuzz_words_free(&w);
	return 0;
}
