/* SPDX-License-Identifier: Apache-2.0 */
/* Mount option words: a word is known or data; no bit is both set and cleared; the last of two contradicting words wins. */
#include "fuzz.h"

#include "kernel/mount/options.h"

static int count(void *arg, size_t index, const char *word, struct err *err)
{
	(void)index, (void)err;
	MUST(!mount_option_find(word));
	++*(size_t *)arg;
	return 0;
}

static int parse(char **words, size_t n, struct mount_options *ret, size_t *data)
{
	struct err err = { 0 };
	int r;

	*ret = (struct mount_options){ 0 };
	*data = 0;
	r = mount_options_parse((const char *const *)words, n, ret, count, data, &err);
	if (r < 0)
		must_explain(r, &err);
	return r;
}

static void check_last(const struct mount_options *m, const char *last)
{
	const struct mount_option *o = mount_option_find(last);

	if (!o || (o->class_ != MOUNT_OPTION_SB && o->class_ != MOUNT_OPTION_ATTR))
		return;
	if (o->class_ == MOUNT_OPTION_SB)
		MUST(((o->set ? m->sb_set : m->sb_clr) & o->flag) == o->flag);
	if (o->recursive)
		MUST((m->rattr_set & o->attr_set) == o->attr_set);
	else
		MUST((m->attr_set & o->attr_set) == o->attr_set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_words w = fuzz_words(data, len, 48);
	struct mount_options m;
	size_t unknown, known = 0;

	if (parse(w.v, w.n, &m, &unknown) == 0) {
		for (size_t i = 0; i < w.n; i++)
			known += !w.v[i][0] || mount_option_find(w.v[i]); /* an empty word is nothing */
		MUST(known + unknown == w.n);
		MUST(!(m.sb_set & m.sb_clr));
		MUST(m.propagation_len <= 16);
		if (w.n)
			check_last(&m, w.v[w.n - 1]);
	}
	fuzz_words_free(&w);
	return 0;
}
