/* SPDX-License-Identifier: Apache-2.0 */
/* One write(2) per planned write, with read-back where the kernel would clamp in silence. */
#include "kernel/cgroup/apply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/parse.h"

#define GROUP_MAX 16
#define LIST_BITS 8192
#define LIST_WORDS (LIST_BITS / (8 * sizeof(unsigned long)))

struct apply {
	const struct cgroup_facts *facts;
	const struct cgroup_write *w;
	int dir_fd;
	const char *file, *value; /* as chosen: the alternative, or with the kept field */
	char room[160];           /* for a value with the kept field */
	struct err *err;
};

static int fail(const struct apply *a, int r)
{
	const char *layout = a->facts->hierarchies[a->w->hierarchy].v2 ? "cgroup v2" : "cgroup v1";

	if (r == -ENOENT)
		err_set(a->err, ENOENT, "write `%s`: the kernel has no such file here (%s, controller `%s`)", a->file,
			layout, a->w->controller);
	else
		err_code(a->err, r, "write `%s` to `%s` (%s)", a->value, a->file, layout);
	err_pointer(a->err, "%s", a->w->pointer);
	return r;
}

static int first_field(int dir_fd, const char *file, char *ret, size_t len)
{
	ssize_t n = io_read_file_at(dir_fd, file, ret, len);

	if (n < 0)
		return (int)n;
	ret[strcspn(ret, " \t\n")] = 0;
	return 0;
}

static int check_read_back(const struct apply *a)
{
	uint64_t want, got, page = (uint64_t)sysconf(_SC_PAGESIZE);
	char text[64];
	int r = first_field(a->dir_fd, a->file, text, sizeof(text));

	if (r < 0)
		return fail(a, r);
	if (strcmp(text, a->value) == 0)
		return 0;
	if ((a->w->flags & CGROUP_WRITE_PAGES) && parse_u64(text, UINT64_MAX, &got) == 0 &&
	    parse_u64(a->value, UINT64_MAX, &want) == 0 && want / page == got / page)
		return 0;
	err_set(a->err, ERANGE, "write `%s` to `%s`: the kernel made it `%s`", a->value, a->file, text);
	err_pointer(a->err, "%s", a->w->pointer);
	return -ERANGE;
}

/* v2 accepts CPUs that the parents do not have and then uses others. */
static int check_effective(const struct apply *a)
{
	unsigned long want[LIST_WORDS] = { 0 }, got[LIST_WORDS] = { 0 };
	char file[64], text[4096];
	ssize_t n;

	if (!a->value[strspn(a->value, " \n")])
		return 0;
	snprintf(file, sizeof(file), "%s.effective", a->file);
	n = io_read_file_at(a->dir_fd, file, text, sizeof(text));
	if (n < 0)
		return fail(a, (int)n);
	text[strcspn(text, "\n")] = 0;
	if (parse_list(a->value, want, LIST_BITS) == 0 && parse_list(text, got, LIST_BITS) == 0 &&
	    memcmp(want, got, sizeof(want)) == 0)
		return 0;
	err_set(a->err, EINVAL, "write `%s` to `%s`: only `%s` can be had below this parent", a->value, a->file, text);
	err_pointer(a->err, "%s", a->w->pointer);
	return -EINVAL;
}

static int check_not_below(const struct apply *a)
{
	uint64_t want, now;
	char text[64];
	int r = first_field(a->dir_fd, "memory.current", text, sizeof(text));

	if (r < 0 || parse_u64(text, UINT64_MAX, &now) < 0 || parse_u64(a->value, UINT64_MAX, &want) < 0 || want >= now)
		return r < 0 && r != -ENOENT ? fail(a, r) : 0;
	err_set(a->err, EBUSY, "write `%s` to `%s`: %" PRIu64 " bytes are in use", a->value, a->file, now);
	err_pointer(a->err, "%s", a->w->pointer);
	return -EBUSY;
}

