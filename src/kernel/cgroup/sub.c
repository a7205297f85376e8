/* SPDX-License-Identifier: Apache-2.0 */
/* A cgroup below the container's, for exec: one path for all hierarchies, or on cgroup v1 one for each. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/cgroup/internal.h"

/* 1: opened, 0: there is none. */
static int open_below(const struct cgroup *cg, size_t i, const char *rel, struct cgroup *ret, struct err *err)
{
	char path[2 * CGROUP_PATH_MAX];

	snprintf(path, sizeof(path), "%s%s%s", cgroup_rel(cg), rel[0] ? "/" : "", rel);
	cleanup_close(&ret->dirs[i].fd);
	ret->dirs[i].fd = openat(cg->facts->hierarchies[i].fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ret->dirs[i].fd < 0 && errno != ENOENT)
		return err_sys(err, "open cgroup `/%s` in `%s`", path, cg->facts->hierarchies[i].mount);
	return ret->dirs[i].fd >= 0;
}

static int fail_missing(const char *rel, struct err *err)
{
	return err_set(err, ENOENT, "open cgroup `%s` below the container's: there is none", rel);
}

/* Where it is in no hierarchy that is an error; in the others the process stays in the container's own. */
static int open_everywhere(const struct cgroup *cg, const char *rel, struct cgroup *ret, struct err *err)
{
	bool found = false;

	for (size_t i = 0; i < cg->facts->hierarchies_len; i++) {
		int r = open_below(cg, i, rel, ret, err);

		if (r < 0)
			return r;
		found |= r > 0;
	}
	return found ? 0 : fail_missing(rel, err);
}

static int open_in(const struct cgroup *cg, const char *controllers, const char *rel, struct cgroup *ret,
		   struct err *err)
{
	if (!controllers[0])
		return err_set(err, EINVAL, "open cgroup `:%s`: no controller is named before the colon", rel);
	for (const char *p = controllers; *p;) {
		size_t n = strcspn(p, ",");
		char name[64];
		int i, r;

		snprintf(name, sizeof(name), "%.*s", (int)(n < sizeof(name) ? n : 0), p);
		i = cgroup_facts_find_v1(cg->facts, name);
		if (i < 0) {
			err_set(err, EINVAL, "open cgroup `%s` of `%s`: not a controller of a cgroup v1 hierarchy here",
				rel, name);
			err_hint(err, "cgroup v2 has one hierarchy: name the path alone");
			return -EINVAL;
		}
		r = open_below(cg, (size_t)i, rel, ret, err);
		if (r <= 0)
			return r < 0 ? r : fail_missing(rel, err);
		p += n + (p[n] == ',');
	}
	return 0;
}

/* "PATH" or "CONTROLLER[,CONTROLLER]:PATH"; a path may have colons, the names of controllers have no slash. */
static int open_word(const struct cgroup *cg, const char *word, struct cgroup *ret, struct err *err)
{
	const char *colon = strchr(word, ':'), *slash = strchr(word, '/');
	bool named = colon && (!slash || colon < slash);
	char controllers[CGROUP_PATH_MAX] = "", rel[CGROUP_PATH_MAX];
	int r;

	if (named)
		snprintf(controllers, sizeof(controllers), "%.*s", (int)(colon - word), word);
	r = cgroup_path_plan_sub(named ? colon + 1 : word, rel, sizeof(rel), err);
	if (r < 0)
		return r;
	return named ? open_in(cg, controllers, rel, ret, err) : open_everywhere(cg, rel, ret, err);
}

int cgroup_open_sub(const struct cgroup *cg, const char *sub, struct cgroup *ret, struct err *err)
{
	int r = 0;

	ret->driver = NULL;
	cgroup_init(ret, cg->facts, &cgroup_driver_view);
	if (cgroup_is_disabled(cg))
		return err_set(err, EOPNOTSUPP, "open cgroup `%s`: the container has no cgroup", sub);
	strcpy(ret->path, cg->path);
	do {
		char word[2 * CGROUP_PATH_MAX];
		size_t n = strcspn(sub, "\n");

		snprintf(word, sizeof(word), "%.*s", (int)(n < sizeof(word) ? n : 0), sub);
		r = open_word(cg, word, ret, err);
		sub += n + (sub[n] == '\n');
	} while (r == 0 && *sub);
	if (r < 0)
		cgroup_done(ret);
	return r;
}
