/* SPDX-License-Identifier: Apache-2.0 */
/* The story runner: order, conditions, failpoints, undo, timing at trace level. What the steps do is not its business. */

#include "base/story.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"

static void undo_backwards(const struct story *story, void *ctx, uint64_t done, size_t end)
{
	while (end-- > 0) {
		const struct step *s = &story->steps[end];

		if (!(done >> end & 1) || !s->undo)
			continue;
		log_debug("%s: undo %s", story->name, s->name);
		s->undo(ctx);
	}
}

/* *ret_acted tells whether the step's effect exists, so that a failpoint after the act is undone like a later failure. */
static int run_step(const struct story *story, const struct step *s, void *ctx, bool *ret_acted, struct err *err)
{
	int64_t begin = log_enabled(LOG_LEVEL_TRACE) ? clock_ns() : 0;
	int r = failpoint(story->name, s->name, FAILPOINT_BEFORE);

	*ret_acted = false;
	if (r < 0)
		return err_set(err, -r, "failpoint");
	r = s->act(ctx, err);
	if (r < 0)
		return r;
	*ret_acted = true;
	if (begin)
		log_at(LOG_LEVEL_TRACE, "%s: %s: %llu us", story->name, s->name,
		       (unsigned long long)(clock_ns() - begin) / 1000);
	r = failpoint(story->name, s->name, FAILPOINT_AFTER);
	return r < 0 ? err_set(err, -r, "failpoint") : 0;
}

int story_run(const struct story *story, void *ctx, struct err *err)
{
	uint64_t done = 0;

	if (story->len > STORY_STEPS_MAX)
		return err_set(err, EINVAL, "run story `%s`: too many steps", story->name);
	for (size_t i = 0; i < story->len; i++) {
		const struct step *s = &story->steps[i];
		bool acted;
		int r;

		if (s->when && !s->when(ctx))
			continue;
		r = run_step(story, s, ctx, &acted, err);
		if (acted)
			done |= UINT64_C(1) << i;
		if (r >= 0)
			continue;
		if (err && !err->step[0])
			snprintf(err->step, sizeof(err->step), "%s: %s", story->name, s->name);
		if (err && !err->code)
			err->code = -r;
		undo_backwards(story, ctx, done, i + 1);
		return r;
	}
	return 0;
}
