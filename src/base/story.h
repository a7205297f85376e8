/* SPDX-License-Identifier: Apache-2.0 */
/* A story is a table of named steps, read from top to bottom. The runner runs them; when one fails it runs the undos of
 * the finished ones backwards and the error names the step. Steps clean up after themselves when they fail half-way. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct step {
	const char *name;
	int (*act)(void *ctx, struct err *err);
	void (*undo)(void *ctx);       /* NULL: leaves nothing outside the process */
	bool (*when)(const void *ctx); /* NULL: always */
};

struct story {
	const char *name;
	const struct step *steps;
	size_t len;
};

/* 0 or the negative errno of the failing step, with err->step = "<story>: <step>". len is at most STORY_STEPS_MAX. */
#define STORY_STEPS_MAX 64
int story_run(const struct story *story, void *ctx, struct err *err);
