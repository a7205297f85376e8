/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the cgroup tree that belongs to a user. Only cgroup v2 can be delegated. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/procfs.h"
#include "kernel/cgroup/internal.h"

/* To make cgroups in it and to move processes between them; cgroup.procs alone may have been left to root. */
static bool is_ours(const struct cgroup_facts *f, const char *path)
{
	char procs[CGROUP_PATH_MAX + 16];
	int at = f->hierarchies[f->unified].fd;

	if (faccessat(at, path[1] ? path + 1 : ".", W_OK | X_OK, AT_EACCESS) < 0)
		return false;
	snprintf(procs, sizeof(procs), "%s%scgroup.procs", path + 1, path[1] ? "/" : "");
	return faccessat(at, procs, W_OK, AT_EACCESS) == 0;
}

int cgroup_find_own(const struct cgroup_facts *facts, int proc_fd, bool limits, char *ret, size_t len, struct err *err)
{
	char text[CGROUP_PATH_MAX], *slash;
	ssize_t n;

	ret[0] = 0;
	if (facts->layout != CGROUP_LAYOUT_V2)
		return 0;
	n = procfs_read(proc_fd, "self/cgroup", text, sizeof(text));
	if (n < 0)
		return err_code(err, (int)n, "read own cgroup");
	text[strcspn(text, "\n")] = 0;
	if (strncmp(text, "0::/", 4) != 0 || strlen(text + 3) >= len)
		return 0;
	/* Outside of what its cgroup namespace shows nothing is in reach. */
	if (path_leaves_root(text + 3))
		return 0;
	strcpy(ret, text + 3);
	slash = strrchr(ret, '/');
	if (limits && slash > ret) {
		*slash = 0;
		if (is_ours(facts, ret))
			return 0;
		*slash = '/';
	}
	if (!ret[1] || !is_ours(facts, ret))
		ret[0] = 0;
	return 0;
}
