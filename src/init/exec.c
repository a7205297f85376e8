/* SPDX-License-Identifier: Apache-2.0 */
/* How a further process enters a running container (exec): joins its namespaces by the init's pidfd, takes its root, and then
 * lives through the same identity steps as the first process. */

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "base/story.h"
#include "base/sys.h"
#include "init/init.h"

/* All namespaces at once, so that no mixture of inside and outside is ever visible (Linux 5.8). The pid namespace counts for
 * children only: hence the sibling. */
static int join_container(void *ctx, struct err *err)
{
	struct init *in = ctx;
	const struct ns_plan *p = &in->plan->ns;
	int r;

	if (p->joins_len && setns(p->joins[0].fd, (int)p->joins[0].clone_flag) < 0)
		return err_sys(err, "join the container's namespaces");
	/* The root of a mount namespace is not the container's where it was made by chroot. */
	if (fchdir(in->plan->root_fd) < 0 || chroot(".") < 0)
		return err_sys(err, "enter the container's root");
	in->root_fd = in->plan->root_fd;
	if (p->user) {
		r = ns_apply_become_root(p, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_sibling(void *ctx, struct err *err)
{
	struct sys_clone_args args = { .flags = SYS_CLONE_PARENT };
	long pid = sys_clone3(&args);

	if (pid < 0)
		return err_sys(err, "clone process");
	if (pid > 0)
		_exit(0);
	(void)ctx;
	return 0;
}

static bool has_stage(const void *ctx)
{
	return ((const struct init *)ctx)->plan->ns.stage;
}

/* Also without a stage: masu then looks whether the cgroup was entered. */
static int report_spawned(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return wire_say(&in->wire, WIRE_SPAWNED, NULL, 0, err);
}

static int wait_placed(void *ctx, struct err *err)
{
	struct init *in = ctx;

	return wire_hear(&in->wire, WIRE_PLACED, NULL, 0, NULL, NULL, err);
}

static const struct step steps[] = {
	/* name                 act                    undo  when */
	{ "enter cgroup", identity_enter_cgroup, NULL, NULL },
	{ "join container", join_container, NULL, NULL },
	{ "clone", make_sibling, NULL, has_stage },
	{ "report spawned", report_spawned, NULL, NULL },
	{ "wait until placed", wait_placed, NULL, NULL },
	{ "session", identity_session, NULL, NULL },
	{ "open terminal", identity_open_terminal, NULL, identity_has_terminal },
	{ "terminal", identity_terminal, NULL, identity_has_terminal },
	{ "standard streams", identity_stdio, NULL, NULL },
	{ "working directory", identity_cwd, NULL, NULL },
	{ "rlimits", identity_rlimits, NULL, NULL },
	{ "scheduling", identity_scheduling, NULL, NULL },
	{ "label", identity_label, NULL, NULL },
	{ "bounding set", identity_bounding, NULL, NULL },
	{ "user", identity_user, NULL, NULL },
	{ "capabilities", identity_capabilities, NULL, NULL },
	{ "no new privileges", identity_no_new_privs, NULL, NULL },
	{ "executable", identity_executable, NULL, NULL },
	{ "report created", identity_report_created, NULL, NULL },
};

int exec_story(struct init *in, struct err *err)
{
	static const struct story story = { "exec", steps, sizeof(steps) / sizeof(steps[0]) };

	return story_run(&story, in, err);
}
