/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of the runtime namespace: prestart, createRuntime, poststart, poststop. The two kinds of the container namespace
 * are run by masu-init (init/hooks.h). */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "container/state.h"
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

/* For whom hooks run, and what they are told of it. */
struct hook_subject {
	const struct state *state; /* its bundle is the cwd */
	enum status status;
	pid_t pid;                        /* as the host sees it */
	const struct hook_output *output; /* NULL: our stderr */
};

/* Runs the hooks in order with the state document on stdin. The first failure ends it: -ECANCELED with the hook's name and result, or why
 * it could not be executed. */
int hooks_run(const struct hook_subject *s, const char *kind, const struct spec_hook *hooks, size_t len,
	      struct err *err);
/* poststop: all run, failures are logged as warnings. An error: none could run. */
int hooks_run_all(const struct hook_subject *s, const char *kind, const struct spec_hook *hooks, size_t len,
		  struct err *err);
