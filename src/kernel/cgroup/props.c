/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of unit properties: what every container's unit has, its device rules, and how properties are shown. Limits are in
 * props_limits.c. Pure. */
#include "kernel/cgroup/props.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/cgroup/devices.h"

int unit_props_add(struct unit_props *p, struct arena *a, struct unit_prop one)
{
	struct unit_prop *v;
	size_t cap;

	if (p->len == p->cap) {
		cap = p->cap ? p->cap * 2 : 32;
		v = arena_new(a, struct unit_prop, cap);
		if (!v)
			return -ENOMEM;
		if (p->len)
			memcpy(v, p->v, p->len * sizeof(*v));
		p->v = v;
		p->cap = cap;
	}
	p->v[p->len++] = one;
	return 0;
}

unsigned unit_props_since(const struct unit_props *p)
{
	unsigned newest = 0;

	for (size_t i = 0; i < p->len; i++)
		newest = p->v[i].since > newest ? p->v[i].since : newest;
	return newest;
}

/* ---- what every unit has ---- */

#define YES(n)                                        \
	{                                             \
		.name = (n), .type = "b", .number = 1 \
	}

int unit_props_base(const struct unit_place *place, const char *id, bool v1, struct arena *a, struct unit_props *ret,
		    struct err *err)
{
	const struct unit_prop common[] = {
		YES("CPUAccounting"),
		YES("MemoryAccounting"),
		YES("TasksAccounting"),
		{ .name = v1 ? "BlockIOAccounting" : "IOAccounting", .type = "b", .number = 1 },
		/* A container is not to be torn down with the session or the target that happens to be current. */
		{ .name = "DefaultDependencies", .type = "b", .number = 0 },
		/* Gone with its last process, even when that one failed: nobody has to reset it. */
		{ .name = "CollectMode", .type = "s", .text = "inactive-or-failed" },
	};
	struct unit_prop description = { .name = "Description", .type = "s" };
	struct unit_prop slice = { .name = place->is_slice ? "Wants" : "Slice", .type = place->is_slice ? "as" : "s" };
	struct unit_item *item = arena_new(a, struct unit_item, 1);
	int r;

	description.text = arena_printf(a, "masu container %s", id);
	slice.text = arena_strdup(a, place->slice);
	if (!item || !description.text || !slice.text)
		return err_set(err, ENOMEM, "plan unit `%s`", place->unit);
	item->text = slice.text;
	slice.items = item;
	slice.items_len = place->is_slice;
	r = unit_props_add(ret, a, description);
	if (r == 0)
		r = unit_props_add(ret, a, slice);
	if (r == 0 && !place->is_slice) /* what is below is the container's, and systemd keeps its hands off */
		r = unit_props_add(ret, a, (struct unit_prop)YES("Delegate"));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(common); i++)
		r = unit_props_add(ret, a, common[i]);
	return r < 0 ? err_code(err, r, "plan unit `%s`", place->unit) : 0;
}

/* ---- device rules ---- */

struct allow_list {
	struct arena *arena;
	struct unit_item *v;
	size_t len, cap;
};

static bool is_everything(const struct device_rule *r)
{
	return r->type == 'a' && r->major == DEVICE_ANY && r->minor == DEVICE_ANY && r->access == DEVICE_ALL;
}

/* "/dev/char/1:3", "char-136", "char-*"; systemd has no word for a minor number of all majors. */
static const char *node_text(struct arena *a, char type, int64_t major, int64_t minor)
{
	const char *word = type == 'b' ? "block" : "char";

	if (major == DEVICE_ANY)
		return arena_printf(a, "%s-*", word);
	if (minor == DEVICE_ANY)
		return arena_printf(a, "%s-%" PRId64, word, major);
	return arena_printf(a, "/dev/%s/%" PRId64 ":%" PRId64, word, major, minor);
}

static int allow(struct allow_list *l, const struct device_rule *rule)
{
	for (const char *type = "bc"; *type; type++) {
		struct unit_item *item = &l->v[l->len];

		if (rule->type != 'a' && rule->type != *type)
			continue;
		if (l->len == l->cap)
			return -ENOMEM;
		item->text = node_text(l->arena, *type, rule->major, rule->minor);
		item->second =
			arena_printf(l->arena, "%s%s%s", rule->access & DEVICE_READ ? "r" : "",
				     rule->access & DEVICE_WRITE ? "w" : "", rule->access & DEVICE_MKNOD ? "m" : "");
		if (!item->text || !item->second)
			return -ENOMEM;
		l->len++;
	}
	return 0;
}

/* An earlier list is replaced, not added to. */
static int add_list(const struct allow_list *l, bool strict, struct arena *a, struct unit_props *ret)
{
	struct unit_prop p = { .name = "DeviceAllow", .type = "a(ss)" };
	int r = unit_props_add(
		ret, a, (struct unit_prop){ .name = "DevicePolicy", .type = "s", .text = strict ? "strict" : "auto" });

	if (r == 0)
		r = unit_props_add(ret, a, p);
	p.items = l->v;
	p.items_len = l->len;
	if (r == 0 && l->len > 0)
		r = unit_props_add(ret, a, p);
	return r;
}

/* At least what the rules let through: denials that are exceptions are left to the device program, and so is a minor number of
 * all majors. */
