/* SPDX-License-Identifier: Apache-2.0 */
/* createContainer and startContainer hooks as flat records, with the state document cut at the process id. */

#include "container/plan_hooks.h"

#include <errno.h>

#include "base/cleanup.h"

static int add_hooks(struct buf *flat, const struct spec_hook *hooks, size_t n, struct arena *a, struct flat_arr *ret)
{
	struct hook_rec *recs;

	if (n == 0)
		return 0;
	recs = arena_new(a, struct hook_rec, n);
	if (!recs)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		recs[i] = (struct hook_rec){
			.path = flat_add_str(flat, hooks[i].path),
			.argv = flat_add_strv(flat, hooks[i].args, hooks[i].args_len),
			.envp = flat_add_strv(flat, hooks[i].env, hooks[i].env_len),
			.timeout = hooks[i].timeout.set ? (uint32_t)hooks[i].timeout.value : 0,
			.index = (uint32_t)i,
		};
	*ret = flat_add_arr(flat, recs, n, sizeof(*recs));
	return 0;
}

static int add_document(struct buf *flat, const struct state *s, enum status status, struct hook_state *ret)
{
	AUTO(buf_done) struct buf head = { 0 }, tail = { 0 };
	int r = state_hook_split(s, status, &head, &tail);

	if (r < 0)
		return r;
	*ret = (struct hook_state){ .head = flat_add_str(flat, head.data), .tail = flat_add_str(flat, tail.data) };
	return 0;
}

int plan_hooks(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	const struct spec_hooks *h = in->bundle->config->hooks;
	AUTO(arena_done) struct arena a = { 0 };
	struct state s;
	int r;

	/* Network devices are moved at the point at which these hooks run. */
	if (in->bundle->config->lnx && in->bundle->config->lnx->net_devices_len)
		p->plan.flags |= PLAN_HOST_HOOKS;
	if (!h)
		return 0;
	if (h->prestart_len || h->create_runtime_len)
		p->plan.flags |= PLAN_HOST_HOOKS;
	if (!h->create_container_len && !h->start_container_len)
		return 0;
	plan_state(in, &s);
	r = add_hooks(&p->flat, h->create_container, h->create_container_len, &a, &p->plan.create_container);
	if (r >= 0)
		r = add_hooks(&p->flat, h->start_container, h->start_container_len, &a, &p->plan.start_container);
	if (r >= 0)
		r = add_document(&p->flat, &s, STATUS_CREATING, &p->plan.creating);
	if (r >= 0)
		r = add_document(&p->flat, &s, STATUS_CREATED, &p->plan.created);
	return r < 0 ? err_code(err, r, "plan hooks") : 0;
}
