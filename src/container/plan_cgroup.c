/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a plan that concerns the cgroup: where it is, what it is given, whether it can be. */

#include "container/plan_cgroup.h"

#include <errno.h>
#include <stdio.h>

#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/facts.h"

/* What the document says in systemd's own words, org.systemd.property.*. */
static int add_annotated(const struct annotation_property *p, struct arena *a, struct unit_props *ret)
{
	struct unit_item *items = arena_new(a, struct unit_item, p->items_len + 1);
	struct unit_prop one = {
		.name = p->name,
		.type = p->type,
		.text = p->text,
		.number = p->number,
		.items = items,
		.items_len = p->items_len,
		.bytes = p->bytes,
		.bytes_len = p->bytes_len,
	};

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < p->items_len; i++)
		items[i] = (struct unit_item){ p->items[i].text, p->items[i].second, p->items[i].number };
	return unit_props_add(ret, a, one);
}

static int plan_annotated_props(const struct annotations *an, struct arena *a, struct unit_props *ret, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < an->properties_len; i++) {
		r = add_annotated(&an->properties[i], a, ret);
		if (r < 0)
			err_code(err, r, "plan unit property `%s`", an->properties[i].name);
	}
	return r;
}

/* Relative paths of a user without rights are below what was delegated to him; planned for another host nothing is known of that. */
static int find_own_base(const struct plan_inputs *in, const struct create_plan *p, char *ret, size_t len,
			 struct err *err)
{
	const struct spec_linux_ *lnx = in->bundle->config->lnx;
	const struct cgroup_facts *f;
	int r;

	ret[0] = 0;
	if (in->facts || !in->rt->rootless || (lnx && lnx->cgroups_path && lnx->cgroups_path[0] == '/'))
		return 0;
	r = runtime_cgroup_facts(in->rt, &f, err);
	return r < 0 ? r : cgroup_find_own(f, in->rt->proc_fd, p->limits.writes.len > 0, ret, len, err);
}

static int plan_cgroup_path(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	const struct spec_config *c = in->bundle->config;
	char path[CGROUP_PATH_MAX], base[CGROUP_PATH_MAX];
	int r = cgroup_path_plan(c->lnx ? c->lnx->cgroups_path : NULL, in->id, path, sizeof(path), err);

	if (r >= 0)
		r = find_own_base(in, p, base, sizeof(base), err);
	if (r >= 0 &&
	    snprintf(p->cgroup_path, sizeof(p->cgroup_path), "%s%s", base, path) >= (int)sizeof(p->cgroup_path))
		r = err_set(err, ENAMETOOLONG, "plan cgroup `%s%s`: its path is too long", base, path);
	return r;
}

/* systemd takes the controllers of a slice back from every cgroup below it that it does not know. */
static int check_subgroup(const struct plan_inputs *in, const struct create_plan *p, struct err *err)
{
	const char *sub = in->bundle->annotations.systemd_subgroup;

	if (!p->unit.is_slice || !sub || !sub[0])
		return 0;
	err_set(err, EINVAL, "plan cgroup `%s` below unit `%s`: the cgroups in a slice are those of other units", sub,
		p->unit.unit);
	err_pointer(err, "/annotations/run.oci.systemd.subgroup");
	return -EINVAL;
}

static int plan_unit_place(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	const struct spec_config *c = in->bundle->config;
	const char *above = in->user_cgroup ? in->user_cgroup : "";
	int r = unit_plan(c->lnx ? c->lnx->cgroups_path : NULL, in->id, in->rt->rootless, &p->unit, err);

	if (r == 0)
		r = check_subgroup(in, p, err);
	if (r == 0 && snprintf(p->cgroup_path, sizeof(p->cgroup_path), "%s%s", above, p->unit.path) >=
			      (int)sizeof(p->cgroup_path))
		r = err_set(err, ENAMETOOLONG, "plan unit `%s`: its cgroup's path is too long", p->unit.unit);
	return r;
}

/* run.oci.delegate-cgroup */
static int check_delegated(const struct plan_inputs *in, const struct create_plan *p, struct err *err)
{
	const char *sub = in->bundle->annotations.delegate_cgroup;
	const struct cgroup_facts *f = in->facts;
	int r = !sub || f ? 0 : runtime_cgroup_facts(in->rt, &f, err);

	if (!sub || r < 0 || (!p->cgroup_disabled && f->layout == CGROUP_LAYOUT_V2))
		return r;
	if (p->cgroup_disabled)
		err_set(err, EOPNOTSUPP, "delegate cgroup `%s`: cgroups are disabled", sub);
	else
		err_set(err, EOPNOTSUPP, "delegate cgroup `%s`: only cgroup v2 can be handed on, not %s", sub,
			cgroup_layout_name(f->layout));
	err_pointer(err, "/annotations/run.oci.delegate-cgroup");
	return -EOPNOTSUPP;
}

static int plan_limits(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	const struct spec_linux_ *lnx = in->bundle->config->lnx;
	const struct spec_resources *res = lnx ? lnx->resources : NULL;
	const struct cgroup_facts *f = in->facts;
	int r = f ? 0 : runtime_cgroup_facts(in->rt, &f, err);

	if (r >= 0)
		r = cgroup_limits_plan(f, res, lnx ? lnx->devices : NULL, lnx ? lnx->devices_len : 0, &p->arena,
				       &p->limits, err);
	if (r >= 0 && p->has_unit)
		r = plan_annotated_props(&in->bundle->annotations, &p->arena, &p->extra, err);
	return r;
}

/* Without a cgroup there is nothing that a limit could be set on. */
static int refuse_limits(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	const struct spec_linux_ *lnx = in->bundle->config->lnx;
	const struct cgroup_facts *f = in->facts;
	const struct cgroup_writes *w = &p->limits.writes;
	int r = f || !lnx || !lnx->resources ? 0 : runtime_cgroup_facts(in->rt, &f, err);

	if (r >= 0 && lnx && lnx->resources)
		r = cgroup_plan_resources(f, lnx->resources, &p->arena, &p->limits.writes, err);
	if (r < 0 || w->len == 0)
		return r;
	err_set(err, EOPNOTSUPP, "set `%s`: cgroups are disabled", w->v[0].file);
	err_pointer(err, "%s", w->v[0].pointer);
	return -EOPNOTSUPP;
}

int plan_cgroup(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	int r;

	p->cgroup_disabled = in->rt->cgroup_manager == MASU_CGROUP_DISABLED;
	p->has_unit = in->rt->cgroup_manager == MASU_CGROUP_SYSTEMD;
	r = check_delegated(in, p, err);
	if (r >= 0)
		r = p->cgroup_disabled ? refuse_limits(in, p, err) : plan_limits(in, p, err);
	if (r < 0 || p->cgroup_disabled)
		return r;
	return p->has_unit ? plan_unit_place(in, p, err) : plan_cgroup_path(in, p, err);
}
