/* SPDX-License-Identifier: Apache-2.0 */
/* cgroupsPath in both forms: the result stays below the hierarchy's root, whatever the document says. */
#include "fuzz.h"

#include "kernel/cgroup/path.h"
#include "kernel/cgroup/unit.h"

static void stays_below(const char *path)
{
	size_t len = strnlen(path, CGROUP_PATH_MAX);

	MUST(len < CGROUP_PATH_MAX && path[0] == '/' && len > 1 && path[len - 1] != '/');
	MUST(!strstr(path, "//") && !strchr(path, '\n'));
	for (const char *at = path; at; at = strchr(at + 1, '/')) {
		MUST(strcmp(at, "/..") != 0 && strncmp(at, "/../", 4) != 0);
		MUST(strcmp(at, "/.") != 0 && strncmp(at, "/./", 3) != 0);
	}
}

static void unit_holds(const struct unit_place *u)
{
	stays_below(u->path);
	MUST(strlen(u->unit) < UNIT_NAME_MAX && !strchr(u->unit, '/') &&
	     strstr(u->unit, u->is_slice ? ".slice" : ".scope"));
	MUST(strstr(u->slice, ".slice"));
	MUST(strcmp(u->path + strlen(u->path) - strlen(u->unit), u->unit) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char path[CGROUP_PATH_MAX], *text = malloc(len + 1);
	struct unit_place unit = { 0 };
	struct err err = { 0 };
	int r;

	memcpy(text, data, len);
	text[len] = '\0';
	r = cgroup_path_plan(text, "box", path, sizeof(path), &err);
	if (r < 0)
		must_explain(r, &err);
	else
		stays_below(path);
	r = cgroup_path_plan_sub(text, path, sizeof(path) - 1, NULL); /* a slash comes before it */
	if (r >= 0 && path[0]) {
		char whole[CGROUP_PATH_MAX] = "/";

		memcpy(whole + 1, path, strlen(path) + 1);
		stays_below(whole);
	}
	err = (struct err){ 0 };
	r = unit_plan(text, "box", len & 1, &unit, &err);
	if (r < 0)
		must_explain(r, &err);
	else
		unit_holds(&unit);
	free(text);
	return 0;
}
