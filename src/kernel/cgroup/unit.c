/* SPDX-License-Identifier: Apache-2.0 */
/* The names of units. Pure text work: whether systemd takes them is its own business. */
#include "kernel/cgroup/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define POINTER "/linux/cgroupsPath"
#define SUFFIX ".slice"
#define DEFAULT_PREFIX "masu"
#define ESCAPED_MAX (4 * UNIT_NAME_MAX)

static bool ends_in(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

static bool is_unit_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-_.:\\", c));
}

/* The escape of systemd-escape(1), but for "/", which cannot be in there, and "-", which is the caller's to use. */
static int escape(const char *s, char *ret, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (n + 5 > len)
			return -ENAMETOOLONG;
		if (is_unit_char(*s)) {
			ret[n++] = *s;
			continue;
		}
		ret[n++] = '\\';
		ret[n++] = 'x';
		ret[n++] = hex[c >> 4];
		ret[n++] = hex[c & 15];
	}
	ret[n] = 0;
	return 0;
}

static int fail(const char *path, struct err *err, int code, const char *reason)
{
	err_set(err, code, "check cgroup path `%s`: %s", path, reason);
	err_pointer(err, POINTER);
	return -code;
}

/* "-.slice" is the root; each part between dashes names one more level, so none may be empty. */
static const char *slice_fault(const char *slice)
{
	size_t n = strlen(slice);

	if (!ends_in(slice, SUFFIX) || n == strlen(SUFFIX))
		return "the slice has to end in `.slice`";
	if (strcmp(slice, "-" SUFFIX) == 0)
		return NULL;
	if (slice[0] == '-' || slice[n - strlen(SUFFIX) - 1] == '-' || strstr(slice, "--"))
		return "a part of the slice's name is empty";
	for (const char *p = slice; *p; p++)
		if (!is_unit_char(*p))
			return "a character of the slice's name is not allowed in units";
	return NULL;
}

int unit_slice_expand(const char *slice, char *ret, size_t len, struct err *err)
{
	const char *fault = slice_fault(slice), *p = slice;
	size_t n = 0;

	if (fault)
		return err_set(err, EINVAL, "check slice `%s`: %s", slice, fault);
	ret[0] = 0;
	if (slice[0] == '-')
		return 0;
	while ((p = strchr(p, '-'))) {
		n += (size_t)snprintf(ret + n, len - n, "/%.*s" SUFFIX, (int)(p - slice), slice);
		if (n >= len)
			return err_set(err, ENAMETOOLONG, "check slice `%s`: too long", slice);
		p++;
	}
	n += (size_t)snprintf(ret + n, len - n, "/%s", slice);
	return n < len ? 0 : err_set(err, ENAMETOOLONG, "check slice `%s`: too long", slice);
}

struct parts {
	char slice[UNIT_NAME_MAX], prefix[UNIT_NAME_MAX], name[ESCAPED_MAX];
};

static int split(const char *path, struct parts *p, struct err *err)
{
	const char *first = strchr(path, ':'), *second = first ? strchr(first + 1, ':') : NULL;
	int n;

	if (!second || strchr(second + 1, ':')) {
		n = fail(path, err, EINVAL, "the systemd cgroup manager takes the form `slice:prefix:name`");
		err_hint(err, "use --cgroup-manager cgroupfs for a path, or leave cgroupsPath out");
		return n;
	}
	if (first - path >= UNIT_NAME_MAX || second - first > UNIT_NAME_MAX || strlen(second + 1) >= UNIT_NAME_MAX)
		return fail(path, err, ENAMETOOLONG, "a part is longer than 255 bytes");
	snprintf(p->slice, sizeof(p->slice), "%.*s", (int)(first - path), path);
	snprintf(p->prefix, sizeof(p->prefix), "%.*s", (int)(second - first - 1), first + 1);
	snprintf(p->name, sizeof(p->name), "%s", second + 1);
	if (!p->name[0])
		return fail(path, err, EINVAL, "the name is empty");
	if (strchr(path, '/') || strchr(path, '\n'))
		return fail(path, err, EINVAL, "a name of a unit has no `/` and no line break");
	return 0;
}

static int name_unit(const struct parts *p, const char *path, struct unit_place *ret, struct err *err)
{
	char raw[2 * ESCAPED_MAX], escaped[ESCAPED_MAX];
	const char *fault;
	int r;

	if (ends_in(p->name, SUFFIX)) {
		fault = slice_fault(p->name);
		if (fault || p->name[0] == '-')
			return fail(path, err, EINVAL, fault ? fault : "the root slice cannot be a container's cgroup");
		ret->is_slice = true;
		snprintf(ret->unit, sizeof(ret->unit), "%.255s", p->name);
		return 0;
	}
	snprintf(raw, sizeof(raw), "%s-%s.scope", p->prefix, p->name);
	r = escape(raw, escaped, sizeof(escaped));
	if (r < 0 || strlen(escaped) >= sizeof(ret->unit))
		return fail(path, err, ENAMETOOLONG, "the unit's name would be longer than 255 bytes");
	if (escaped[0] == '.')
		return fail(path, err, EINVAL, "the name of a unit does not begin with a dot");
	strcpy(ret->unit, escaped);
	return 0;
}

/* systemd puts a slice where its name says, whatever slice is named beside it. */
static int place(struct unit_place *ret, const char *path, struct err *err)
{
	char above[CGROUP_PATH_MAX];
	int r = unit_slice_expand(ret->slice, above, sizeof(above), err);

	if (r >= 0 && ret->is_slice)
		r = unit_slice_expand(ret->unit, above, sizeof(above), err);
	if (r < 0) {
		err_pointer(err, POINTER);
		return r;
	}
	if (snprintf(ret->path, sizeof(ret->path), "%s%s%s", above, ret->is_slice ? "" : "/",
		     ret->is_slice ? "" : ret->unit) >= (int)sizeof(ret->path))
		return fail(path, err, ENAMETOOLONG, "its cgroup's path is too long");
	return 0;
}

int unit_plan(const char *cgroups_path, const char *id, bool user, struct unit_place *ret, struct err *err)
{
	struct parts p = { .prefix = DEFAULT_PREFIX };
	int r = 0;

	*ret = (struct unit_place){ .user = user };
	if (cgroups_path && cgroups_path[0])
		r = split(cgroups_path, &p, err);
	else
		snprintf(p.name, sizeof(p.name), "%s", id);
	if (r < 0)
		return r;
	if (!p.slice[0])
		snprintf(ret->slice, sizeof(ret->slice), "%s", user ? "user.slice" : "system.slice");
	else
		snprintf(ret->slice, sizeof(ret->slice), "%s", strcmp(p.slice, "-") == 0 ? "-" SUFFIX : p.slice);
	r = name_unit(&p, cgroups_path ? cgroups_path : id, ret, err);
	return r < 0 ? r : place(ret, cgroups_path ? cgroups_path : id, err);
}
