/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of the runtime namespace: prestart, createRuntime, poststart, poststop. The two kinds of the container namespace
 * are run by masu-init (init/hooks.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "spec/model.h"

/* Runs the hooks in order with the state document on stdin, the bundle as cwd, stdout and stderr on our stderr.
 * The first failure ends it: -ECANCELED with the hook's name and result. */
int hooks_run(const char *kind, const struct spec_hook *hooks, size_t len, const char *bundle, const char *state_json,
	      size_t state_len, struct err *err);
/* poststop: all run, failures are logged as warnings. */
void hooks_run_all(const char *kind, const struct spec_hook *hooks, size_t len, const char *bundle,
		   const char *state_json, size_t state_len);
