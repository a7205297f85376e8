/* SPDX-License-Identifier: Apache-2.0 */
/* The engine behind the row tables. Pure; knows no property by name except `unified`. */
#include "kernel/cgroup/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/cgroup/rows.h"

#define POINTER_BASE "/linux/resources"

const char *planner_pointer(struct planner *p, const char *fmt, ...)
{
	char tail[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(tail, sizeof(tail), fmt, ap);
	va_end(ap);
	if (p->section[0])
		return arena_printf(p->arena, POINTER_BASE "/%s/%s", p->section, tail);
	return arena_printf(p->arena, POINTER_BASE "/%s", tail);
}

int planner_invalid(struct planner *p, const char *pointer, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(p->err, EINVAL, "%s", text);
	err_pointer(p->err, "%s", pointer ? pointer : "");
	return -EINVAL;
}

int planner_unsupported(struct planner *p, const char *pointer, const char *v1_file)
{
	const char *layout = cgroup_layout_name(p->facts->layout);
	const char *name = pointer ? strrchr(pointer, '/') + 1 : "";

	if (v1_file)
		err_set(p->err, EOPNOTSUPP, "set `%s`: not possible with %s: there is no counterpart of `%s`", name,
			layout, v1_file);
	else
		err_set(p->err, EOPNOTSUPP, "set `%s`: not possible with %s: no cgroup2 tree is mounted", name, layout);
	err_pointer(p->err, "%s", pointer ? pointer : "");
	return -EOPNOTSUPP;
}

static int not_mounted(struct planner *p, const struct cgroup_write *w)
{
	err_set(p->err, EOPNOTSUPP, "set `%s`: controller `%s` is not mounted (%s)", w->file, p->controller,
		cgroup_layout_name(p->facts->layout));
	err_pointer(p->err, "%s", w->pointer);
	return -EOPNOTSUPP;
}

static int writes_grow(struct planner *p)
{
	struct cgroup_writes *out = p->out;
	size_t cap = out->cap ? out->cap * 2 : 24;
	struct cgroup_write *v = arena_new(p->arena, struct cgroup_write, cap);

	if (!v)
		return err_set(p->err, ENOMEM, "plan resources: out of memory");
	if (out->len)
		memcpy(v, out->v, out->len * sizeof(*v));
	out->v = v;
	out->cap = cap;
	return 0;
}

int planner_add(struct planner *p, struct cgroup_write w)
{
	int r = 0;

	if (!w.file || !w.value || !w.pointer)
		return err_set(p->err, ENOMEM, "plan resources: out of memory");
	if (p->hierarchy < 0)
		return not_mounted(p, &w);
	if (p->out->len == p->out->cap)
		r = writes_grow(p);
	if (r < 0)
		return r;
	w.hierarchy = p->hierarchy;
	w.controller = p->controller;
	p->out->v[p->out->len++] = w;
	return 0;
}

static bool value_read(const struct row *row, const void *section, struct row_value *v)
{
	const char *at = (const char *)section + row->offset;

	*v = (struct row_value){ 0 };
	if (row->kind == ROW_STR) {
		v->s = *(const char *const *)at;
		return v->s != NULL;
	}
	if (row->kind == ROW_BOOL) {
		v->i = ((const struct opt_bool *)at)->value;
		v->u = (uint64_t)v->i;
		return ((const struct opt_bool *)at)->set;
	}
	if (row->kind == ROW_U64) {
		v->u = ((const struct opt_u64 *)at)->value;
		v->huge = v->u > INT64_MAX;
		v->i = v->huge ? INT64_MAX : (int64_t)v->u;
		return ((const struct opt_u64 *)at)->set;
	}
	v->i = ((const struct opt_i64 *)at)->value;
	v->u = (uint64_t)v->i;
	return ((const struct opt_i64 *)at)->set;
}

static const char *value_text(struct planner *p, const struct row_value *v)
{
	if (v->s)
		return v->s;
	return v->huge ? arena_printf(p->arena, "%" PRIu64, v->u) : arena_printf(p->arena, "%" PRId64, v->i);
}

int row_max_if_negative(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
			struct cgroup_write *w)
{
	(void)row;
	(void)section;
	w->value = v->i < 0 ? "max" : value_text(p, v);
	return 0;
}

int row_skip_zero(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
		  struct cgroup_write *w)
{
	(void)row;
	(void)section;
	if (v->i == 0 && !v->huge)
		return 1;
	w->value = value_text(p, v);
	return 0;
}

int row_zero_optional(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
		      struct cgroup_write *w)
{
	(void)row;
	(void)section;
	if (v->i == 0)
		w->flags |= CGROUP_WRITE_OPTIONAL;
	w->value = value_text(p, v);
	return 0;
}

/* v1_row: the same property in the v1 table, for the file's name. */
static int plan_row(struct planner *p, const struct row *row, const struct row *v1_row, const void *section)
{
	struct cgroup_write w = {
		.file = row->file, .alt_file = row->alt_file, .flags = row->flags, .group = row->group
	};
	struct row_value v;
	int r = 0;

	if (!value_read(row, section, &v))
		return 0;
	if (!row->file && !row->format) {
		if (row->has_noop && v.i == row->noop && !v.huge)
			return 0;
		return planner_unsupported(p, planner_pointer(p, "%s", row->key), v1_row->file);
	}
	w.pointer = planner_pointer(p, "%s", row->key);
	if (row->format)
		r = row->format(p, row, &v, section, &w);
	else
		w.value = value_text(p, &v);
	return r ? (r < 0 ? r : 0) : planner_add(p, w);
}

static int plan_section(struct planner *p, const struct section *s, const struct section *v1)
{
	const void *at;
	int r;

	if (s->offset == SECTION_SELF)
		return s->more(p, p->res);
	at = *(const void *const *)((const char *)p->res + s->offset);
	if (!at)
		return 0;
	for (size_t i = 0; i < s->rows_len; i++) {
		r = plan_row(p, &s->rows[i], &v1->rows[i], at);
		if (r < 0)
			return r;
	}
	return s->more ? s->more(p, at) : 0;
}

/* Files that move or stop processes are no limits: written from here they would act on other processes or hang the start. */
static bool is_action_file(const char *key)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill", "cgroup.freeze" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(key, files[i]) == 0)
			return true;
	return false;
}

