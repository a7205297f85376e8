/* SPDX-License-Identifier: Apache-2.0 */
/* From a prepared process to execve: working directory, program, file descriptors. Init side. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/flat.h"
#include "kernel/proc/process.h"

/* What execve(2) gets. Lives in the arena. */
struct exec_image {
	const char *path; /* as found; what the program sees as AT_EXECFN */
	char **argv, **envp;
};

/* As root of the container, before the ids change: makes the directory if it is missing (0755, owned by the user) and enters it.
 * *ret_again is set when root may not enter it (a FUSE mount, root_squash): call again after the ids changed with as_user. */
int exec_cwd_enter(int root_fd, const struct flat *f, const struct process_plan *p, bool as_user, bool *ret_again,
		   struct err *err);
/* Proves that the working directory lies below the process' root. Last thing before the program is looked up. */
int exec_cwd_verify(struct err *err);

/* Builds argv and envp and finds the program as execvp(3) would, with PATH of the container's env. To be called with the final
 * ids, capabilities and working directory. Error texts are those that engines turn into exit codes 126 and 127. */
int exec_prepare(const struct flat *f, const struct process_plan *p, struct arena *a, struct exec_image *ret,
		 struct err *err);
/* The search alone. path_env NULL: execvp's default. The result is file itself or arena memory. */
int exec_find(const char *file, const char *path_env, struct arena *a, const char **ret, struct err *err);

/* Clears CLOEXEC on fds 3 .. 3+n-1; one that is not open is an error. */
int exec_pass_fds(unsigned n, struct err *err);
/* Closes every fd >= first but those in keep (at most 8, which stay CLOEXEC). Before execve, for a path of the program such as
 * /proc/self/fd/N is resolved while CLOEXEC fds are still open. */
int exec_close_fds(unsigned first, const int *keep, size_t n_keep, struct err *err);
/* The text for an errno of execve itself; returns -code. */
int exec_error(const struct exec_image *img, int code, struct err *err);
