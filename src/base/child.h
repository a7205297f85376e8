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

/* Runs in a session of its own with fds 0-2 only and default signal dispositions.
 * Returns the exit code, 128 + signal, -ETIMEDOUT, or -errno when it could not be executed (err says which). */
int child_run(const struct child_spec *spec, struct err *err);
/* What child_run returned (not 0) for the hook /hooks/<kind>/<index>, which may run for timeout seconds, as its error. */
int child_hook_error(const char *kind, size_t index, const char *path, unsigned timeout, int r, struct err *err);
