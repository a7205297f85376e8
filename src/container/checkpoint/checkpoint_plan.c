/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions of checkpoint and restore: which options criu gets, and what it cannot do. */

#include "container/checkpoint/checkpoint_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/ns/plan.h"

struct flag_row {
	unsigned given, wanted;
};

static const struct flag_row dump_flags[] = {
	{ MASU_CHECKPOINT_LEAVE_RUNNING, CRIU_LEAVE_RUNNING },
	{ MASU_CHECKPOINT_TCP_ESTABLISHED, CRIU_TCP_ESTABLISHED },
	{ MASU_CHECKPOINT_TCP_SKIP_IN_FLIGHT, CRIU_TCP_SKIP_IN_FLIGHT },
	{ MASU_CHECKPOINT_EXT_UNIX_SK, CRIU_EXT_UNIX_SK },
	{ MASU_CHECKPOINT_SHELL_JOB, CRIU_SHELL_JOB },
	{ MASU_CHECKPOINT_FILE_LOCKS, CRIU_FILE_LOCKS },
	{ MASU_CHECKPOINT_LINK_REMAP, CRIU_LINK_REMAP },
	{ MASU_CHECKPOINT_AUTO_DEDUP, CRIU_AUTO_DEDUP },
	{ MASU_CHECKPOINT_LAZY_PAGES, CRIU_LAZY_PAGES },
	{ MASU_CHECKPOINT_PRE_DUMP, CRIU_TRACK_MEM },
};
static const struct flag_row restore_flags[] = {
	{ MASU_CHECKPOINT_TCP_ESTABLISHED, CRIU_TCP_ESTABLISHED }, { MASU_CHECKPOINT_TCP_CLOSE, CRIU_TCP_CLOSE },
	{ MASU_CHECKPOINT_EXT_UNIX_SK, CRIU_EXT_UNIX_SK },         { MASU_CHECKPOINT_SHELL_JOB, CRIU_SHELL_JOB },
	{ MASU_CHECKPOINT_FILE_LOCKS, CRIU_FILE_LOCKS },           { MASU_CHECKPOINT_AUTO_DEDUP, CRIU_AUTO_DEDUP },
	{ MASU_CHECKPOINT_LAZY_PAGES, CRIU_LAZY_PAGES },
};

static int choose_flags(const struct flag_row *rows, size_t n, unsigned given, unsigned *ret, struct err *err)
{
	*ret = CRIU_ORPHAN_PTS_MASTER;
	for (size_t i = 0; i < n; i++) {
		if (given & rows[i].given)
			*ret |= rows[i].wanted;
		given &= ~rows[i].given;
	}
	return given ? err_set(err, EINVAL, "use flags %#x: not known here", given) : 0;
}

static int find_word(const char *text, const struct word *words, size_t n, const char *what, int *ret, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i].name, text) == 0) {
			*ret = (int)words[i].value;
			return 0;
		}
	return err_set(err, EINVAL, "use %s `%s`: not known", what, text);
}

int checkpoint_cgroups_mode(const char *text, bool has_cgroup, int *ret, struct err *err)
{
	static const struct word words[] = {
		{ "", CRIU_CGROUPS_SOFT },         { "soft", CRIU_CGROUPS_SOFT },     { "full", CRIU_CGROUPS_FULL },
		{ "strict", CRIU_CGROUPS_STRICT }, { "ignore", CRIU_CGROUPS_IGNORE },
	};

	int r = find_word(text ? text : "", words, ARRAY_SIZE(words), "cgroups mode", ret, err);

	if (r < 0 || has_cgroup)
		return r;
	if (text && *text && *ret != CRIU_CGROUPS_IGNORE)
		return err_set(err, EINVAL, "use cgroups mode `%s`: the container has no cgroup", text);
	*ret = CRIU_CGROUPS_IGNORE;
	return 0;
}

static int network_lock(const char *text, int *ret, struct err *err)
{
	static const struct word words[] = {
		{ "", CRIU_LOCK_DEFAULT },
		{ "iptables", CRIU_LOCK_IPTABLES },
		{ "nftables", CRIU_LOCK_NFTABLES },
		{ "skip", CRIU_LOCK_SKIP },
	};

	return find_word(text ? text : "", words, ARRAY_SIZE(words), "network lock", ret, err);
}

/* The network is always left out, see below: criu can leave out no other kind. */
static int check_empty_ns(char *const *names, struct err *err)
{
	for (; names && *names; names++)
		if (strcmp(*names, "network") != 0)
			return err_set(err, EINVAL, "use empty namespace `%s`: only `network` can be left out", *names);
	return 0;
}

static bool has_new(const struct spec_config *c, enum spec_namespace_kind kind)
{
	const struct spec_namespace *ns = spec_find_namespace(c->lnx, kind);

	return ns && !ns->path;
}

/* criu makes the mount tree and the cgroup namespace again: neither can be somebody else's. */
static int check_namespaces(const struct spec_config *c, struct err *err)
{
	if (!has_new(c, SPEC_NS_MOUNT)) {
		err_pointer(err, "/linux/namespaces");
		return err_set(err, EOPNOTSUPP, "use criu: the container has no mount namespace of its own");
	}
	for (size_t i = 0; i < c->lnx->namespaces_len; i++) {
		const struct spec_namespace *ns = &c->lnx->namespaces[i];

		if (!ns->path || (ns->type.value != SPEC_NS_USER && ns->type.value != SPEC_NS_CGROUP))
			continue;
		err_pointer(err, "/linux/namespaces/%zu/path", i);
		return err_set(err, EOPNOTSUPP, "use criu: it cannot enter a %s namespace",
			       ns->type.value == SPEC_NS_USER ? "user" : "cgroup");
	}
	return 0;
}

