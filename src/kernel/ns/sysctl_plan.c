/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel parameters exist once per namespace. All others belong to the whole machine and are refused: a container
 * must never change its host. Touches nothing. */
#include "kernel/ns/sysctl_plan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mutation.h"

struct sysctl_rule {
	const char *path; /* below /proc/sys; a trailing slash means all below it */
	int ns;           /* SPEC_NS_* */
};

static const struct sysctl_rule rules[] = {
	{ "net/", SPEC_NS_NETWORK },           { "fs/mqueue/", SPEC_NS_IPC },
	{ "kernel/msgmax", SPEC_NS_IPC },      { "kernel/msgmnb", SPEC_NS_IPC },
	{ "kernel/msgmni", SPEC_NS_IPC },      { "kernel/msg_next_id", SPEC_NS_IPC },
	{ "kernel/auto_msgmni", SPEC_NS_IPC }, { "kernel/sem", SPEC_NS_IPC },
	{ "kernel/sem_next_id", SPEC_NS_IPC }, { "kernel/shmall", SPEC_NS_IPC },
	{ "kernel/shmmax", SPEC_NS_IPC },      { "kernel/shmmni", SPEC_NS_IPC },
	{ "kernel/shm_next_id", SPEC_NS_IPC }, { "kernel/shm_rmid_forced", SPEC_NS_IPC },
	{ "kernel/domainname", SPEC_NS_UTS },  { "user/", SPEC_NS_USER },
};

int sysctl_plan_path(const char *key, char *out, size_t len)
{
	static const char top[] = "sys/";
	size_t n = sizeof(top) - 1, start = n;
	char sep = key[strcspn(key, "./")] == '/' ? '/' : '.';

	if (len <= n)
		return -ENAMETOOLONG;
	memcpy(out, top, n);
	for (;; key++) {
		char c = *key == sep ? '/' : *key == '/' ? '.' : *key;

		if (n >= len)
			return -ENAMETOOLONG;
		if (c == '/' || c == '\0') {
			size_t part = n - start;

			/* "..": with dots as separators a name cannot be one, with slashes it could */
			if (!part || (part == 1 && out[start] == '.') || (part == 2 && !memcmp(out + start, "..", 2)))
				return -EINVAL;
			start = n + 1;
		}
		out[n++] = c;
		if (!c)
			return 0;
	}
}

static const struct sysctl_rule *sysctl_rule_of(const char *path)
{
	path += strlen("sys/");
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		size_t len = strlen(rules[i].path);

		if (rules[i].path[len - 1] == '/' ? !strncmp(path, rules[i].path, len) : !strcmp(path, rules[i].path))
			return &rules[i];
	}
	return NULL;
}

static int sysctl_check(const char *key, const char *path, unsigned own_ns, struct err *err)
{
	const struct sysctl_rule *rule = sysctl_rule_of(path);

	if (MUTATION(SYSCTL))
		return 0;
	if (!strcmp(path, "sys/kernel/hostname")) {
		err_hint(err, "use the property hostname");
		return err_set(err, EINVAL, "plan sysctl `%s`: it belongs to the property hostname", key);
	}
	if (!rule)
		return err_set(err, EINVAL, "plan sysctl `%s`: it belongs to the whole host, not to a namespace", key);
	if (!(own_ns >> rule->ns & 1)) {
		err_hint(err, "add a namespace of type %s to linux.namespaces", vocab_name(&vocab_namespace, rule->ns));
		return err_set(err, EINVAL, "plan sysctl `%s`: the container has no %s namespace of its own", key,
			       vocab_name(&vocab_namespace, rule->ns));
	}
	return 0;
}

static int sysctl_plan_row(const struct spec_kv *kv, unsigned own_ns, struct buf *flat, struct sysctl_row *row,
			   struct err *err)
{
	char path[512];
	int r = sysctl_plan_path(kv->key, path, sizeof(path));

	if (r < 0)
		r = err_set(err, -r, "plan sysctl `%s`: not a name of a kernel parameter", kv->key);
	else
		r = sysctl_check(kv->key, path, own_ns, err);
	if (r < 0) {
		sysctl_point(kv->key, err);
		return r;
	}
	row->key = flat_add_str(flat, kv->key);
	row->path = flat_add_str(flat, path);
	row->value = flat_add_str(flat, kv->value);
	return 0;
}

/* Two spellings of one parameter: which value counts would depend on the order of a JSON object. */
static int sysctl_check_twice(const struct spec_kv *kv, size_t i, struct err *err)
{
	char a[512], b[512];

	if (sysctl_plan_path(kv[i].key, a, sizeof(a)) < 0)
		return 0;
	for (size_t k = 0; k < i; k++) {
		if (sysctl_plan_path(kv[k].key, b, sizeof(b)) < 0 || strcmp(a, b))
			continue;
		sysctl_point(kv[i].key, err);
		return err_set(err, EINVAL, "plan sysctl `%s`: it is there twice, also as `%s`", kv[i].key, kv[k].key);
	}
	return 0;
}

int sysctl_plan_build(const struct spec_kv *kv, size_t n, unsigned own_ns, struct buf *flat, struct sysctl_plan *ret,
		      struct err *err)
{
	autofree struct sysctl_row *rows = calloc(n ? n : 1, sizeof(*rows));
	int r = 0;

	if (!rows)
		return err_set(err, ENOMEM, "plan the sysctls: out of memory");
	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = sysctl_check_twice(kv, i, err);
		if (r >= 0)
			r = sysctl_plan_row(&kv[i], own_ns, flat, &rows[i], err);
	}
	if (r < 0)
		return r;
	ret->rows = flat_add_arr(flat, rows, n, sizeof(*rows));
	return flat->error ? err_code(err, flat->error, "plan the sysctls") : 0;
}

void sysctl_plan_print(const struct flat *f, const struct sysctl_plan *p, struct buf *out)
{
	const struct sysctl_row *rows = flat_arr(f, p->rows, sizeof(*rows));

	for (size_t i = 0; rows && i < p->rows.count; i++) {
		const char *path = flat_str(f, rows[i].path), *value = flat_str(f, rows[i].value);

		buf_adds(out, "sysctl /proc/");
		buf_add_visible(out, path ? path : "(damaged)");
		buf_adds(out, " = ");
		buf_add_visible(out, value ? value : "(damaged)");
		buf_adds(out, "\n");
	}
}
