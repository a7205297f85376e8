/* SPDX-License-Identifier: Apache-2.0 */
/* Building, printing and reading texts of and for criu. Pure: nothing here knows libcriu or touches a file. */

#include "container/checkpoint/criu_request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"

int criu_add_mount(struct criu_request *q, const char *key, const char *value)
{
	const struct criu_pair *have = (const struct criu_pair *)(const void *)q->mounts.data;
	struct criu_pair p = { arena_strdup(&q->arena, key), arena_strdup(&q->arena, value) };

	for (size_t i = 0; i < q->mounts.len / sizeof(*have); i++)
		if (strcmp(have[i].key, key) == 0)
			return 0;
	return p.key && p.value ? buf_add(&q->mounts, &p, sizeof(p)) : -ENOMEM;
}

int criu_add_external(struct criu_request *q, const char *external)
{
	const char *copy = arena_strdup(&q->arena, external);

	return copy ? buf_add(&q->externals, &copy, sizeof(copy)) : -ENOMEM;
}

int criu_add_fd(struct criu_request *q, const char *key, int fd)
{
	struct criu_fd f = { arena_strdup(&q->arena, key), fd };

	return f.key ? buf_add(&q->fds, &f, sizeof(f)) : -ENOMEM;
}

int criu_add_join(struct criu_request *q, const char *kind, const char *path)
{
	struct criu_join j = { arena_strdup(&q->arena, kind), arena_strdup(&q->arena, path) };

	return j.kind && j.path ? buf_add(&q->joins, &j, sizeof(j)) : -ENOMEM;
}

void criu_request_done(struct criu_request *q)
{
	buf_done(&q->mounts);
	buf_done(&q->externals);
	buf_done(&q->fds);
	buf_done(&q->joins);
	arena_done(&q->arena);
}

static const struct {
	unsigned flag;
	const char *name;
} flag_names[] = {
	{ CRIU_LEAVE_RUNNING, "leave-running" },
	{ CRIU_TCP_ESTABLISHED, "tcp-established" },
	{ CRIU_TCP_SKIP_IN_FLIGHT, "tcp-skip-in-flight" },
	{ CRIU_TCP_CLOSE, "tcp-close" },
	{ CRIU_EXT_UNIX_SK, "ext-unix-sk" },
	{ CRIU_SHELL_JOB, "shell-job" },
	{ CRIU_FILE_LOCKS, "file-locks" },
	{ CRIU_LINK_REMAP, "link-remap" },
	{ CRIU_AUTO_DEDUP, "auto-dedup" },
	{ CRIU_TRACK_MEM, "track-mem" },
	{ CRIU_EVASIVE_DEVICES, "evasive-devices" },
	{ CRIU_ORPHAN_PTS_MASTER, "orphan-pts-master" },
	{ CRIU_LAZY_PAGES, "lazy-pages" },
	{ CRIU_EMPTY_NETWORK, "empty-ns net" },
};

static const char *cgroups_name(int mode)
{
	return mode == CRIU_CGROUPS_IGNORE   ? "ignore"
	       : mode == CRIU_CGROUPS_FULL   ? "full"
	       : mode == CRIU_CGROUPS_STRICT ? "strict"
					     : "soft";
}

static void print_text(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_addf(out, "%s ", name);
	buf_add_visible(out, value);
	buf_adds(out, "\n");
}

static void print_lists(const struct criu_request *q, struct buf *out)
{
	const struct criu_pair *m = (const struct criu_pair *)(const void *)q->mounts.data;
	const char *const *e = (const char *const *)(const void *)q->externals.data;
	const struct criu_fd *f = (const struct criu_fd *)(const void *)q->fds.data;
	const struct criu_join *j = (const struct criu_join *)(const void *)q->joins.data;

	for (size_t i = 0; i < q->mounts.len / sizeof(*m); i++) {
		buf_adds(out, "mount ");
		buf_add_visible(out, m[i].key);
		buf_adds(out, " = ");
		buf_add_visible(out, m[i].value);
		buf_adds(out, "\n");
	}
	for (size_t i = 0; i < q->externals.len / sizeof(*e); i++)
		print_text(out, "external", e[i]);
	for (size_t i = 0; i < q->fds.len / sizeof(*f); i++)
		print_text(out, "inherit", f[i].key);
	for (size_t i = 0; i < q->joins.len / sizeof(*j); i++) {
		buf_addf(out, "join %s ", j[i].kind);
		buf_add_visible(out, j[i].path);
		buf_adds(out, "\n");
	}
}

void criu_request_print(const struct criu_request *q, struct buf *out)
{
	static const char *const kinds[] = { "dump", "pre-dump", "restore" };

	buf_addf(out, "%s\n", kinds[q->kind]);
	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (q->flags & flag_names[i].flag)
			buf_addf(out, "%s\n", flag_names[i].name);
	buf_addf(out, "cgroups %s\n", cgroups_name(q->cgroups));
	print_text(out, "root", q->root);
	print_text(out, "parent", q->parent);
	if (q->page_server)
		buf_addf(out, "page-server %s %d\n", q->page_server, q->page_server_port);
	print_text(out, "freeze", q->freeze_cgroup);
	print_text(out, "cgroup-root", q->cgroup_root);
	print_text(out, "lsm-profile", q->lsm_profile);
	print_text(out, "lsm-mount-context", q->lsm_mount_context);
	print_text(out, "config", q->config_file);
	print_lists(q, out);
}

void criu_request_config(const struct criu_request *q, bool has_empty_ns, struct buf *out)
{
	if (q->flags & CRIU_LAZY_PAGES)
		buf_adds(out, "lazy-pages\n");
	if (q->flags & CRIU_EMPTY_NETWORK && !has_empty_ns)
		buf_adds(out, "empty-ns net\n");
	if (q->network_lock == CRIU_LOCK_SKIP)
		buf_adds(out, "network-lock skip\n");
}

/* "(00.012345)    123: Error (criu/tty.c:1861): tty: …" */
bool criu_log_first_error(const char *log, char *out, size_t len)
{
	const char *at = log;

	for (; at; at = strchr(at, '\n'), at = at ? at + 1 : NULL) {
		size_t n = strcspn(at, "\n");
		const char *hit = memmem(at, n, "Error (", 7);

		if (!hit)
			continue;
		n -= (size_t)(hit - at);
		snprintf(out, len, "%.*s", (int)(n < len ? n : len), hit);
		for (char *c = out; *c; c++)
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				*c = '?';
		return true;
	}
	return false;
}

int criu_parse_page_server(struct arena *a, const char *text, const char **address, int *port, struct err *err)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	bool bracket = n > 2 && text[0] == '[' && text[n - 1] == ']';
	uint64_t number;

	if (n == 0 || parse_u64(colon + 1, 65535, &number) < 0 || number == 0 ||
	    (!bracket && (text[0] == '[' || memchr(text, ':', n))))
		return err_set(err, EINVAL, "use page server `%s`: expected ADDRESS:PORT", text);
	*address = arena_strndup(a, text + bracket, n - 2 * bracket);
	*port = (int)number;
	return *address ? 0 : err_set(err, ENOMEM, "use page server `%s`", text);
}