/* What is in the network namespace was made by engines and hooks, and they make it again: saved by criu too, it would be there
 * twice. A network namespace that is joined is not saved in the first place. */
static unsigned network_flag(const struct spec_config *c)
{
	return has_new(c, SPEC_NS_NETWORK) ? CRIU_EMPTY_NETWORK : 0;
}

static int add_joined(struct criu_request *q, const char *kind, uint64_t inode, const char *key)
{
	char text[64];

	if (!inode)
		return 0;
	snprintf(text, sizeof(text), "%s[%llu]:%s", kind, (unsigned long long)inode, key);
	return criu_add_external(q, text);
}

static int plan_transfer(const struct masu_checkpoint_options *o, struct criu_request *q, struct err *err)
{
	if (o->parent_path) {
		if (o->parent_path[0] == '/')
			return err_set(err, EINVAL,
				       "use parent `%s`: it has to be relative to the directory of the images",
				       o->parent_path);
		q->parent = o->parent_path;
		q->flags |= CRIU_TRACK_MEM;
	}
	if (o->page_server)
		return criu_parse_page_server(&q->arena, o->page_server, &q->page_server, &q->page_server_port, err);
	return 0;
}

int checkpoint_plan(const struct checkpoint_inputs *in, struct criu_request *q, struct err *err)
{
	const struct masu_checkpoint_options *o = in->options;
	const struct spec_config *c = in->mounts.config;
	int r = check_namespaces(c, err);

	if (r == 0 && in->has_listener) {
		err_pointer(err, "/linux/seccomp");
		r = err_set(err, EOPNOTSUPP, "use criu: it cannot make a seccomp filter again that notifies an agent");
	}
	if (r == 0 && (o->flags & MASU_CHECKPOINT_PRE_DUMP) && (o->flags & MASU_CHECKPOINT_LAZY_PAGES))
		r = err_set(err, EINVAL, "checkpoint: `pre-dump` and `lazy-pages` exclude each other");
	if (r == 0 && o->status_fd > 0 && !(o->flags & MASU_CHECKPOINT_LAZY_PAGES))
		r = err_set(err, EINVAL, "use status fd %d: nothing is written to it without `lazy-pages`",
			    o->status_fd);
	if (r == 0)
		r = choose_flags(dump_flags, ARRAY_SIZE(dump_flags), o->flags, &q->flags, err);
	if (r == 0)
		r = checkpoint_cgroups_mode(o->cgroups_mode, in->has_cgroup, &q->cgroups, err);
	if (r == 0)
		r = network_lock(o->network_lock, &q->network_lock, err);
	if (r == 0)
		r = check_empty_ns(o->empty_ns, err);
	if (r < 0)
		return r;
	q->kind = o->flags & MASU_CHECKPOINT_PRE_DUMP ? CRIU_PRE_DUMP : CRIU_DUMP;
	q->flags |= network_flag(c);
	q->log_file = "dump.log";
	q->pid = in->pid;
	q->root = in->rootfs;
	q->freeze_cgroup = in->freeze_cgroup;
	q->config_file = in->criu_config;
	r = plan_transfer(o, q, err);
	if (r < 0 || q->kind == CRIU_PRE_DUMP)
		return r; /* memory only */
	r = criu_mounts_dump(&in->mounts, q, err);
	if (r == 0 && (add_joined(q, "net", in->joined.net, CRIU_KEY_NET) < 0 ||
		       add_joined(q, "pid", in->joined.pid, CRIU_KEY_PID) < 0))
		r = err_set(err, ENOMEM, "plan the checkpoint");
	return r;
}

int restore_plan(const struct restore_inputs *in, struct criu_request *q, struct err *err)
{
	const struct masu_restore_options *o = in->options;
	int r = check_namespaces(in->config, err);

	if (r == 0)
		r = choose_flags(restore_flags, ARRAY_SIZE(restore_flags), o->flags, &q->flags, err);
	if (r == 0)
		r = checkpoint_cgroups_mode(o->cgroups_mode, in->cgroup_path, &q->cgroups, err);
	if (r == 0)
		r = network_lock(o->network_lock, &q->network_lock, err);
	if (r == 0)
		r = check_empty_ns(o->empty_ns, err);
	if (r == 0 && q->cgroups == CRIU_CGROUPS_STRICT)
		r = err_set(err, EOPNOTSUPP,
			    "use cgroups mode `strict`: the cgroup is made, with its limits, before criu runs");
	if (r < 0)
		return r;
	q->kind = CRIU_RESTORE;
	q->flags |= network_flag(in->config) | CRIU_EVASIVE_DEVICES;
	q->log_file = "restore.log";
	q->root = in->rootfs;
	q->cgroup_root = in->cgroup_path;
	q->lsm_profile = o->lsm_profile;
	q->lsm_mount_context = o->lsm_mount_context;
	q->config_file = in->criu_config;
	return 0;
}
