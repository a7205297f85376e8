/* SPDX-License-Identifier: Apache-2.0 */
/* How a container starts, seen from inside: the table below is the story, read it from top to bottom. Each step acts on what the
 * plan says; a failing step ends the process and with it every namespace that it made. */

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mutation.h"
#include "base/story.h"
#include "base/sys.h"
#include "init/init.h"

/* ---- still in the host's mount tree (or a private copy of it) ---- */

static int join_namespaces(void *ctx, struct err *err)
{
	return stage_enter(ctx, err);
}

static bool has_joins(const void *ctx)
{
	return stage_has_joins(ctx);
}

int init_take_sources(struct init *in, struct err *err)
{
	while (in->sources_len < plan_sources(in->plan)) {
		size_t n = 0, room = PLAN_SOURCES_MAX - in->sources_len;
		int r = wire_hear(&in->wire, WIRE_SOURCES, in->sources + in->sources_len, room, &n, NULL, err);

		if (r < 0)
			return r;
		if (n == 0)
			return err_set(err, EPROTO, "receive mount sources: none came");
		in->sources_len += n;
	}
	return 0;
}

static int wait_placed(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = init_take_sources(in, err);

	return r < 0 ? r : wire_hear(&in->wire, WIRE_PLACED, NULL, 0, NULL, NULL, err);
}

/* Its root is the cgroup in which the process is when it is made, hence not with the other namespaces. */
static int make_cgroup_namespace(void *ctx, struct err *err)
{
	(void)ctx;
	return ns_apply_unshare(SYS_CLONE_NEWCGROUP, err);
}

static bool new_cgroup_namespace(const void *ctx)
{
	return ((const struct init *)ctx)->plan->ns.new_cgroup;
}

static int set_names(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return uts_apply(&in->flat, &in->plan->uts, err);
}

static bool has_names(const void *ctx)
{
	const struct uts_plan *p = &((const struct init *)ctx)->plan->uts;

	return flat_has(p->hostname) || flat_has(p->domainname);
}

static int bring_loopback_up(void *ctx, struct err *err)
{
	(void)ctx;
	return ns_apply_loopback(err);
}

static bool new_network(const void *ctx)
{
	return ((const struct init *)ctx)->plan->ns.new_net;
}

static int prepare_root(void *ctx, struct err *err)
{
	struct init *in = ctx;

	in->mount = (struct mount_ctx)MOUNT_CTX_INIT;
	in->mount.flat = &in->flat;
	in->mount.plan = &in->plan->mount;
	in->mount.proc_fd = in->proc_fd;
	in->mount.fds = in->sources;
	in->mount.nfds = in->plan->mount.host_sources;
	in->mount.own = arena_new(&in->arena, uint64_t, in->plan->mount.mounts.count + 1);
	if (!in->mount.own)
		return err_set(err, ENOMEM, "prepare the root: out of memory");
	return mount_apply_root(&in->mount, err);
}

static int make_mounts(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return mount_apply_mounts(&in->mount, err);
}

static int make_devices(void *ctx, struct err *err)
{
	struct init *in = ctx;
	struct dev_ctx dev = {
		.flat = &in->flat,
		.plan = &in->plan->dev,
		.root_fd = in->mount.root_fd,
		.proc_fd = in->proc_fd,
		.fds = in->sources + in->plan->mount.host_sources,
		.nfds = in->plan->dev.host_nodes,
		.own = in->mount.own,
		.own_len = in->mount.own_len,
	};

	return dev_apply(&dev, err);
}

static bool has_mount_namespace(const void *ctx)
{
	return ((const struct init *)ctx)->plan->flags & PLAN_MOUNT_NS;
}

static int set_sysctls(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return sysctl_apply(&in->flat, &in->plan->sysctl, in->proc_fd, err);
}

static bool has_sysctls(const void *ctx)
{
	return ((const struct init *)ctx)->plan->sysctl.rows.count;
}

static int wait_host_hooks(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = wire_say(&in->wire, WIRE_ROOTFS_READY, NULL, 0, err);

	return r < 0 ? r : wire_hear(&in->wire, WIRE_HOOKS_DONE, NULL, 0, NULL, NULL, err);
}

static bool has_host_hooks(const void *ctx)
{
	return ((const struct init *)ctx)->plan->flags & PLAN_HOST_HOOKS;
}

static int run_create_container_hooks(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return init_hooks_run(in, "createContainer", in->plan->create_container, &in->plan->creating, err);
}

static bool has_create_container_hooks(const void *ctx)
{
	return ((const struct init *)ctx)->plan->create_container.count;
}

/* ---- in the container's root ---- */

static int enter_root(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = MUTATION(WORKDIR) ? mkdirat(in->mount.root_fd, flat_str(&in->flat, in->plan->process.cwd) + 1, 0777)
				  : 0;

	r = mount_apply_pivot(&in->mount, err);

	in->root_fd = in->mount.root_fd;
	return r;
}

static int put_console(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return dev_apply_console(in->root_fd, in->terminal.slave_fd, err);
}

static bool has_console(const void *ctx)
{
	return identity_has_terminal(ctx) && has_mount_namespace(ctx);
}

static int mask_paths(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return mount_apply_masks(&in->mount, err);
}

static int seal_root(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return mount_apply_readonly_root(&in->mount, err);
}

static const struct step steps[] = {
	/* name                      act                         undo  when */
	{ "enter cgroup", identity_enter_cgroup, NULL, NULL },
	{ "join namespaces", join_namespaces, NULL, has_joins },
	{ "wait until placed", wait_placed, NULL, NULL },
	{ "cgroup namespace", make_cgroup_namespace, NULL, new_cgroup_namespace },
	{ "session", identity_session, NULL, NULL },
	{ "names", set_names, NULL, has_names },
	{ "loopback", bring_loopback_up, NULL, new_network },
	{ "root", prepare_root, NULL, NULL },
	{ "mounts", make_mounts, NULL, has_mount_namespace },
	{ "devices", make_devices, NULL, NULL },
	{ "wait for host hooks", wait_host_hooks, NULL, has_host_hooks },
	{ "createContainer hooks", run_create_container_hooks, NULL, has_create_container_hooks },
	{ "enter root", enter_root, NULL, NULL },
	{ "sysctl", set_sysctls, NULL, has_sysctls },
	{ "open terminal", identity_open_terminal, NULL, identity_has_terminal },
	{ "console", put_console, NULL, has_console },
	{ "terminal", identity_terminal, NULL, identity_has_terminal },
	{ "standard streams", identity_stdio, NULL, identity_has_process },
	{ "working directory", identity_cwd, NULL, identity_has_process },
	{ "masked paths", mask_paths, NULL, has_mount_namespace },
	{ "read-only root", seal_root, NULL, has_mount_namespace },
	{ "rlimits", identity_rlimits, NULL, identity_has_process },
	{ "scheduling", identity_scheduling, NULL, NULL },
	{ "label", identity_label, NULL, NULL },
	{ "bounding set", identity_bounding, NULL, NULL },
	{ "user", identity_user, NULL, identity_has_process },
	{ "capabilities", identity_capabilities, NULL, NULL },
	{ "no new privileges", identity_no_new_privs, NULL, NULL },
	{ "executable", identity_executable, NULL, identity_has_process },
	{ "report created", identity_report_created, NULL, NULL },
};

int container_story(struct init *in, struct err *err)
{
	static const struct story story = { "create", steps, sizeof(steps) / sizeof(steps[0]) };

	return story_run(&story, in, err);
}
