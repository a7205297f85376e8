/* SPDX-License-Identifier: Apache-2.0 */
/* Composing the plan from the planners of the kernel subjects. Each planner knows its subject; this file knows which facts each
 * one needs. Nothing is touched here. */

#include "container/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"
#include "container/notify.h"
#include "container/plan_cgroup.h"
#include "container/plan_hooks.h"
#include "container/plan_own_cgroup.h"
#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/facts.h"
#include "kernel/dev/plan.h"
#include "kernel/mount/plan.h"
#include "kernel/ns/plan.h"
#include "kernel/ns/sysctl_plan.h"
#include "kernel/ns/uts_plan.h"
#include "kernel/proc/mempolicy_plan.h"
#include "kernel/proc/process_plan.h"
#include "kernel/proc/sched_plan.h"
#include "kernel/security/caps_plan.h"
#include "kernel/security/lsm_plan.h"
#include "kernel/security/seccomp.h"

static bool option(const struct plan_inputs *in, unsigned flag)
{
	return in->options->flags & flag;
}

static bool privileged(const struct plan_inputs *in)
{
	return in->assume_rights ? !in->rt->rootless : in->rt->privileged;
}

/* In a user namespace below the first one, rights over it are enough for all but device nodes. */
static bool nested(const struct plan_inputs *in)
{
	return in->rt->nested && (!in->assume_rights || in->rt->rootless);
}

static bool capable(const struct plan_inputs *in)
{
	return nested(in) ? in->rt->capable : privileged(in);
}

static int plan_namespaces(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	struct ns_inputs ns = {
		.config = in->bundle->config,
		.euid = geteuid(),
		.egid = getegid(),
		.privileged = capable(in),
		.setgroups_denied = nested(in) && in->rt->setgroups_denied,
	};

	return ns_plan_build(&ns, &p->flat, &p->plan.ns, err);
}

/* Kinds that are the container's own: made, or joined and not the host's, which a name or a sysctl must never change. */
static unsigned own_kinds(const struct plan_inputs *in)
{
	const struct spec_config *c = in->bundle->config;
	unsigned kinds = 0;

	for (size_t i = 0; c->lnx && i < c->lnx->namespaces_len; i++)
		kinds |= 1u << c->lnx->namespaces[i].type.value;
	return kinds & ~in->host_kinds;
}

static int plan_names(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	const struct spec_config *c = in->bundle->config;
	unsigned own = own_kinds(in);
	int r = uts_plan_build(c, own >> SPEC_NS_UTS & 1, &p->flat, &p->plan.uts, err);

	if (r < 0 || !c->lnx)
		return r;
	return sysctl_plan_build(c->lnx->sysctl, c->lnx->sysctl_len, own, &p->flat, &p->plan.sysctl, err);
}

static int mount_kind(const struct spec_config *c)
{
	const struct spec_namespace *ns = spec_find_namespace(c->lnx, SPEC_NS_MOUNT);

	if (!ns)
		return MOUNT_NS_NONE;
	return ns->path ? MOUNT_NS_JOINED : MOUNT_NS_NEW;
}

static bool makes(const struct spec_config *c, enum spec_namespace_kind kind)
{
	const struct spec_namespace *ns = spec_find_namespace(c->lnx, kind);

	return ns && !ns->path;
}

static int layout_number(const struct cgroup_facts *f)
{
	static const int numbers[] = {
		[CGROUP_LAYOUT_NONE] = 0, [CGROUP_LAYOUT_V1] = 1, [CGROUP_LAYOUT_HYBRID] = 2, [CGROUP_LAYOUT_V2] = 3
	};

	return numbers[f->layout];
}

static bool mounts_cgroups(const struct spec_config *c)
{
	for (size_t i = 0; i < c->mounts_len; i++)
		if (c->mounts[i].type && strncmp(c->mounts[i].type, "cgroup", 6) == 0)
			return true;
	return false;
}

bool plan_needs_user_cgroup(const struct plan_inputs *in)
{
	const struct spec_config *c = in->bundle->config;

	return in->rt->cgroup_manager == MASU_CGROUP_SYSTEMD && in->rt->rootless && mounts_cgroups(c) &&
	       !makes(c, SPEC_NS_CGROUP);
}

