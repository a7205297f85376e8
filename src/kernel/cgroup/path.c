/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for cgroup paths. Pure text work: whether such a cgroup can be made is the kernel's business. */
#include "kernel/cgroup/path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define POINTER "/linux/cgroupsPath"

size_t cgroup_path_next(const char **pos, const char **ret_name)
{
	size_t len;

	*pos += strspn(*pos, "/");
	len = strcspn(*pos, "/");
	*ret_name = *pos;
	*pos += len;
	return len;
}

unsigned cgroup_path_depth(const char *path)
{
	const char *name;
	unsigned n = 0;

	while (cgroup_path_next(&path, &name) > 0)
		n++;
	return n;
}

static int component_check(const char *path, const char *s, size_t n, struct err *err)
{
	if (n == 0)
		return err_set(err, EINVAL, "check cgroup path `%s`: empty component", path);
	if (n > 255)
		return err_set(err, ENAMETOOLONG, "check cgroup path `%s`: component of more than 255 bytes", path);
	if (s[0] == '.' && (n == 1 || (n == 2 && s[1] == '.')))
		return err_set(err, EINVAL, "check cgroup path `%s`: `%.*s` is not allowed", path, (int)n, s);
	return 0;
}

/* path without its leading slash. */
static int components_check(const char *path, struct err *err)
{
	const char *p = path;
	int r;

	if (strchr(path, '\n')) /* the kernel refuses it, and a record is one line */
		return err_set(err, EINVAL, "check cgroup path: line break is not allowed");
	for (;;) {
		size_t n = strcspn(p, "/");

		r = component_check(path, p, n, err);
		if (r < 0)
			return r;
		if (!p[n])
			return 0;
		p += n + 1;
	}
}

static bool is_systemd_form(const char *s)
{
	const char *first = strchr(s, ':');

	return first && strchr(first + 1, ':') && !strchr(s, '/');
}

int cgroup_path_plan(const char *cgroups_path, const char *id, char *ret, size_t len, struct err *err)
{
	const char *p = cgroups_path ? cgroups_path : id;
	int r;

	if (cgroups_path && is_systemd_form(cgroups_path)) {
		err_set(err, EINVAL, "check cgroup path `%s`: this is the systemd form `slice:prefix:name`",
			cgroups_path);
		err_pointer(err, POINTER);
		err_hint(err, "use the systemd cgroup manager (--systemd-cgroup), or give a path such as `/machine/%s`",
			 id);
		return -EINVAL;
	}
	if (p[0] == '/')
		p++;
	if (!p[0])
		r = err_set(err, EINVAL,
			    "check cgroup path `%s`: the root of the hierarchy cannot be a container's cgroup",
			    cgroups_path ? cgroups_path : "");
	else
		r = components_check(p, err);
	if (r == 0 && strlen(p) + 2 > len)
		r = err_set(err, ENAMETOOLONG, "check cgroup path: longer than %zu bytes", len - 2);
	if (r < 0) {
		if (cgroups_path)
			err_pointer(err, POINTER);
		return r;
	}
	ret[0] = '/';
	strcpy(ret + 1, p);
	return 0;
}

int cgroup_path_plan_sub(const char *sub, char *ret, size_t len, struct err *err)
{
	int r;

	if (sub[0] == '/')
		sub++;
	if (!sub[0]) {
		ret[0] = 0;
		return 0;
	}
	r = components_check(sub, err);
	if (r < 0)
		return r;
	if (strlen(sub) + 1 > len)
		return err_set(err, ENAMETOOLONG, "check cgroup path: longer than %zu bytes", len - 1);
	strcpy(ret, sub);
	return 0;
}