/* The write alone; *a learns which file it was. */
static int write_raw(struct apply *a)
{
	const struct cgroup_write *w = a->w;
	char first[64];
	int r;

	a->file = w->file;
	a->value = w->value;
	if (w->flags & CGROUP_WRITE_KEEP_FIRST) {
		r = first_field(a->dir_fd, w->file, first, sizeof(first));
		if (r < 0)
			return r;
		snprintf(a->room, sizeof(a->room), "%s %s", first, w->value);
		a->value = a->room;
	}
	r = io_write_file_at(a->dir_fd, a->file, a->value);
	if (r == -ENOENT && w->alt_file && !(w->flags & CGROUP_WRITE_OR_FAIL)) {
		a->file = w->alt_file;
		a->value = w->alt_value ? w->alt_value : w->value;
		r = io_write_file_at(a->dir_fd, a->file, a->value);
	}
	return r;
}

static int write_one(struct apply *a)
{
	const struct cgroup_write *w = a->w;
	int r = 0;

	a->file = w->file;
	a->value = w->value;
	if (w->flags & CGROUP_WRITE_NOT_BELOW)
		r = check_not_below(a);
	if (r < 0)
		return r;
	r = write_raw(a);
	if (r == -ENOENT && (w->flags & CGROUP_WRITE_OPTIONAL))
		return 0;
	if (r == -ENOENT && (w->flags & CGROUP_WRITE_OR_FAIL)) {
		err_set(a->err, EOPNOTSUPP, "set %s", w->alt_file);
		err_pointer(a->err, "%s", w->pointer);
		return -EOPNOTSUPP;
	}
	if (r < 0)
		return fail(a, r);
	if (w->flags & CGROUP_WRITE_READ_BACK)
		r = check_read_back(a);
	if (r == 0 && (w->flags & CGROUP_WRITE_EFFECTIVE))
		r = check_effective(a);
	return r;
}

static int write_at(const struct cgroup_facts *facts, const int *dir_fds, const struct cgroup_write *w, struct err *err)
{
	struct apply a = { .facts = facts, .w = w, .dir_fd = dir_fds[w->hierarchy], .err = err };

	return write_one(&a);
}

/* One pass over what is not done. The first EINVAL is kept in *err and returned after the pass; *ret_done counts successes. */
static int group_pass(const struct cgroup_facts *facts, const int *dir_fds, const struct cgroup_write *w, size_t n,
		      bool *done, size_t *ret_done, struct err *err)
{
	int first = 0;

	for (size_t i = 0; i < n; i++) {
		struct err e = { 0 };
		int r;

		if (done[i])
			continue;
		r = write_at(facts, dir_fds, &w[i], &e);
		done[i] = r == 0;
		*ret_done += r == 0;
		if (r < 0 && (first == 0 || r != -EINVAL) && err)
			*err = e;
		if (r < 0 && r != -EINVAL)
			return r;
		first = first ? first : r;
	}
	return first;
}

/* Repeats what got EINVAL as long as another write of the group went through: that may have been the one in the way. */
static int write_group(const struct cgroup_facts *facts, const int *dir_fds, const struct cgroup_write *w, size_t n,
		       struct err *err)
{
	bool done[GROUP_MAX] = { false };

	if (n > GROUP_MAX)
		return err_set(err, E2BIG, "write limits: group of %zu", n);
	for (;;) {
		size_t progress = 0;
		int r = group_pass(facts, dir_fds, w, n, done, &progress, err);

		if (r == 0)
			err_clear(err);
		if (r == 0 || r != -EINVAL || progress == 0)
			return r;
	}
}

int cgroup_check_writes(const struct cgroup_facts *facts, const int *dir_fds, const struct cgroup_writes *writes,
			struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < writes->len; i++) {
		const struct cgroup_write *w = &writes->v[i];
		struct apply a = { .facts = facts, .w = w, .dir_fd = dir_fds[w->hierarchy], .err = err };

		a.file = w->file;
		a.value = w->value;
		if (w->flags & CGROUP_WRITE_NOT_BELOW)
			r = check_not_below(&a);
	}
	return r;
}

int cgroup_apply(const struct cgroup_facts *facts, const int *dir_fds, const struct cgroup_writes *writes,
		 struct err *err)
{
	for (size_t i = 0; i < writes->len;) {
		const struct cgroup_write *w = &writes->v[i];
		size_t n = 1;
		int r;

		while (w->group && i + n < writes->len && w[n].group == w->group)
			n++;
		r = w->group ? write_group(facts, dir_fds, w, n, err) : write_at(facts, dir_fds, w, err);
		if (r < 0)
			return r;
		i += n;
	}
	return 0;
}
