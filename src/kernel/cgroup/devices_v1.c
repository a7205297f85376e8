/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules for the v1 controller. Its list has a default and exceptions without order, and its "a" lines ignore
 * everything behind the letter; so the ordered rules are worked out here and only the result is given to it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/parse.h"
#include "kernel/cgroup/devices.h"

static struct device_rule *entries(const struct devices_v1 *d)
{
	return (struct device_rule *)d->list.data;
}

static size_t entries_len(const struct devices_v1 *d)
{
	return d->list.len / sizeof(struct device_rule);
}

static bool number_covers(int64_t wide, int64_t narrow)
{
	return wide == DEVICE_ANY || wide == narrow;
}

/* Every device of b is one of a. */
static bool covers(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && number_covers(a->major, b->major) && number_covers(a->minor, b->minor);
}

static bool overlaps(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && (number_covers(a->major, b->major) || number_covers(b->major, a->major)) &&
	       (number_covers(a->minor, b->minor) || number_covers(b->minor, a->minor));
}

/* What the document asks for anew stands where the document has it. */
static int entry_add(struct devices_v1 *d, const struct device_rule *rule)
{
	struct device_rule one = *rule;

	for (size_t i = 0; i < entries_len(d); i++) {
		struct device_rule *e = &entries(d)[i];

		if (!covers(e, rule) || !covers(rule, e))
			continue;
		e->access |= rule->access;
		if (e->asked || !rule->asked)
			return 0;
		one.access = e->access;
		memmove(e, e + 1, (entries_len(d) - i - 1) * sizeof(*e));
		d->list.len -= sizeof(*e);
		break;
	}
	return buf_add(&d->list, &one, sizeof(one));
}

/* The list of the kernel keeps the order in which it is written, and those who compare it with the document expect that order. */
static int asked_first(struct devices_v1 *d)
{
	AUTO(buf_done) struct buf sorted = { 0 };

	for (int asked = 1; asked >= 0; asked--)
		for (size_t i = 0; i < entries_len(d); i++)
			if (entries(d)[i].asked == asked)
				buf_add(&sorted, &entries(d)[i], sizeof(struct device_rule));
	if (sorted.error)
		return sorted.error;
	if (sorted.len)
		memcpy(d->list.data, sorted.data, sorted.len);
	return 0;
}

static int fail_hole(const struct device_rule *wide, const struct device_rule *hole, struct err *err)
{
	char a[48], b[48];

	devices_format(wide, a);
	devices_format(hole, b);
	err_set(err, EOPNOTSUPP, "set device rule `%s`: cgroup v1 cannot except `%s` from it", a, b);
	err_pointer(err, "/linux/resources/devices");
	err_hint(err, "list the devices one by one, or use cgroup v2");
	return -EOPNOTSUPP;
}

/* Takes what the rule names out of the exceptions. A wider exception would need a hole. */
static int entry_remove(struct devices_v1 *d, const struct device_rule *rule, struct err *err)
{
	size_t kept = 0, n = entries_len(d);

	for (size_t i = 0; i < n; i++) {
		struct device_rule e = entries(d)[i];

		if ((e.access & rule->access) && overlaps(&e, rule)) {
			if (!covers(rule, &e))
				return fail_hole(&e, rule, err);
			e.access &= (uint8_t)~rule->access;
		}
		if (e.access)
			entries(d)[kept++] = e;
	}
	d->list.len = kept * sizeof(struct device_rule);
	return 0;
}

static int rule_apply(struct devices_v1 *d, const struct device_rule *rule, struct err *err)
{
	struct device_rule one = *rule;
	int r = 0;

	if (rule->type == 'a' && rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY && rule->access == DEVICE_ALL) {
		d->allow_all = rule->allow;
		d->list.len = 0;
		return 0;
	}
	for (const char *type = "bc"; r == 0 && *type; type++) {
		if (rule->type != 'a' && rule->type != *type)
			continue;
		one.type = *type;
		r = rule->allow == d->allow_all ? entry_remove(d, &one, err) : entry_add(d, &one);
	}
	return r;
}

