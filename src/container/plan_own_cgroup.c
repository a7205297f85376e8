/* SPDX-License-Identifier: Apache-2.0 */
/* Without a cgroup manager a container stays where its caller is: what a cgroup mount shows it then. */

#include "container/plan_own_cgroup.h"

#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "base/procfs.h"

/* "3:memory:/a/b", "0::/a/b" */
static bool is_line_of(const char *names, size_t len, const struct cgroup_hierarchy *h)
{
	if (h->v2)
		return len == 0;
	return strlen(h->name) == len && strncmp(names, h->name, len) == 0;
}

int plan_own_cgroup_load(struct plan_own_cgroup *own, int proc_fd, struct err *err)
{
	ssize_t n = procfs_read(proc_fd, "self/cgroup", own->text, sizeof(own->text));

	if (n < 0)
		return err_code(err, (int)n, "read the cgroups of this process");
	for (char *p = own->text; *p; p++)
		if (*p == '\n')
			*p = '\0';
	own->len = (size_t)n;
	return 0;
}

const char *plan_own_cgroup_path(const struct plan_own_cgroup *own, const struct cgroup_hierarchy *h)
{
	for (size_t at = 0; at < own->len; at += strlen(own->text + at) + 1) {
		const char *names = strchr(own->text + at, ':');
		const char *path = names ? strchr(names + 1, ':') : NULL;

		if (path && is_line_of(names + 1, (size_t)(path - names - 1), h))
			return path_leaves_root(path + 1) ? NULL : path + 1;
	}
	return NULL;
}
