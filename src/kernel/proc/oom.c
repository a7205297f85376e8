/* SPDX-License-Identifier: Apache-2.0 */
/* Written through the verified procfs handle and read back. */
#include "kernel/proc/oom.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/procfs.h"

int oom_place(int proc_fd, pid_t pid, int score_adj, struct err *err)
{
	char path[48], value[16], got[32];
	ssize_t n;
	int r;

	if (pid)
		snprintf(path, sizeof(path), "%d/oom_score_adj", pid);
	else
		snprintf(path, sizeof(path), "self/oom_score_adj");
	snprintf(value, sizeof(value), "%d", score_adj);
	r = procfs_write(proc_fd, path, value);
	if (r < 0) {
		err_pointer(err, "/process/oomScoreAdj");
		err_code(err, r, "set oom_score_adj `%d`", score_adj);
		if (r == -EACCES)
			err_hint(err, "a value below the present minimum of the process needs CAP_SYS_RESOURCE");
		return r;
	}
	n = procfs_read(proc_fd, path, got, sizeof(got));
	if (n < 0)
		return err_code(err, (int)n, "read oom_score_adj");
	if (strtol(got, NULL, 10) != score_adj)
		return err_set(err, ERANGE, "set oom_score_adj `%d`: it is %ld afterwards", score_adj,
			       strtol(got, NULL, 10));
	return 0;
}
