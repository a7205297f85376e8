/* SPDX-License-Identifier: Apache-2.0 */
/* --regex of kill and delete: one action on each container whose id matches. */
#pragma once

#include <stdbool.h>

#include "cli/command.h"

typedef int match_fn(struct program *p, const char *id, void *arg, struct masu_error *err);

/* Calls fn for each match, also after a failure, and returns the first one; the others are warned about.
 * Containers that have stopped are left out unless also_stopped. No match is no error. */
int match_each(struct program *p, const char *pattern, bool also_stopped, match_fn *fn, void *arg,
	       struct masu_error *err);