static unsigned bits_len(const struct devices_v1 *d)
{
	unsigned n = 0;

	for (size_t i = 0; i < entries_len(d); i++)
		n += (unsigned)__builtin_popcount(entries(d)[i].access);
	return n;
}

/* entry_add moves entries about: pairs are looked for in a copy. */
static int join_once(struct devices_v1 *d)
{
	AUTO(buf_done) struct buf copy = { 0 };
	const struct device_rule *v;
	size_t n = entries_len(d);
	int r = n ? buf_add(&copy, d->list.data, d->list.len) : 0;

	v = (const struct device_rule *)copy.data;
	for (size_t i = 0; r == 0 && i < n * n; i++) {
		struct device_rule a = v[i / n], b = v[i % n];

		if (a.access == b.access || !overlaps(&a, &b))
			continue;
		a.major = a.major == DEVICE_ANY ? b.major : a.major;
		a.minor = a.minor == DEVICE_ANY ? b.minor : a.minor;
		a.access |= b.access;
		r = entry_add(d, &a);
	}
	return r;
}

/* The kernel wants one entry to allow all bits of an access. Where entries overlap, the narrower one gets the bits of the
 * wider one, and the crossing of `1:*` and `*:3` an entry of its own, which may overlap with others again. */
static int join_overlaps(struct devices_v1 *d)
{
	unsigned before;
	int r;

	do {
		before = bits_len(d);
		r = join_once(d);
	} while (r == 0 && bits_len(d) != before);
	return r;
}

int devices_plan_v1(const struct device_rule *rules, size_t n, struct devices_v1 *ret, struct err *err)
{
	int r = 0;

	*ret = (struct devices_v1){ .allow_all = false };
	for (size_t i = 0; r == 0 && i < n; i++)
		r = rule_apply(ret, &rules[i], err);
	if (r == 0 && !ret->allow_all)
		r = join_overlaps(ret);
	if (r == 0)
		r = asked_first(ret);
	if (r == -ENOMEM)
		err_code(err, r, "plan device rules");
	return r;
}

void devices_v1_done(struct devices_v1 *d)
{
	buf_done(&d->list);
}

/* One line of devices.list. */
static bool line_parse(const char *line, struct device_rule *ret)
{
	char major[16], minor[16], access[8];
	uint64_t n;

	*ret = (struct device_rule){ .major = DEVICE_ANY, .minor = DEVICE_ANY };
	if (sscanf(line, "%c %15[^:]:%15s %7s", &ret->type, major, minor, access) != 4)
		return false;
	if (major[0] != '*' && parse_u64(major, UINT32_MAX, &n) == 0)
		ret->major = (int64_t)n;
	if (minor[0] != '*' && parse_u64(minor, UINT32_MAX, &n) == 0)
		ret->minor = (int64_t)n;
	ret->access = (uint8_t)((strchr(access, 'r') ? DEVICE_READ : 0) | (strchr(access, 'w') ? DEVICE_WRITE : 0) |
				(strchr(access, 'm') ? DEVICE_MKNOD : 0));
	return true;
}

/* What the kernel holds now. Only meaningful for "nothing but the entries"; *ret_all tells the other default. */
static int list_read(int dir_fd, struct devices_v1 *ret, bool *ret_all)
{
	AUTO(buf_done) struct buf text = { 0 };
	autoclose int fd = openat(dir_fd, "devices.list", O_RDONLY | O_CLOEXEC);
	char *save = NULL;
	int r;

	*ret_all = false;
	if (fd < 0)
		return -errno;
	r = io_read_all(fd, 1u << 20, &text);
	for (char *line = text.data ? strtok_r(text.data, "\n", &save) : NULL; r == 0 && line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct device_rule rule;

		if (!line_parse(line, &rule))
			return -EBADMSG;
		*ret_all |= rule.type == 'a';
		r = entry_add(ret, &rule);
	}
	return r;
}

