/* SPDX-License-Identifier: Apache-2.0 */
/* Getting into the namespaces. Without a stage the process joins by itself what clone3() could not give it. With a stage, this
 * process joins and makes what takes effect for children only, then clones the container process as its sibling. */

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/sys.h"
#include "init/init.h"

bool stage_has_joins(const struct init *in)
{
	const struct ns_plan *p = &in->plan->ns;

	return p->stage || p->joins_len || p->unshare_flags;
}

/* Between the passes of ns_apply_joins: what belongs to the host is joined, what belongs to the new user namespace is not. */
static int make_user_ns(void *ctx, struct err *err)
{
	struct init *in = ctx;
	int r = ns_apply_unshare(SYS_CLONE_NEWUSER, err);

	if (r >= 0)
		r = ns_apply_dumpable(1, err);
	if (r >= 0)
		r = wire_say(&in->wire, WIRE_MAP_ME, NULL, 0, err);
	if (r >= 0)
		r = wire_hear(&in->wire, WIRE_MAPPED, NULL, 0, NULL, NULL, err);
	if (r >= 0)
		r = ns_apply_dumpable(0, err);
	return r < 0 ? r : ns_apply_become_root(&in->plan->ns, err);
}

static int clone_sibling(struct init *in, struct err *err)
{
	/* CLONE_PARENT: the container process is a child of masu, as it is without a stage. */
	struct sys_clone_args args = { .flags = in->plan->ns.clone_flags | SYS_CLONE_PARENT };
	long pid = sys_clone3(&args);

	if (pid < 0)
		return err_sys(err, "clone container process");
	if (pid > 0)
		_exit(0);
	return wire_say(&in->wire, WIRE_SPAWNED, NULL, 0, err);
}

int stage_enter(struct init *in, struct err *err)
{
	const struct ns_plan *p = &in->plan->ns;
	int r = ns_apply_joins(p, p->stage && p->new_user ? make_user_ns : NULL, in, err);

	if (r >= 0 && p->stage && p->new_time)
		r = ns_apply_time(&in->flat, p, in->proc_fd, err);
	if (r >= 0)
		r = ns_apply_unshare(p->unshare_flags, err);
	if (r < 0 || !p->stage)
		return r;
	return clone_sibling(in, err);
}
