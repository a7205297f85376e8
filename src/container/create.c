/* SPDX-License-Identifier: Apache-2.0 */
/* How a container is made, seen from the host: the table below is the story, read it from top to bottom. masu-init's side of it is in
 * init/container.c; where they meet is in wire/protocol.def. */

#include "container/create.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/story.h"
#include "container/dir.h"
#include "container/hooks.h"
#include "container/notify.h"
#include "kernel/ns/open.h"

static const struct step steps[] = {
	/* name              act                   undo                   when */
	{ "load", create_load, NULL, NULL },
	{ "plan", create_plan, NULL, NULL },
	{ "check console", create_check_console, NULL, NULL },
	{ "claim id", create_claim, create_unclaim, NULL },
	{ "snapshot", create_snapshot, NULL, NULL },
	{ "notify directory", create_notify_dir, NULL, create_wants_notify },
	{ "open files", create_open_files, NULL, NULL },
	{ "cgroup", create_cgroup, create_destroy_cgroup, create_wants_cgroup },
	{ "class of service", create_rdt, create_undo_rdt, create_wants_rdt },
	{ "write plan", create_write_plan, NULL, NULL },
	{ "spawn init", create_spawn, create_kill_init, NULL },
	{ "map ids", create_map_ids, NULL, create_has_new_user },
	{ "find init", create_find_init, NULL, create_has_stage },
	{ "mount sources", create_send_sources, NULL, create_has_sources },
	{ "place init", create_place, NULL, NULL },
	{ "net devices", create_net_devices, create_return_devices, create_has_net_devices },
	{ "host hooks", create_host_hooks, NULL, create_has_host_hooks },
	{ "wait for init", create_wait_created, NULL, NULL },
	{ "schedule init", create_schedule, NULL, create_schedules_init },
	{ "save state", create_save_state, create_unsave_state, NULL },
	{ "publish", create_publish, create_unpublish, NULL },
};

bool create_has_new_user(const void *ctx)
{
	return ((const struct create *)ctx)->plan.plan.ns.new_user;
}

bool create_has_stage(const void *ctx)
{
	return ((const struct create *)ctx)->plan.plan.ns.stage;
}

bool create_has_sources(const void *ctx)
{
	return plan_sources(&((const struct create *)ctx)->plan.plan);
}

bool create_wants_notify(const void *ctx)
{
	const struct create *c = ctx;

	return notify_is_planned(c->options, c->bundle.config);
}

bool create_wants_rdt(const void *ctx)
{
	const struct spec_linux_ *lnx = ((const struct create *)ctx)->bundle.config->lnx;

	return lnx && lnx->intel_rdt;
}

bool create_has_net_devices(const void *ctx)
{
	const struct spec_linux_ *lnx = ((const struct create *)ctx)->bundle.config->lnx;

	return lnx && lnx->net_devices_len;
}

bool create_has_host_hooks(const void *ctx)
{
	return ((const struct create *)ctx)->plan.plan.flags & PLAN_HOST_HOOKS;
}

bool create_schedules_init(const void *ctx)
{
	return ((const struct create *)ctx)->plan.plan.sched.by_host;
}

bool create_wants_cgroup(const void *ctx)
{
	return !((const struct create *)ctx)->plan.cgroup_disabled;
}

static void run_poststop(struct create *c)
{
	const struct spec_hooks *h = c->bundle.config ? c->bundle.config->hooks : NULL;
	struct hook_subject s = { &c->state, STATUS_STOPPED, 0, &c->hook_output };
	struct err err = { 0 };

	if (!c->hooks_begun || !h)
		return;
	if (hooks_run_all(&s, "poststop", h->poststop, h->poststop_len, &err) < 0)
		log_warn("%s", err.text);
}

/* Runtime specification, lifecycle steps 3 to 5: after a failed hook the container is destroyed, then the poststop hooks run. What is not
 * destroyed yet has them still to come: the journal tells the delete. */
void create_failed(struct create *c, struct err *err)
{
	if (c->stays)
		err_hint(err, "its cgroup could not be removed: delete --force %s tries again", c->id);
	else
		run_poststop(c);
}

int create_run(struct create *c, struct err *err)
{
	static const struct story story = { "create", steps, ARRAY_SIZE(steps) };
	int r = story_run(&story, c, err);

	if (r < 0)
		create_failed(c, err);
	return r;
}

void create_set_up(struct create *c, struct masu_runtime *rt, const char *id, const struct masu_create_options *o)
{
	c->rt = rt;
	c->id = id;
	c->options = o;
	c->dir_fd = c->journal.fd = c->image_fd = c->plan_fd = c->gate_fd = c->result_fd = -EBADF;
	c->console_fd = c->console_here = c->wire.sock = c->init_sock = -EBADF;
	c->net = (struct net_devices)NET_DEVICES_INIT;
	c->hook_output = (struct hook_output)HOOK_OUTPUT_INIT;
	c->spawned.pidfd = c->init.pidfd = -EBADF;
}

struct create *create_new(struct masu_runtime *rt, const char *id, const struct masu_create_options *o)
{
	struct create *c = calloc(1, sizeof(*c));

	if (c)
		create_set_up(c, rt, id, o);
	return c;
}

void create_done(struct create *c)
{
	int *const fds[] = { &c->image_fd,     &c->plan_fd,   &c->gate_fd,   &c->result_fd, &c->console_fd,
			     &c->console_here, &c->wire.sock, &c->init_sock, &c->dir_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		cleanup_close(fds[i]);
	while (c->tasks_len > 0)
		cleanup_close(&c->tasks[--c->tasks_len]);
	hook_output_done(&c->hook_output);
	buf_done(&c->rdt.before);
	journal_done(&c->journal);
	ns_close_joins(&c->plan.plan.ns);
	pidref_done(&c->spawned);
	pidref_done(&c->init);
	if (c->has_cgroup)
		cgroup_done(&c->cgroup);
	net_devices_done(&c->net);
	create_plan_done(&c->plan);
	bundle_done(&c->bundle);
	arena_done(&c->arena);
}

void create_free(struct create **c)
{
	if (!*c)
		return;
	create_done(*c);
	free(*c);
	*c = NULL;
}
