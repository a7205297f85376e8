/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as text: what `masu plan` shows and golden tests compare. */

#include "container/plan.h"
#include "kernel/dev/plan.h"
#include "kernel/mount/plan.h"
#include "kernel/ns/plan.h"
#include "kernel/ns/sysctl_plan.h"
#include "kernel/ns/uts_plan.h"
#include "kernel/proc/process_plan.h"
#include "kernel/security/caps_plan.h"
#include "kernel/security/seccomp.h"

static void print_hooks(const struct flat *f, const char *kind, struct flat_arr hooks, struct buf *out)
{
	const struct hook_rec *h = flat_arr(f, hooks, sizeof(*h));

	for (uint32_t i = 0; h && i < hooks.count; i++)
		buf_addf(out, "hook: %s %s\n", kind, flat_str(f, h[i].path));
}

void plan_print(const struct create_plan *p, struct buf *out)
{
	struct flat f = { .base = p->flat.data, .len = p->flat.len };

	ns_plan_print(&f, &p->plan.ns, out);
	buf_addf(out, "cgroup: %s\n", p->cgroup_disabled ? "disabled" : p->cgroup_path);
	uts_plan_print(&f, &p->plan.uts, out);
	mount_plan_print(&f, &p->plan.mount, out);
	dev_plan_print(&f, &p->plan.dev, out);
	sysctl_plan_print(&f, &p->plan.sysctl, out);
	print_hooks(&f, "createContainer", p->plan.create_container, out);
	print_hooks(&f, "startContainer", p->plan.start_container, out);
	if (p->plan.flags & PLAN_PROCESS)
		process_plan_print(&f, &p->plan.process, out);
	caps_plan_print(&p->plan.caps, out);
	seccomp_plan_print(&f, &p->plan.seccomp, out);
}