static int line_write(int fd, const char *file, const struct device_rule *rule, struct err *err)
{
	char text[48];
	int r;

	devices_format(rule, text);
	r = io_write_once(fd, rule->type == 'a' ? "a" : text);
	if (r < 0) {
		err_code(err, r, "write `%s` to `%s`", text, file);
		err_pointer(err, "/linux/resources/devices");
	}
	return r;
}

/* Writes those entries of `from` whose bits are not all in `but` (NULL: every entry). */
static int lines_write(int dir_fd, const char *file, const struct devices_v1 *from, const struct devices_v1 *but,
		       struct err *err)
{
	autoclose int fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return err_sys(err, "open `%s`", file);
	for (size_t i = 0; r == 0 && i < entries_len(from); i++) {
		struct device_rule e = entries(from)[i];

		for (size_t k = 0; but && k < entries_len(but); k++)
			if (covers(&e, &entries(but)[k]) && covers(&entries(but)[k], &e))
				e.access &= (uint8_t)~entries(but)[k].access;
		if (e.access)
			r = line_write(fd, file, &e, err);
	}
	return r;
}

/* Sets the default anew; the kernel drops the exceptions then, and refuses while there are sub-cgroups. */
static int reset(int dir_fd, const struct devices_v1 *want, struct err *err)
{
	const char *first = want->allow_all ? "devices.allow" : "devices.deny";
	int r = io_write_file_at(dir_fd, first, "a");

	if (r < 0) {
		err_code(err, r, "write `a` to `%s`", first);
		err_pointer(err, "/linux/resources/devices");
		return r;
	}
	return lines_write(dir_fd, want->allow_all ? "devices.deny" : "devices.allow", want, NULL, err);
}

/* Proves that the controller holds the exceptions that were asked for. */
static int verify(int dir_fd, const struct devices_v1 *want, struct err *err)
{
	AUTO(devices_v1_done) struct devices_v1 have = { 0 };
	bool all;
	int r = list_read(dir_fd, &have, &all);

	if (r < 0)
		return err_code(err, r, "read `devices.list`");
	if (want->allow_all) /* the kernel shows "a *:* rwm" only, whatever the exceptions are */
		return all ? 0 : err_set(err, EIO, "check device rules: the kernel does not allow all");
	r = all || entries_len(&have) != entries_len(want) ? -EIO : 0;
	for (size_t i = 0; r == 0 && i < entries_len(want); i++) {
		const struct device_rule *w = &entries(want)[i];
		bool found = false;

		for (size_t k = 0; k < entries_len(&have); k++) {
			const struct device_rule *h = &entries(&have)[k];

			found |= covers(h, w) && covers(w, h) && h->access == w->access;
		}
		r = found ? 0 : -EIO;
	}
	return r < 0 ? err_set(err, EIO, "check device rules: `devices.list` is not what was written") : 0;
}

int devices_apply_v1(int dir_fd, const struct device_rule *rules, size_t n, bool fresh, struct err *err)
{
	AUTO(devices_v1_done) struct devices_v1 want = { 0 }, have = { 0 };
	bool all = true;
	int r = devices_plan_v1(rules, n, &want, err);

	if (r < 0)
		return r;
	if (!fresh) {
		r = list_read(dir_fd, &have, &all);
		if (r < 0)
			return err_code(err, r, "read `devices.list`");
	}
	if (all || want.allow_all) {
		r = reset(dir_fd, &want, err);
	} else { /* first what is new, then what has to go: nothing that stays is missing in between */
		r = lines_write(dir_fd, "devices.allow", &want, &have, err);
		if (r == 0)
			r = lines_write(dir_fd, "devices.deny", &have, &want, err);
	}
	return r == 0 ? verify(dir_fd, &want, err) : r;
}