/* Root of the host reaches what root of a user namespace may not. In a mount namespace that is joined paths mean what they do there. */
static bool opens_sources(const struct ns_plan *ns)
{
	return ns->user && !ns->joined_mount;
}

static int plan_mounts(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	const struct spec_config *c = in->bundle->config;
	struct mount_cgroup_hierarchy h[CGROUP_HIERARCHIES_MAX];
	const struct cgroup_facts *f;
	autofree struct spec_mount *with_notify = NULL;
	struct plan_own_cgroup own;
	struct spec_config copy;
	char notify_dir[4096];
	struct mount_inputs m = {
		.config = c,
		.bundle = in->bundle->path,
		.mount_ns = mount_kind(c),
		.no_pivot = option(in, MASU_CREATE_NO_PIVOT),
		.user_ns = p->plan.ns.user,
		.nested = nested(in),
		.host_can_open_sources = capable(in) && opens_sources(&p->plan.ns),
		.cgroup_ns = makes(c, SPEC_NS_CGROUP),
		.context_word = in->bundle->annotations.mount_context_type,
	};
	int r;

	if (mounts_cgroups(c)) {
		f = in->facts;
		r = f ? 0 : runtime_cgroup_facts(in->rt, &f, err);
		if (r >= 0 && p->cgroup_disabled)
			r = plan_own_cgroup_load(&own, in->rt->proc_fd, err);
		if (r < 0)
			return r;
		m.cgroup_layout = layout_number(f);
		for (size_t i = 0; i < f->hierarchies_len; i++)
			h[i] = (struct mount_cgroup_hierarchy){ f->hierarchies[i].name, f->hierarchies[i].mount,
								p->cgroup_disabled
									? plan_own_cgroup_path(&own, &f->hierarchies[i])
									: p->cgroup_path };
		m.hierarchies = h;
		m.hierarchies_len = f->hierarchies_len;
	}
	if (notify_is_planned(in->options, c)) {
		r = notify_plan_mount(in, &copy, &with_notify, notify_dir, sizeof(notify_dir), err);
		if (r < 0)
			return r;
		m.config = &copy;
	}
	r = mount_plan_build(&m, &p->flat, &p->plan.mount, err);
	if (r >= 0 && m.mount_ns != MOUNT_NS_NONE)
		p->plan.flags |= PLAN_MOUNT_NS;
	return r;
}

int plan_without_cgroup(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	const struct spec_config *c = in->bundle->config;

	p->cgroup_disabled = true;
	return mounts_cgroups(c) && !makes(c, SPEC_NS_CGROUP) ? plan_mounts(in, p, err) : 0;
}

static int plan_devices(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	struct dev_inputs d = {
		.config = in->bundle->config,
		.user_ns = p->plan.ns.user || nested(in),
		.host_can_make_nodes = privileged(in) && p->plan.ns.new_user,
	};

	return dev_plan_build(&d, &p->flat, &p->plan.dev, err);
}

static int plan_caps(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	struct caps_grantable g;
	bool all = p->plan.ns.user || privileged(in) != in->rt->privileged;
	int r = all ? caps_grantable_all(&g, err) : caps_grantable_own(&g, err);

	return r < 0 ? r : caps_plan_build(in->bundle->config->process, &g, &p->plan.caps, err);
}

static int plan_process(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	const struct masu_create_options *o = in->options;
	struct process_inputs pi = {
		.process = in->bundle->config->process,
		.listen_fds = (unsigned)o->listen_fds,
		.preserve_fds = (unsigned)o->preserve_fds,
		.listen_fdnames = o->listen_fdnames,
		.notify_socket = notify_is_planned(o, in->bundle->config) ? NOTIFY_SOCKET_INSIDE : NULL,
		.keyring_id = option(in, MASU_CREATE_NO_NEW_KEYRING) ? NULL : in->id,
		.own_userns = p->plan.ns.user,
		.keep_groups = in->bundle->annotations.keep_groups,
		.setgroups_denied = p->plan.ns.setgroups_denied,
	};
	const struct annotations *an = &in->bundle->annotations;
	const struct seccomp_extra extra = { an->seccomp_fail_unknown, an->seccomp_bpf, an->seccomp_bpf_len };
	const struct spec_linux_ *lnx = in->bundle->config->lnx;
	int r;

	/* without args it can be created, not started */
	if (pi.process && pi.process->args_len) {
		r = process_plan_build(&pi, &p->flat, &p->plan.process, err);
		if (r < 0)
			return r;
		p->plan.flags |= PLAN_PROCESS;
	}
	p->plan.ns.keep_groups = an->keep_groups;
	return seccomp_plan_extra(lnx ? lnx->seccomp : NULL, &extra, in->seccomp_cache_fd, &p->flat, &p->plan.seccomp,
				  err);
}

