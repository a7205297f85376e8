/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as text: what `masu plan` shows and golden tests compare. One line per decision, in the order in which they are
 * carried out; decisions that the host side takes straight from the document are printed here, the others by their planners. */

#include <inttypes.h>

#include "container/plan.h"
#include "kernel/cgroup/devices.h"
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

static void print_line(struct buf *out, const char *what, const char *value)
{
	buf_addf(out, "%s ", what);
	buf_add_visible(out, value);
	buf_adds(out, "\n");
}

/* ---- namespaces ---- */

static void print_map(struct buf *out, const char *what, const struct spec_id_mapping *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", what, m[i].container_id.value,
			 m[i].host_id.value, m[i].size.value);
}

static void print_namespaces(const struct spec_config *c, const struct ns_plan *p, struct buf *out)
{
	for (uint32_t i = 0; i < p->joins_len; i++) {
		buf_addf(out, "namespace %s ", ns_flag_name(p->joins[i].clone_flag));
		buf_add_visible(out, c->lnx->namespaces[ns_join_index(&p->joins[i])].path);
		buf_adds(out, "\n");
	}
	if (p->new_user) {
		print_map(out, "uid map", c->lnx->uid_mappings, c->lnx->uid_mappings_len);
		print_map(out, "gid map", c->lnx->gid_mappings, c->lnx->gid_mappings_len);
	}
	if (p->setgroups_denied)
		buf_adds(out, "setgroups deny\n");
	if (p->new_net)
		buf_adds(out, "network: loopback up\n");
}

/* ---- cgroup ---- */

static void print_limit(struct buf *out, const struct cgroup_write *w)
{
	static const struct {
		unsigned flag;
		const char *word;
	} words[] = {
		{ CGROUP_WRITE_KEEP_FIRST, "keep-first-field" }, { CGROUP_WRITE_NOT_BELOW, "not-below-usage" },
		{ CGROUP_WRITE_READ_BACK, "read-back" },         { CGROUP_WRITE_PAGES, "rounded-to-pages" },
		{ CGROUP_WRITE_EFFECTIVE, "check-effective" },   { CGROUP_WRITE_OPTIONAL, "if-there" },
	};
	const char *sep = " (";

	buf_addf(out, "limit ");
	buf_add_visible(out, w->file);
	buf_adds(out, " = ");
	buf_add_visible(out, w->value);
	if (w->alt_file && !(w->flags & CGROUP_WRITE_OR_FAIL)) {
		buf_adds(out, " or ");
		buf_add_visible(out, w->alt_file);
		buf_adds(out, " = ");
		buf_add_visible(out, w->alt_value ? w->alt_value : w->value);
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (w->flags & words[i].flag) {
			buf_addf(out, "%s%s", sep, words[i].word);
			sep = ", ";
		}
	buf_adds(out, sep[0] == ',' ? ")\n" : "\n");
}

static void print_rules(struct buf *out, const struct plan_shown *l)
{
	const struct device_rule *rules = (const struct device_rule *)(const void *)l->rules.data;

	buf_addf(out, "device rules: %s all\n", l->rules_deny ? "allow" : "deny");
	for (size_t i = 0; i < l->rules.len / sizeof(*rules); i++) {
		bool allow = l->listed ? !l->rules_deny : rules[i].allow;
		char text[48];

		devices_format(&rules[i], text);
		buf_addf(out, "device rule: %s %s\n", allow ? "allow" : "deny", text);
	}
}

static void print_unit(const struct create_plan *p, const struct plan_shown *l, struct buf *out)
{
	buf_adds(out, p->unit.user ? "unit of the user's systemd: " : "unit of systemd: ");
	buf_add_visible(out, p->unit.unit);
	buf_adds(out, p->unit.user ? "\ncgroup below that of the user's systemd: " : "\ncgroup: ");
	buf_add_visible(out, p->unit.path);
	buf_adds(out, "\n");
	for (size_t i = 0; i < l->props.len; i++) {
		buf_adds(out, "unit property: ");
		unit_prop_print(&l->props.v[i], out);
		buf_adds(out, "\n");
	}
}

static void print_cgroup(const struct create_plan *p, const struct plan_shown *l, struct buf *out)
{
	if (p->cgroup_disabled) {
		buf_adds(out, "cgroup: disabled\n");
		return;
	}
	if (p->has_unit)
		print_unit(p, l, out);
	else
		print_line(out, "cgroup:", p->cgroup_path);
	buf_addf(out, "cgroup layout: %s%s\n", l->layout, p->delegate ? ", delegated" : "");
	for (size_t i = 0; i < p->limits.writes.len; i++)
		print_limit(out, &p->limits.writes.v[i]);
	print_rules(out, l);
}

/* ---- hooks ---- */

static void print_hooks(struct buf *out, const char *kind, const struct spec_hook *h, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "hook: %s ", kind);
		buf_add_visible(out, h[i].path);
		if (h[i].timeout.set)
			buf_addf(out, " timeout=%" PRId64, h[i].timeout.value);
		buf_adds(out, "\n");
		for (size_t k = 0; k < h[i].args_len; k++)
			print_line(out, "hook arg", h[i].args[k]);
		for (size_t k = 0; k < h[i].env_len; k++)
			print_line(out, "hook env", h[i].env[k]);
	}
}

