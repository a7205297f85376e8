/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of the runtime namespace: prestart, createRuntime, poststart, poststop. The two kinds of the container namespace
 * are run by masu-init (init/hooks.h). */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "spec/annotation.h"
#include "spec/model.h"

/* Where hooks write; -EBADF: our stderr. */
struct hook_output {
	int out_fd, err_fd;
};
#define HOOK_OUTPUT_INIT                           \
	{                                          \
		.out_fd = -EBADF, .err_fd = -EBADF \
	}
/* The files of run.oci.hooks.stdout and .stderr, made when they are missing. */
int hook_output_open(const struct annotations *an, struct hook_output *ret, struct err *err);
void hook_output_done(struct hook_output *o);

/* Runs the hooks in order with the state document on stdin, the bundle as cwd, stdout and stderr as out (NULL: our stderr) says.
 * The first failure ends it: -ECANCELED with the hook's name and result, or why it could not be executed. */
int hooks_run_to(const struct hook_output *out, const char *kind, const struct spec_hook *hooks, size_t len,
		 const char *bundle, const char *state_json, size_t state_len, struct err *err);
/* poststop: all run, failures are logged as warnings. */
void hooks_run_all(const struct hook_output *out, const char *kind, const struct spec_hook *hooks, size_t len,
		   const char *bundle, const char *state_json, size_t state_len);
