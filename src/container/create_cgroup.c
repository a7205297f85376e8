/* SPDX-License-Identifier: Apache-2.0 */
/* The step of create that makes the cgroup, by whichever manager was asked for. */

#include <errno.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "container/create.h"
#include "kernel/cgroup/unit_call.h"

static int journal_cgroup(struct create *c, struct err *err)
{
	int r = cgroup_record(&c->cgroup, c->cgroup_record, sizeof(c->cgroup_record));

	return r < 0 ? err_code(err, r, "record the cgroup")
		     : journal_add(&c->journal, "cgroup", c->cgroup_record, err);
}

static int make(struct create *c, struct err *err)
{
	int r = journal_cgroup(c, err); /* before it exists: whoever finds the journal knows where to look */

	if (r >= 0)
		r = cgroup_create(&c->cgroup, &c->plan.limits, err);
	if (r < 0) {
		c->stays = c->cgroup.undo_failed;
		cgroup_done(&c->cgroup);
		return r;
	}
	c->has_cgroup = !cgroup_is_disabled(&c->cgroup);
	/* systemd may have put it elsewhere than could be known before. */
	r = journal_cgroup(c, err);
	if (r < 0)
		create_destroy_cgroup(c);
	return r;
}

/* Where the user may make no cgroup, and needs none, there is none: what the container sees of cgroups is the caller's. */
static int stay_in_own(struct create *c, struct err *err)
{
	struct plan_inputs in = {
		.rt = c->rt, .bundle = &c->bundle, .id = c->id, .options = c->options, .host_kinds = c->host_kinds
	};

	return plan_without_cgroup(&in, &c->plan, err);
}

int create_cgroup(void *ctx, struct err *err)
{
	struct create *c = ctx;
	struct cgroup_options o = {
		.driver = c->plan.has_unit ? &cgroup_driver_systemd : &cgroup_driver_fs,
		.rootless_tolerant = c->rt->rootless,
		.unit = &c->plan.unit,
		.id = c->id,
		.extra = &c->plan.extra,
		.sub = c->bundle.annotations.systemd_subgroup,
	};
	const struct cgroup_facts *facts;
	int r = runtime_cgroup_facts(c->rt, &facts, err);

	if (r >= 0)
		r = cgroup_probe(facts, c->plan.cgroup_path, &o, &c->cgroup, err);
	if (r >= 0)
		r = make(c, err);
	return r < 0 || c->has_cgroup ? r : stay_in_own(c, err);
}

void create_destroy_cgroup(void *ctx)
{
	struct create *c = ctx;
	struct err err = { 0 };

	c->stays = cgroup_destroy(&c->cgroup, &err) < 0;
	if (c->stays)
		log_warn("undo: %s", err.text);
}

int create_find_user_cgroup(char *ret, size_t len, struct err *err)
{
	AUTO(unit_manager_done) struct unit_manager m = UNIT_MANAGER_INIT;
	int r = unit_manager_open(true, &m, err);

	return r < 0 ? r : unit_manager_cgroup(&m, ret, len, err);
}