static void print_all_hooks(const struct spec_hooks *h, struct buf *out)
{
	if (!h)
		return;
	print_hooks(out, "prestart", h->prestart, h->prestart_len);
	print_hooks(out, "createRuntime", h->create_runtime, h->create_runtime_len);
	print_hooks(out, "createContainer", h->create_container, h->create_container_len);
	print_hooks(out, "startContainer", h->start_container, h->start_container_len);
	print_hooks(out, "poststart", h->poststart, h->poststart_len);
	print_hooks(out, "poststop", h->poststop, h->poststop_len);
}

/* ---- seccomp: the profile that the program is compiled from ---- */

static void print_action(struct buf *out, int64_t action, struct opt_u64 errno_ret)
{
	buf_adds(out, vocab_name(&vocab_seccomp_action, action));
	if (action == SPEC_ACT_ERRNO || action == SPEC_ACT_TRACE)
		buf_addf(out, "(%" PRIu64 ")", errno_ret.set ? errno_ret.value : 1);
}

static void print_seccomp_entry(struct buf *out, const struct spec_seccomp_syscall *e)
{
	buf_adds(out, "seccomp rule: ");
	print_action(out, e->action.value, e->errno_ret);
	for (size_t i = 0; i < e->names_len; i++) {
		buf_adds(out, " ");
		buf_add_visible(out, e->names[i]);
	}
	for (size_t i = 0; i < e->args_len; i++) {
		const struct spec_seccomp_arg *a = &e->args[i];

		buf_addf(out, " arg%" PRIu64 " %s %" PRIu64, a->index.value, vocab_name(&vocab_seccomp_op, a->op.value),
			 a->value.value);
		if (a->op.value == SPEC_CMP_MASKED_EQ)
			buf_addf(out, " %" PRIu64, a->value_two.value);
	}
	buf_adds(out, "\n");
}

static void print_seccomp(const struct spec_seccomp *s, struct buf *out)
{
	buf_adds(out, "seccomp default: ");
	print_action(out, s->default_action.value, s->default_errno_ret);
	for (size_t i = 0; i < s->architectures_len; i++)
		buf_addf(out, " %s", vocab_name(&vocab_seccomp_arch, s->architectures[i]));
	buf_adds(out, "\n");
	for (size_t i = 0; i < s->syscalls_len; i++)
		print_seccomp_entry(out, &s->syscalls[i]);
}

/* ---- the whole ---- */

static void print_process(const struct flat *f, const struct plan *p, struct buf *out)
{
	if (!(p->flags & PLAN_PROCESS)) {
		buf_adds(out, "process: none, it cannot be started\n");
		return;
	}
	process_plan_print(f, &p->process, out);
	if (!p->process.user.has_umask)
		buf_adds(out, "umask of the caller\n");
	if (!flat_has(p->process.keyring))
		buf_adds(out, "keyring of the caller\n");
}

void plan_print(const struct plan_inputs *in, const struct create_plan *p, const struct plan_shown *shown,
		struct buf *out)
{
	const struct spec_config *c = in->bundle->config;
	struct flat f = { .base = p->flat.data, .len = p->flat.len };

	ns_plan_print(&f, &p->plan.ns, out);
	print_namespaces(c, &p->plan.ns, out);
	print_cgroup(p, shown, out);
	uts_plan_print(&f, &p->plan.uts, out);
	if (!p->plan.mount.propagation && p->plan.mount.mount_ns == MOUNT_NS_NEW)
		buf_adds(out, "propagation of the host's mounts: slave\n");
	mount_plan_print(&f, &p->plan.mount, out);
	dev_plan_print(&f, &p->plan.dev, out);
	sysctl_plan_print(&f, &p->plan.sysctl, out);
	print_all_hooks(c->hooks, out);
	print_process(&f, &p->plan, out);
	sched_plan_print(&p->plan.sched, out);
	mempolicy_plan_print(&p->plan.mempolicy, out);
	lsm_plan_print(&f, &p->plan.lsm, out);
	caps_plan_print(&p->plan.caps, out);
	seccomp_plan_print(&f, &p->plan.seccomp, out);
	if (c->lnx && c->lnx->seccomp && !in->bundle->annotations.seccomp_bpf_len)
		print_seccomp(c->lnx->seccomp, out);
	annotations_print(&in->bundle->annotations, out);
}
