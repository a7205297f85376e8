/* SPDX-License-Identifier: Apache-2.0 */
/* Limits and device rules of a cgroup that is there: written, changed, and taken back when a change fails half-way. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "kernel/cgroup/apply.h"
#include "kernel/cgroup/devices.h"
#include "kernel/cgroup/internal.h"
#include "kernel/cgroup/restore.h"

int cgroup_write_devices(struct cgroup *cg, const struct buf *rules, bool fresh, struct err *err)
{
	const struct device_rule *v = (const struct device_rule *)(const void *)rules->data;
	size_t n = rules->len / sizeof(*v);
	int i = cgroup_facts_find_v1(cg->facts, "devices");
	int fd = cgroup_fd(cg, i >= 0 ? i : cg->facts->unified);
	int r;

	if (i < 0 && cg->facts->unified < 0)
		return err_set(err, EOPNOTSUPP, "set device rules: controller `devices` is not mounted (%s)",
			       cgroup_layout_name(cg->facts->layout));
	if (fd < 0)
		return err_code(err, fd, "open cgroup `%s`", cg->path);
	r = i >= 0 ? devices_apply_v1(fd, v, n, fresh, err) : devices_apply_v2(fd, v, n, fresh, err);
	if (cgroup_is_permission(r) && cg->rootless_tolerant) {
		/* Without rights over the host no device node can be made or reached beyond what the user may open anyway. */
		log_debug("device rules of cgroup `%s` are not set: no right to do so", cg->path);
		err_clear(err);
		return 0;
	}
	return r;
}

int cgroup_write_dirs(struct cgroup *cg, const struct cgroup_writes *w, int fds[CGROUP_HIERARCHIES_MAX],
		      struct err *err)
{
	for (size_t i = 0; i < CGROUP_HIERARCHIES_MAX; i++)
		fds[i] = -EBADF;
	for (size_t k = 0; k < w->len; k++) {
		int i = w->v[k].hierarchy;

		fds[i] = cgroup_fd(cg, i);
		if (fds[i] < 0)
			return err_code(err, fds[i], "open cgroup `%s` in `%s`", cg->path,
					cg->facts->hierarchies[i].mount);
	}
	return 0;
}

int cgroup_write_limits(struct cgroup *cg, const struct cgroup_writes *w, struct err *err)
{
	int fds[CGROUP_HIERARCHIES_MAX];
	int r = cgroup_write_dirs(cg, w, fds, err);

	return r < 0 ? r : cgroup_apply(cg->facts, fds, w, err);
}

/* What the controller cannot hold is refused before anything is touched. */
static int check_rules(const struct cgroup_facts *facts, const struct buf *rules, struct err *err)
{
	const struct device_rule *v = (const struct device_rule *)(const void *)rules->data;
	AUTO(devices_v1_done) struct devices_v1 list = { 0 };

	if (cgroup_facts_find_v1(facts, "devices") < 0)
		return 0;
	return devices_plan_v1(v, rules->len / sizeof(*v), &list, err);
}

int cgroup_limits_plan(const struct cgroup_facts *facts, const struct spec_resources *res,
		       const struct spec_device *nodes, size_t nodes_len, struct arena *a, struct cgroup_limits *ret,
		       struct err *err)
{
	int r;

	*ret = (struct cgroup_limits){ 0 };
	r = res ? cgroup_plan_resources(facts, res, a, &ret->writes, err) : 0;
	if (r == 0)
		r = devices_plan(res, nodes, nodes_len, &ret->rules, err);
	return r < 0 ? r : check_rules(facts, &ret->rules, err);
}

void cgroup_limits_done(struct cgroup_limits *l)
{
	buf_done(&l->rules);
}

int cgroup_change_plan(struct cgroup *cg, const struct spec_resources *res, struct cgroup_change *c, struct err *err)
{
	int fds[CGROUP_HIERARCHIES_MAX];
	int r = cgroup_plan_resources(cg->facts, res, c->arena, &c->writes, err);

	c->devices = res->devices_set;
	if (r == 0 && c->devices)
		r = devices_plan(res, cg->nodes, cg->nodes_len, &c->rules, err);
	if (r == 0 && c->devices)
		r = check_rules(cg->facts, &c->rules, err);
	if (r == 0)
		r = cgroup_write_dirs(cg, &c->writes, fds, err);
	return r < 0 ? r : cgroup_check_writes(cg->facts, fds, &c->writes, err);
}

int cgroup_change_begin(struct cgroup *cg, struct cgroup_change *c, struct err *err)
{
	int fds[CGROUP_HIERARCHIES_MAX];
	int r = c->writes.len > 0 ? cgroup_enable_controllers(cg, &c->writes, err) : 0;

	if (r == 0)
		r = cgroup_write_dirs(cg, &c->writes, fds, err);
	return r < 0 ? r : cgroup_save(fds, &c->writes, c->arena, &c->before, err);
}

int cgroup_change_devices(struct cgroup *cg, struct cgroup_change *c, struct err *err)
{
	int r = cgroup_write_devices(cg, &c->rules, false, err);

	/* On v2 one program takes the place of the other, or does not; on v1 there are many writes. */
	c->devices_open |= r < 0 && cgroup_facts_find_v1(cg->facts, "devices") >= 0;
	return r;
}

void cgroup_change_revert(struct cgroup *cg, struct cgroup_change *c, int more, struct err *err)
{
	const char *devices = c->devices_open ? ", the device rules may not be" : "";
	struct err inner = { 0 };
	int r = cgroup_write_limits(cg, &c->before, &inner);
	char text[sizeof(err->text)];

	r = r < 0 ? r : more;
	if (!err)
		return;
	strcpy(text, err->text);
	if (r == 0)
		snprintf(err->text, sizeof(err->text), "%.900s; the limits are what they were before%s", text, devices);
	else
		snprintf(err->text, sizeof(err->text), "%.480s; not all limits could be set back: %.480s", text,
			 inner.text[0] ? inner.text : "systemd did not take them");
}
