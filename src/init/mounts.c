/* SPDX-License-Identifier: Apache-2.0 */
/* mounts add and remove: enters the mount namespace of a container that runs, with the mounts that the host side made, and does
 * what the plan says. Nothing of the container is executed here, and this process ends when it is done. */

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "base/story.h"
#include "init/init.h"

static int join_mounts(void *ctx, struct err *err)
{
	struct init *in = ctx;
	const struct ns_plan *p = &in->plan->ns;
	int r;

	if (!p->joins_len)
		return err_set(err, EPROTO, "join the container's namespaces: the plan names none");
	if (setns(p->joins[0].fd, (int)p->joins[0].clone_flag) < 0)
		return err_sys(err, "join the container's namespaces");
	if (fchdir(in->plan->root_fd) < 0 || chroot(".") < 0)
		return err_sys(err, "enter the container's root");
	r = p->user ? ns_apply_become_root(p, err) : 0;
	return r < 0 ? r : wire_say(&in->wire, WIRE_SPAWNED, NULL, 0, err);
}

static int take_mounts(void *ctx, struct err *err)
{
	return init_take_sources(ctx, err);
}

static int change_mounts(void *ctx, struct err *err)
{
	struct init *in = ctx;
	struct mount_ctx m = MOUNT_CTX_INIT;

	m.flat = &in->flat;
	m.plan = &in->plan->mount;
	m.proc_fd = in->proc_fd;
	m.root_fd = in->plan->root_fd;
	m.fds = in->sources;
	m.nfds = in->sources_len;
	return mount_apply_live(&m, err);
}

static int report_done(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return wire_say(&in->wire, WIRE_ROOTFS_READY, NULL, 0, err);
}

static const struct step steps[] = {
	/* name             act            undo  when */
	{ "join container", join_mounts, NULL, NULL },
	{ "mount sources", take_mounts, NULL, NULL },
	{ "change mounts", change_mounts, NULL, NULL },
	{ "report", report_done, NULL, NULL },
};

int mounts_story(struct init *in, struct err *err)
{
	static const struct story story = { "mounts", steps, sizeof(steps) / sizeof(steps[0]) };

	return story_run(&story, in, err);
}
