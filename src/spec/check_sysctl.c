/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters may be set only where a listed namespace keeps them from the host. */

#include <string.h>

#include "base/cleanup.h"
#include "base/mutation.h"
#include "spec/check.h"

/* Both spellings of sysctl(8) become the path below /proc/sys: whichever of '.' and '/' comes first separates, the other
 * one is (a stand-in for) the other character. NULL when it does not fit or has strange characters. */
static const char *normalize(const char *key, char *out, size_t len)
{
	const char *first = strpbrk(key, "./");
	bool dots = first && *first == '.';
	size_t n = strlen(key);

	if (n >= len)
		return NULL;
	for (size_t i = 0; i <= n; i++) {
		char c = key[i];

		if (c && !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@", c))
			return NULL;
		out[i] = !dots ? c : c == '.' ? '/' : c == '/' ? '.' : c;
	}
	return out;
}

static bool is_clean(const char *path)
{
	for (;;) {
		size_t n = strcspn(path, "/");

		if (!n || (n == 1 && *path == '.') || (n == 2 && !memcmp(path, "..", 2)))
			return false;
		if (!path[n])
			return true;
		path += n + 1;
	}
}

/* A name that ends in '/' stands for everything below. */
static const struct {
	const char *path;
	int type;
} namespaced[] = {
	{ "net/", SPEC_NS_NETWORK },
	{ "user/", SPEC_NS_USER },
	{ "fs/mqueue/", SPEC_NS_IPC },
	{ "kernel/msgmax", SPEC_NS_IPC },
	{ "kernel/msgmnb", SPEC_NS_IPC },
	{ "kernel/msgmni", SPEC_NS_IPC },
	{ "kernel/msg_next_id", SPEC_NS_IPC },
	{ "kernel/auto_msgmni", SPEC_NS_IPC },
	{ "kernel/shmall", SPEC_NS_IPC },
	{ "kernel/shmmax", SPEC_NS_IPC },
	{ "kernel/shmmni", SPEC_NS_IPC },
	{ "kernel/shm_next_id", SPEC_NS_IPC },
	{ "kernel/shm_rmid_forced", SPEC_NS_IPC },
	{ "kernel/sem", SPEC_NS_IPC },
	{ "kernel/sem_next_id", SPEC_NS_IPC },
	{ "kernel/domainname", SPEC_NS_UTS },
};

static const char *const needs[SPEC_NS__COUNT] = {
	[SPEC_NS_NETWORK] = "needs a network namespace",
	[SPEC_NS_USER] = "needs a user namespace",
	[SPEC_NS_IPC] = "needs an ipc namespace",
	[SPEC_NS_UTS] = "needs a uts namespace",
};

static int namespace_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaced); i++) {
		const char *p = namespaced[i].path;
		size_t n = strlen(p);

		if (p[n - 1] == '/' ? !strncmp(path, p, n) : !strcmp(path, p))
			return namespaced[i].type;
	}
	return -1;
}

static const char *why_not(const struct spec_check *k, const char *key)
{
	char buf[256];
	const char *path = normalize(key, buf, sizeof(buf));
	int type;

	if (MUTATION(SYSCTL))
		return NULL;
	if (!path || !is_clean(path))
		return "not a name of a kernel parameter";
	if (!strcmp(path, "kernel/hostname"))
		return "use the property hostname";
	type = namespace_of(path);
	if (type < 0)
		return "belongs to no namespace, it would change the host";
	return spec_find_namespace(k->lnx, type) ? NULL : needs[type];
}

static int rule_sysctl(const struct spec_check *k)
{
	for (size_t i = 0; i < k->lnx->sysctl_len; i++) {
		const char *key = k->lnx->sysctl[i].key;
		const char *why = why_not(k, key);
		char pointer[JP_MAX] = "/linux/sysctl";

		if (!why)
			continue;
		jp_add_key(pointer, key, strlen(key));
		return spec_check_fail(k, why, "%s", pointer);
	}
	return 0;
}

static const struct spec_rule rules[] = {
	{ "sysctl", rule_sysctl, "SYS-03 SYS-06" },
};
const struct spec_rules spec_rules_sysctl = { rules, ARRAY_SIZE(rules) };