static int unified_key_check(struct planner *p, const char *key, const char *pointer)
{
	if (!key[0] || strchr(key, '/') || strchr(key, '\n') || !strchr(key, '.') || key[0] == '.')
		return planner_invalid(p, pointer, "check unified resource `%s`: not the name of a cgroup file", key);
	if (is_action_file(key))
		return planner_invalid(p, pointer, "check unified resource `%s`: this file is not a setting", key);
	return 0;
}

static int unified_lines(struct planner *p, const struct spec_kv *kv, const char *pointer)
{
	const char *line = kv->value;
	int r;

	do { /* the kernel takes one command per write */
		size_t n = strcspn(line, "\n");

		if (n > 0 || line == kv->value) {
			r = planner_add(p, (struct cgroup_write){ .file = kv->key,
								  .value = arena_strndup(p->arena, line, n),
								  .pointer = pointer });
			if (r < 0)
				return r;
		}
		line += n + (line[n] == '\n');
	} while (*line);
	return 0;
}

/* RFC 6901: "~" and "/" are escaped in pointers. */
static const char *pointer_escape(struct planner *p, const char *key)
{
	char *out = arena_alloc(p->arena, 1, strlen(key) * 2 + 1);
	char *o = out;

	for (; out && *key; key++) {
		if (*key == '~' || *key == '/') {
			*o++ = '~';
			*o++ = *key == '~' ? '0' : '1';
		} else {
			*o++ = *key;
		}
	}
	return out ? out : "";
}

static int plan_unified_one(struct planner *p, const struct spec_kv *kv)
{
	const char *pointer = planner_pointer(p, "%s", pointer_escape(p, kv->key));
	char *controller;
	int r = unified_key_check(p, kv->key, pointer);

	if (r < 0)
		return r;
	controller = arena_strndup(p->arena, kv->key, strcspn(kv->key, "."));
	if (!controller)
		return err_set(p->err, ENOMEM, "plan resources: out of memory");
	if (p->facts->unified < 0)
		return planner_unsupported(p, pointer, NULL);
	if (cgroup_facts_find(p->facts, controller) != p->facts->unified) {
		err_set(p->err, EOPNOTSUPP,
			"set unified resource `%s`: controller `%s` is in a cgroup v1 hierarchy (%s)", kv->key,
			controller, cgroup_layout_name(p->facts->layout));
		err_pointer(p->err, "%s", pointer ? pointer : "");
		return -EOPNOTSUPP;
	}
	p->controller = strcmp(controller, "cgroup") == 0 ? "" : controller;
	p->hierarchy = p->facts->unified;
	return unified_lines(p, kv, pointer);
}

static int plan_unified(struct planner *p)
{
	p->section = "unified";
	for (size_t i = 0; i < p->res->unified_len; i++) {
		int r = plan_unified_one(p, &p->res->unified[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

int cgroup_plan_resources(const struct cgroup_facts *facts, const struct spec_resources *res, struct arena *a,
			  struct cgroup_writes *ret, struct err *err)
{
	struct planner p = { .facts = facts, .res = res, .arena = a, .out = ret, .err = err };
	int r;

	*ret = (struct cgroup_writes){ 0 };
	for (size_t i = 0; i < SECTIONS_LEN; i++) {
		const struct section *s = &sections_v1[i];

		p.hierarchy = cgroup_facts_find_v1(facts, s->controller);
		if (p.hierarchy < 0 && facts->unified >= 0) {
			s = &sections_v2[i];
			p.hierarchy = facts->unified;
		}
		p.section = s->name;
		p.controller = s->controller;
		r = plan_section(&p, s, &sections_v1[i]);
		if (r < 0)
			return r;
	}
	return plan_unified(&p); /* last, so that it wins over what was converted */
}
