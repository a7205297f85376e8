/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a helper program to its end: hooks, newuidmap. No heap: used by masu and by masu-init. */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct child_spec {
	const char *path;  /* execve, no PATH search */
	char *const *argv; /* NULL: { path, NULL } */
	char *const *envp; /* exactly this environment; NULL = empty */
	const char *input; /* bytes for its stdin; a helper that does not read them is fine (EPIPE is ignored) */
	size_t input_len;
	int cwd_fd;         /* fchdir before exec; -1 = unchanged */
	int out_fd, err_fd; /* its stdout and stderr; -1 = /dev/null */
	int timeout_ms;     /* -1 = none; at the end the whole process group gets SIGKILL */
};

/* Added to the signal that ended a helper: no exit code is as large. */
#define CHILD_SIGNALED 256

/* Runs in a session of its own with fds 0-2 only and default signal dispositions.
 * Returns the exit code, CHILD_SIGNALED + signal, -ETIMEDOUT, or -errno when it could not be executed (err says which). */
int child_run(const struct child_spec *spec, struct err *err);
/* What child_run returned (r, not 0) and said (inner) of the hook /hooks/<kind>/<index>, which may run for timeout seconds, as the
 * hook's error: -ECANCELED, whatever the cause. */
int child_hook_error(const char *kind, size_t index, const char *path, unsigned timeout, int r, const struct err *inner,
		     struct err *err);