static int plan_wide(const struct device_rule *v, size_t n, struct devices_v1 *ret)
{
	AUTO(buf_done) struct buf wide = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct device_rule one = v[i];

		if (!one.allow && !is_everything(&one))
			continue;
		one.minor = one.major == DEVICE_ANY ? DEVICE_ANY : one.minor;
		r = buf_add(&wide, &one, sizeof(one));
	}
	devices_v1_done(ret);
	return r < 0 ? r
		     : devices_plan_v1((const struct device_rule *)(const void *)wide.data, wide.len / sizeof(*v), ret,
				       NULL);
}

static int refuse_v1(const struct device_rule *rule, struct err *err)
{
	char text[48] = "everything but some";

	if (rule)
		devices_format(rule, text);
	err_set(err, EOPNOTSUPP, "set device rule `%s`: systemd cannot keep it with cgroup v1", text);
	err_pointer(err, "/linux/resources/devices");
	err_hint(err, "use --cgroup-manager cgroupfs, or list the devices one by one");
	return -EOPNOTSUPP;
}

static int check_v1(const struct devices_v1 *d, struct err *err)
{
	const struct device_rule *v = (const struct device_rule *)(const void *)d->list.data;

	if (d->allow_all && d->list.len > 0)
		return refuse_v1(NULL, err);
	for (size_t i = 0; i < d->list.len / sizeof(*v); i++)
		if (v[i].major == DEVICE_ANY && v[i].minor != DEVICE_ANY)
			return refuse_v1(&v[i], err);
	return 0;
}

static int collect(const struct devices_v1 *d, struct allow_list *l)
{
	const struct device_rule *v = (const struct device_rule *)(const void *)d->list.data;
	size_t n = d->list.len / sizeof(*v);
	int r = 0;

	l->cap = 2 * n + 1;
	l->v = arena_new(l->arena, struct unit_item, l->cap);
	if (!l->v)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = allow(l, &v[i]);
	return r;
}

int unit_props_devices(const struct buf *rules, bool v1, struct arena *a, struct unit_props *ret, struct err *err)
{
	const struct device_rule *v = (const struct device_rule *)(const void *)rules->data;
	size_t n = rules->len / sizeof(*v);
	AUTO(devices_v1_done) struct devices_v1 list = { 0 };
	struct allow_list l = { .arena = a };
	int r = devices_plan_v1(v, n, &list, v1 ? err : NULL);

	if (r == 0)
		r = check_v1(&list, v1 ? err : NULL);
	if (r < 0 && v1)
		return r;
	if (r < 0)
		r = plan_wide(v, n, &list);
	if (r == 0)
		r = collect(&list, &l);
	if (r == 0)
		r = add_list(&l, !list.allow_all, a, ret);
	return r < 0 ? err_code(err, r, "plan device rules") : 0;
}

int unit_props_plan(const struct unit_inputs *in, struct arena *a, struct unit_props *ret, struct err *err)
{
	bool v1 = in->facts->layout != CGROUP_LAYOUT_V2;
	int r = unit_props_base(in->place, in->id, v1, a, ret, err);

	if (r == 0)
		r = unit_props_limits(in->facts, in->writes, in->bfq, a, ret, err);
	/* A user's manager has no right to device rules and complains about them. */
	if (r == 0 && !in->place->user)
		r = unit_props_devices(in->rules, v1, a, ret, err);
	for (size_t i = 0; r == 0 && in->extra && i < in->extra->len; i++)
		r = unit_props_add(ret, a, in->extra->v[i]);
	return r == -ENOMEM ? err_code(err, r, "plan unit `%s`", in->place->unit) : r;
}

/* ---- for people ---- */

static void print_items(const struct unit_prop *p, struct buf *out)
{
	const char *type = p->type + 1;

	buf_addf(out, " [");
	for (size_t i = 0; i < p->items_len; i++) {
		buf_adds(out, i ? ", " : "");
		if (*type == 'u') {
			buf_addf(out, "%" PRIu64, p->items[i].number);
			continue;
		}
		buf_add_visible(out, p->items[i].text);
		if (strcmp(type, "(ss)") == 0) {
			buf_adds(out, " ");
			buf_add_visible(out, p->items[i].second);
		} else if (strcmp(type, "(st)") == 0) {
			buf_addf(out, " %" PRIu64, p->items[i].number);
		}
	}
	buf_adds(out, "]");
}

void unit_prop_print(const struct unit_prop *p, struct buf *out)
{
	buf_add_visible(out, p->name);
	buf_addf(out, " %s", p->type);
	if (strcmp(p->type, "ay") == 0) {
		buf_adds(out, " ");
		for (size_t i = 0; i < p->bytes_len; i++)
			buf_addf(out, "%02x", p->bytes[i]);
	} else if (p->type[0] == 'a') {
		print_items(p, out);
	} else if (p->type[0] == 's') {
		buf_adds(out, " ");
		buf_add_visible(out, p->text);
	} else if (p->type[0] == 'b') {
		buf_addf(out, " %s", p->number ? "true" : "false");
	} else if (p->type[0] == 't' && (uint64_t)p->number == UNIT_INFINITY) {
		buf_adds(out, " infinity");
	} else if (p->type[0] == 'i' || p->type[0] == 'x') {
		buf_addf(out, " %" PRId64, p->number);
	} else {
		buf_addf(out, " %" PRIu64, (uint64_t)p->number);
	}
	if (p->since)
		buf_addf(out, " (systemd %u)", p->since);
}
