/* SPDX-License-Identifier: Apache-2.0 */
/* The decision how a container process gets into its namespaces (pure). Nothing here opens or enters anything. */

#include "kernel/ns/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/sys.h"

static const uint32_t clone_flags[SPEC_NS__COUNT] = {
	[SPEC_NS_PID] = SYS_CLONE_NEWPID,       [SPEC_NS_NETWORK] = SYS_CLONE_NEWNET,
	[SPEC_NS_MOUNT] = SYS_CLONE_NEWNS,      [SPEC_NS_IPC] = SYS_CLONE_NEWIPC,
	[SPEC_NS_UTS] = SYS_CLONE_NEWUTS,       [SPEC_NS_USER] = SYS_CLONE_NEWUSER,
	[SPEC_NS_CGROUP] = SYS_CLONE_NEWCGROUP, [SPEC_NS_TIME] = SYS_CLONE_NEWTIME,
};

uint32_t ns_clone_flag(enum spec_namespace_kind kind)
{
	return clone_flags[kind];
}

struct wanted {
	uint32_t made, joined;
};

static int collect(const struct spec_config *c, struct ns_plan *p, struct wanted *w, struct err *err)
{
	size_t n = c->lnx ? c->lnx->namespaces_len : 0;

	for (size_t i = 0; i < n; i++) {
		const struct spec_namespace *ns = &c->lnx->namespaces[i];
		uint32_t flag = clone_flags[ns->type.value];

		if ((w->made | w->joined) & flag) {
			err_pointer(err, "/linux/namespaces/%zu/type", i);
			return err_set(err, EINVAL, "namespace type `%s` is listed twice", ns_flag_name(flag));
		}
		p->listed |= flag;
		if (!ns->path) {
			w->made |= flag;
			continue;
		}
		w->joined |= flag;
		if (p->joins_len == NS_JOINS_MAX)
			return err_set(err, E2BIG, "join namespaces: more than %d", NS_JOINS_MAX);
		p->joins[p->joins_len++] = (struct ns_join){ .fd = ~(int32_t)i, .clone_flag = flag };
	}
	return 0;
}

/* A mount namespace is joined last: paths mean something else afterwards. */
static void mount_last(struct ns_plan *p)
{
	for (uint32_t i = 0; i + 1 < p->joins_len; i++) {
		struct ns_join j = p->joins[i];

		if (j.clone_flag != SYS_CLONE_NEWNS)
			continue;
		p->joins[i] = p->joins[p->joins_len - 1];
		p->joins[p->joins_len - 1] = j;
	}
}

/* See the three ways in ns.h. A pid namespace works for children only; so does a time namespace, whose offsets must
 * be written before anyone is inside. A user namespace that is made needs a stage when something else is joined (with
 * the rights of the outside), and one that is joined needs it for a new pid namespace of which it is the owner. */
static void choose_way(struct ns_plan *p, const struct wanted *w)
{
	uint32_t made = w->made & ~(SYS_CLONE_NEWCGROUP | SYS_CLONE_NEWTIME | SYS_CLONE_NEWUSER);

	p->new_cgroup = !!(w->made & SYS_CLONE_NEWCGROUP);
	p->new_time = !!(w->made & SYS_CLONE_NEWTIME);
	p->new_user = !!(w->made & SYS_CLONE_NEWUSER);
	p->user = !!((w->made | w->joined) & SYS_CLONE_NEWUSER);
	p->new_net = !!(w->made & SYS_CLONE_NEWNET);
	p->joined_mount = !!(w->joined & SYS_CLONE_NEWNS);
	p->stage = (w->joined & SYS_CLONE_NEWPID) || p->new_time || (p->new_user && w->joined) ||
		   ((w->joined & SYS_CLONE_NEWUSER) && (made & SYS_CLONE_NEWPID));
	if (p->stage) {
		p->clone_flags = made;
	} else if (w->joined & SYS_CLONE_NEWUSER) {
		p->unshare_flags = made;
	} else {
		p->clone_flags = made | (w->made & SYS_CLONE_NEWUSER);
	}
	/* The kernel gives the message queues of an ipc namespace to whoever makes it: the container's root, not ours. */
	if (p->new_user && !p->stage) {
		p->unshare_flags |= p->clone_flags & SYS_CLONE_NEWIPC;
		p->clone_flags &= ~(uint32_t)SYS_CLONE_NEWIPC;
	}
}

static int check_user(const struct ns_inputs *in, struct ns_plan *p, struct err *err)
{
	const struct spec_linux_ *lnx = in->config->lnx;

	if (!p->user && !in->privileged && p->listed) {
		int r = err_set(err, EPERM, "make namespaces: no right to do so as uid %u", in->euid);

		err_pointer(err, "/linux/namespaces");
		err_hint(err, "add a user namespace with mappings (masu spec --rootless shows one), or run as root");
		return r;
	}
	p->setgroups_denied = in->setgroups_denied;
	if (p->new_user && !in->privileged)
		p->setgroups_denied |= lnx->gid_mappings_len == 1 && lnx->gid_mappings[0].size.value == 1 &&
				       lnx->gid_mappings[0].host_id.value == in->egid;
	return 0;
}

static void add_offset(struct buf *b, const char *clock, const struct spec_time_offset *o)
{
	if (o)
		buf_addf(b, "%s %" PRId64 " %" PRIu64 "\n", clock, o->secs.value, o->nanosecs.value);
}

static void plan_time(const struct spec_config *c, struct buf *flat, struct ns_plan *p)
{
	const struct spec_time_offsets *o = c->lnx ? c->lnx->time_offsets : NULL;
	AUTO(buf_done) struct buf text = { 0 };

	if (!o || !p->new_time)
		return;
	add_offset(&text, "monotonic", o->monotonic);
	add_offset(&text, "boottime", o->boottime);
	if (text.len)
		p->time_offsets = flat_add_str(flat, text.data);
}

int ns_plan_build(const struct ns_inputs *in, struct buf *flat, struct ns_plan *ret, struct err *err)
{
	struct ns_plan p = { 0 };
	struct wanted w = { 0 };
	int r = collect(in->config, &p, &w, err);

	if (r < 0)
		return r;
	mount_last(&p);
	choose_way(&p, &w);
	r = check_user(in, &p, err);
	if (r < 0)
		return r;
	plan_time(in->config, flat, &p);
	if (flat->error)
		return err_code(err, flat->error, "plan namespaces");
	*ret = p;
	return 0;
}

static void print_flags(struct buf *out, const char *what, uint32_t flags)
{
	if (!flags)
		return;
	buf_addf(out, "namespaces: %s", what);
	for (unsigned bit = 0; bit < 32; bit++)
		if (flags >> bit & 1)
			buf_addf(out, " %s", ns_flag_name(1u << bit));
	buf_adds(out, "\n");
}

void ns_plan_print(const struct flat *f, const struct ns_plan *p, struct buf *out)
{
	uint32_t joined = 0;

	for (uint32_t i = 0; i < p->joins_len; i++)
		joined |= p->joins[i].clone_flag;
	print_flags(out, "join", joined);
	print_flags(out, "clone", p->clone_flags);
	print_flags(out, "unshare",
		    p->unshare_flags | (p->new_cgroup ? SYS_CLONE_NEWCGROUP : 0) |
			    (p->new_time ? SYS_CLONE_NEWTIME : 0) | (p->stage && p->new_user ? SYS_CLONE_NEWUSER : 0));
	if (p->stage)
		buf_adds(out, "namespaces: through a stage process\n");
	if (flat_has(p->time_offsets))
		buf_addf(out, "time offsets:\n%s", flat_str(f, p->time_offsets));
}
