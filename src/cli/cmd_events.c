/* SPDX-License-Identifier: Apache-2.0 */
/* events: lines of JSON as the library makes them. */
#include "cli/command.h"
#include "cli/duration.h"
#include "cli/fail.h"
#include "cli/out.h"

static struct {
	const char *interval;
	bool stats, all;
} given;

const struct opt cmd_events_options[] = {
	OPT_TEXT(0, "interval", "TIME", &given.interval, "time between two statistics, such as 1m30s (default: 5s)"),
	OPT_FLAG(0, "stats", &given.stats, "print the statistics of now and end"),
	OPT_FLAG('a', "all", &given.all, "all containers that run now"),
	OPT_END,
};

int cmd_events(struct program *p, char **args, int n_args, struct masu_error *err)
{
	const char *interval = command_text(given.interval);
	struct masu_events_options o = {
		.size = sizeof(o),
		.flags = (given.stats ? MASU_EVENTS_ONCE : 0) | (given.all ? MASU_EVENTS_ALL : 0),
	};
	uint32_t ms = 0;
	int r;

	if (n_args == 0 && !given.all)
		return fail_usage(err, "events: missing container id");
	if (n_args > 0 && given.all)
		return fail_usage(err, "events: `--all` and ids exclude each other");
	if (interval && (duration_parse(interval, &ms) < 0 || ms == 0))
		return fail_usage(err,
				  "option `--interval`: `%s`: expected a time from 1ms to 24 days, such as 5s or 1m30s",
				  interval);
	o.interval_ms = ms;
	r = program_runtime(p, err);
	return r < 0 ? r : masu_events(p->rt, (const char *const *)args, &o, out_write, NULL, err);
}
