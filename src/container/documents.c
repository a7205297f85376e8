/* SPDX-License-Identifier: Apache-2.0 */
/* spec and plan: documents that are printed without touching a container. */

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "container/api.h"
#include "container/id.h"
#include "container/plan.h"
#include "kernel/cgroup/devices.h"
#include "kernel/cgroup/facts.h"
#include "kernel/ns/open.h"
#include "spec/template.h"

int masu_spec(int rootless, masu_write_fn *out, void *arg, struct masu_error *error)
{
	struct err err = { 0 };
	int r = spec_template_write(rootless, geteuid(), getegid(), out, arg);

	if (r < 0)
		err_code(&err, r, "write the template document");
	return api_return(r, &err, error);
}

static int choose_facts(struct masu_runtime *rt, int cgroups, struct cgroup_facts *assumed,
			const struct cgroup_facts **ret, struct err *err)
{
	static const enum cgroup_layout layouts[] = {
		[MASU_PLAN_CGROUPS_V1] = CGROUP_LAYOUT_V1,
		[MASU_PLAN_CGROUPS_HYBRID] = CGROUP_LAYOUT_HYBRID,
		[MASU_PLAN_CGROUPS_V2] = CGROUP_LAYOUT_V2,
	};

	if (cgroups == MASU_PLAN_CGROUPS_HOST)
		return runtime_cgroup_facts(rt, ret, err);
	if (cgroups < 0 || (size_t)cgroups >= ARRAY_SIZE(layouts))
		return err_set(err, EINVAL, "plan: unknown cgroup layout %d", cgroups);
	*ret = assumed;
	return cgroup_facts_assume(layouts[cgroups], assumed, err);
}

static void shown_done(struct plan_shown *s)
{
	buf_done(&s->rules);
}

/* The v1 device controller holds a list, which may not be able to say what an ordered list of rules says. */
static int show_v1_rules(const struct buf *rules, struct plan_shown *ret, struct err *err)
{
	AUTO(devices_v1_done) struct devices_v1 list = { 0 };
	int r = devices_plan_v1((const struct device_rule *)(const void *)rules->data,
				rules->len / sizeof(struct device_rule), &list, err);

	if (r < 0)
		return r;
	ret->rules = list.list;
	ret->listed = true;
	ret->rules_deny = list.allow_all;
	list.list = (struct buf){ 0 };
	return 0;
}

static int show(const struct plan_inputs *in, const struct create_plan *p, struct arena *a, struct plan_shown *ret,
		struct err *err)
{
	struct unit_inputs u = {
		.place = &p->unit,
		.id = in->id,
		.facts = in->facts,
		.writes = &p->limits.writes,
		.rules = &p->limits.rules,
		.extra = &p->extra,
	};
	int r = p->has_unit ? unit_props_plan(&u, a, &ret->props, err) : 0;

	ret->layout = cgroup_layout_name(in->facts->layout);
	if (r < 0)
		return r;
	if (cgroup_facts_find_v1(in->facts, "devices") >= 0)
		return show_v1_rules(&p->limits.rules, ret, err);
	r = p->limits.rules.len ? buf_add(&ret->rules, p->limits.rules.data, p->limits.rules.len) : 0;
	return r < 0 ? err_code(err, r, "print the plan") : 0;
}

static int plan_text(struct plan_inputs *in, struct buf *text, struct err *err)
{
	AUTO(create_plan_done) struct create_plan plan = { 0 };
	AUTO(shown_done) struct plan_shown shown = { 0 };
	AUTO(arena_done) struct arena arena = { 0 };
	int r;

	in->host_kinds = ns_host_kinds(in->bundle->config);
	r = plan_build(in, &plan, err);
	if (r >= 0 && !plan.cgroup_disabled)
		r = show(in, &plan, &arena, &shown, err);
	if (r < 0)
		return r;
	plan_print(in, &plan, &shown, text);
	return text->error ? err_code(err, text->error, "print the plan") : 0;
}

int masu_plan(struct masu_runtime *rt, const char *id, const struct masu_create_options *o, int format,
	      masu_write_fn *out, void *arg, struct masu_error *error)
{
	AUTO(bundle_done) struct bundle bundle = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct cgroup_facts assumed = CGROUP_FACTS_INIT;
	struct masu_create_options copy;
	struct plan_inputs in = {
		.rt = rt,
		.bundle = &bundle,
		.id = id,
		.options = &copy,
		.seccomp_cache_fd = -1,
		.created = "",
		.assume_rights = true,
	};
	struct err err = { 0 };
	int r = api_options(&copy, sizeof(copy), o, &err);

	if (r >= 0)
		r = api_flags(copy.flags, MASU_CREATE_NO_PIVOT | MASU_CREATE_NO_NEW_KEYRING, &err);
	if (r >= 0)
		r = id_check(id, &err);
	if (r >= 0 && format != MASU_PLAN_TEXT)
		r = err_set(&err, EINVAL, "print the plan: unknown format %d", format);
	if (r >= 0)
		r = bundle_load(copy.bundle, copy.config, &bundle, &err);
	if (r >= 0)
		r = bundle_annotate(&bundle, rt->allowed, &err);
	if (r >= 0)
		r = choose_facts(rt, copy.plan_cgroups, &assumed, &in.facts, &err);
	if (r >= 0)
		r = plan_text(&in, &text, &err);
	if (r < 0)
		return api_return(r, &err, error);
	r = out(arg, text.data, text.len);
	if (r < 0)
		err_code(&err, r, "write the plan");
	return api_return(r, &err, error);
}