static int plan_surroundings(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	const struct spec_config *c = in->bundle->config;
	int r = lsm_plan_build(c->process, &p->flat, &p->plan.lsm, err);

	sched_plan_build(c->process, p->plan.ns.user && privileged(in), &p->plan.sched);
	return r < 0 ? r : mempolicy_plan_build(c->lnx, &p->plan.mempolicy, err);
}

void plan_state(const struct plan_inputs *in, struct state *ret)
{
	const struct spec_config *c = in->bundle->config;

	*ret = (struct state){
		.id = in->id,
		.bundle = in->bundle->path,
		.created = in->created,
		.owner = geteuid(),
		.has_process = c->process && c->process->args_len,
		.has_poststart = c->hooks && c->hooks->poststart_len,
		.shared_pid = !makes(c, SPEC_NS_PID),
		.keyring = !option(in, MASU_CREATE_NO_NEW_KEYRING),
		.annotations = c->annotations,
		.annotations_len = c->annotations_len,
		.allowed = in->rt->allowed,
	};
}

/* The cgroup is delegated if and only if the container has a cgroup namespace of its own and mounts it writable. */
static bool wants_delegation(const struct spec_config *c)
{
	if (!makes(c, SPEC_NS_CGROUP))
		return false;
	for (size_t i = 0; i < c->mounts_len; i++) {
		const struct spec_mount *m = &c->mounts[i];

		if (!m->source || strcmp(m->source, "cgroup") != 0 || strcmp(m->destination, "/sys/fs/cgroup") != 0)
			continue;
		for (size_t k = 0; k < m->options_len; k++)
			if (strcmp(m->options[k], "ro") == 0)
				return false;
		return true;
	}
	return false;
}

/* Each of them is a descriptor that init holds open until the mount is made. */
static int check_sources(const struct plan_inputs *in, struct create_plan *p, struct err *err)
{
	uint32_t mounts = p->plan.mount.host_sources, nodes = p->plan.dev.host_nodes;

	(void)in;
	if (plan_sources(&p->plan) <= PLAN_SOURCES_MAX)
		return 0;
	err_set(err, E2BIG, "plan mounts: %u with sources on the host and %u devices, at most %d with a user namespace",
		mounts, nodes, PLAN_SOURCES_MAX);
	err_pointer(err, nodes > mounts ? "/linux/devices" : "/mounts");
	return -E2BIG;
}

typedef int part_fn(const struct plan_inputs *in, struct create_plan *p, struct err *err);

static part_fn *const parts[] = { plan_namespaces, plan_names, plan_cgroup,  plan_mounts,       plan_devices,
				  check_sources,   plan_caps,  plan_process, plan_surroundings, plan_hooks };

int plan_build(const struct plan_inputs *in, struct create_plan *ret, struct err *err)
{
	memset(ret, 0, sizeof(*ret));
	ret->plan = (struct plan)PLAN_EMPTY(PLAN_INIT);
	buf_add(&ret->flat, &ret->plan, sizeof(ret->plan));
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int r = parts[i](in, ret, err);

		if (r < 0) {
			create_plan_done(ret);
			return r;
		}
	}
	ret->delegate = wants_delegation(in->bundle->config);
	return 0;
}

void create_plan_done(struct create_plan *p)
{
	buf_done(&p->flat);
	cgroup_limits_done(&p->limits);
	arena_done(&p->arena);
}
