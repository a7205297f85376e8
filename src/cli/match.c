/* SPDX-License-Identifier: Apache-2.0 */
/* --regex: extended regular expressions on container ids. The list is read before the first action, because an
 * action may change the directory that is listed. */
#include "cli/match.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/fail.h"
#include "cli/report.h"

struct match_list {
	regex_t re;
	bool also_stopped;
	struct buf ids; /* NUL-terminated strings one after another */
};

static int match_collect(void *arg, const struct masu_list_entry *entry)
{
	struct match_list *m = arg;

	if (!m->also_stopped && strcmp(entry->status, "stopped") == 0)
		return 0;
	if (regexec(&m->re, entry->id, 0, NULL, 0) != 0)
		return 0;
	return buf_add(&m->ids, entry->id, strlen(entry->id) + 1);
}

static void match_done(struct match_list *m)
{
	regfree(&m->re);
	buf_done(&m->ids);
}

int match_each(struct program *p, const char *pattern, bool also_stopped, match_fn *fn, void *arg,
	       struct masu_error *err)
{
	AUTO(match_done) struct match_list m = { .also_stopped = also_stopped };
	struct masu_error one = { 0 };
	char why[128];
	int failed = 0;
	int r = regcomp(&m.re, pattern, REG_EXTENDED | REG_NOSUB);

	if (r != 0) {
		regerror(r, &m.re, why, sizeof(why));
		/* The standard leaves a failed regex_t undefined: nothing of it may be freed. */
		memset(&m.re, 0, sizeof(m.re));
		return fail_usage(err, "option `--regex`: `%s`: %s", pattern, why);
	}
	r = masu_list(p->rt, match_collect, &m, err);
	if (r < 0)
		return r;
	for (size_t at = 0; at < m.ids.len; at += strlen(m.ids.data + at) + 1) {
		r = fn(p, m.ids.data + at, arg, failed ? &one : err);
		if (r >= 0)
			continue;
		if (failed)
			report_further(&one);
		else
			failed = r;
	}
	return failed;
}
