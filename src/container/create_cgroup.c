/* SPDX-License-Identifier: Apache-2.0 */
/* The step of create that makes the cgroup, by whichever manager was asked for. */

#include <errno.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "container/create.h"
#include "kernel/cgroup/unit_call.h"

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

int plan_annotated_props(const struct annotations *an, struct arena *a, struct unit_props *ret, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < an->properties_len; i++) {
		r = add_annotated(&an->properties[i], a, ret);
		if (r < 0)
			err_code(err, r, "plan unit property `%s`", an->properties[i].name);
	}
	return r;
}

static int journal_cgroup(struct create *c, struct err *err)
{
	int r = cgroup_record(&c->cgroup, c->cgroup_record, sizeof(c->cgroup_record));

	return r < 0 ? err_code(err, r, "record the cgroup")
		     : journal_add(&c->journal, "cgroup", c->cgroup_record, err);
}

static int make(struct create *c, struct err *err)
{
	const struct spec_linux_ *lnx = c->bundle.config->lnx;
	int r = journal_cgroup(c, err); /* before it exists: whoever finds the journal knows where to look */

	if (r >= 0)
		r = cgroup_create(&c->cgroup, lnx ? lnx->resources : NULL, err);
	if (r < 0) {
		cgroup_done(&c->cgroup);
		return r;
	}
	c->has_cgroup = true;
	/* systemd may have put it elsewhere than could be known before. */
	r = journal_cgroup(c, err);
	if (r < 0)
		create_destroy_cgroup(c);
	return r;
}

int create_cgroup(void *ctx, struct err *err)
{
	struct create *c = ctx;
	const struct spec_linux_ *lnx = c->bundle.config->lnx;
	AUTO(arena_done) struct arena a = { 0 };
	struct unit_props extra = { 0 };
	struct cgroup_options o = {
		.driver = c->plan.has_unit ? &cgroup_driver_systemd : &cgroup_driver_fs,
		.rootless_tolerant = c->rt->rootless,
		.nodes = lnx ? lnx->devices : NULL,
		.nodes_len = lnx ? lnx->devices_len : 0,
		.unit = &c->plan.unit,
		.id = c->id,
		.extra = &extra,
		.sub = c->bundle.annotations.systemd_subgroup,
	};
	const struct cgroup_facts *facts;
	int r = runtime_cgroup_facts(c->rt, &facts, err);

	if (r >= 0 && c->plan.has_unit)
		r = plan_annotated_props(&c->bundle.annotations, &a, &extra, err);
	if (r >= 0)
		r = cgroup_probe(facts, c->plan.cgroup_path, &o, &c->cgroup, err);
	return r < 0 ? r : make(c, err);
}

void create_destroy_cgroup(void *ctx)
{
	struct create *c = ctx;
	struct err err = { 0 };

	if (cgroup_destroy(&c->cgroup, &err) < 0)
		log_warn("undo: %s", err.text);
}

int create_find_user_cgroup(char *ret, size_t len, struct err *err)
{
	AUTO(unit_manager_done) struct unit_manager m = UNIT_MANAGER_INIT;
	int r = unit_manager_open(true, &m, err);

	return r < 0 ? r : unit_manager_cgroup(&m, ret, len, err);
}
