/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the rule tables; the rules of the document's top level and those that a missing mount or UTS namespace brings. */

#include "spec/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "spec/version.h"

int spec_check_fail(const struct spec_check *k, const char *text, const char *pointer, ...)
{
	char at[JP_MAX];
	va_list ap;

	va_start(ap, pointer);
	vsnprintf(at, sizeof(at), pointer, ap);
	va_end(ap);
	return jp_fail(k->name, at, k->err, "%s", text);
}

void spec_check_warn(const struct spec_check *k, const char *text, const char *pointer, ...)
{
	char at[JP_MAX];
	va_list ap;

	va_start(ap, pointer);
	vsnprintf(at, sizeof(at), pointer, ap);
	va_end(ap);
	log_warn("%s: %s: %s", k->name, at, text);
}

bool spec_check_annotation(const struct spec_config *c, const char *key)
{
	for (size_t i = 0; c && i < c->annotations_len; i++)
		if (strcmp(c->annotations[i].key, key) == 0)
			return true;
	return false;
}

bool spec_check_ifname(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 15 || !strcmp(s, ".") || !strcmp(s, ".."))
		return false;
	for (; *s; s++)
		if (*s == '/' || *s == ':' || (unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

static int rule_version(const struct spec_check *k)
{
	struct spec_version v;

	if (spec_version_parse(k->config->oci_version, &v))
		return spec_check_fail(k, "not a version by SemVer 2.0.0", "/ociVersion");
	if (v.major != SPEC_VERSION_MAJOR)
		return spec_check_fail(k, "only versions 1.x are supported", "/ociVersion");
	if (v.minor > SPEC_VERSION_MINOR)
		spec_check_warn(k, "newer than " SPEC_VERSION "; what it added is not known here", "/ociVersion");
	return 0;
}

/* The kernel keeps __NEW_UTS_LEN (64) bytes; without a namespace of its own the container would rename the host. */
static int check_uts(const struct spec_check *k, const char *value, const char *pointer)
{
	if (!value)
		return 0;
	if (!spec_find_namespace(k->lnx, SPEC_NS_UTS))
		return spec_check_fail(k, "needs a uts namespace", "%s", pointer);
	if (strlen(value) > 64)
		return spec_check_fail(k, "longer than 64 bytes", "%s", pointer);
	return 0;
}

static int rule_hostname(const struct spec_check *k)
{
	return check_uts(k, k->config->hostname, "/hostname");
}

static int rule_domainname(const struct spec_check *k)
{
	return check_uts(k, k->config->domainname, "/domainname");
}

/* Without a mount namespace these would change the host's mount table. */
static int rule_mount_namespace(const struct spec_check *k)
{
	static const char text[] = "needs a mount namespace";

	if (spec_find_namespace(k->lnx, SPEC_NS_MOUNT))
		return 0;
	if (k->config->mounts_len)
		return spec_check_fail(k, text, "/mounts");
	if (k->config->root->readonly.set && k->config->root->readonly.value)
		return spec_check_fail(k, text, "/root/readonly");
	if (!k->lnx)
		return 0;
	if (k->lnx->masked_paths_len)
		return spec_check_fail(k, text, "/linux/maskedPaths");
	if (k->lnx->readonly_paths_len)
		return spec_check_fail(k, text, "/linux/readonlyPaths");
	if (k->lnx->rootfs_propagation.set)
		return spec_check_fail(k, text, "/linux/rootfsPropagation");
	return 0;
}

static const struct spec_rule rules[] = {
	{ "version", rule_version, "VER-02 VER-04 VER-05 VER-06" },
	{ "hostname", rule_hostname, "HST-03 HST-04" },
	{ "domainname", rule_domainname, "HST-06" },
	{ "mount_namespace", rule_mount_namespace, "RFS-19" },
};
const struct spec_rules spec_rules_document = { rules, ARRAY_SIZE(rules) };

static int run(const struct spec_check *k, const struct spec_rules *table)
{
	int r = 0;

	for (size_t i = 0; !r && i < table->len; i++)
		r = table->rules[i].fn(k);
	return r;
}

int spec_check_config(const char *name, const struct spec_config *c, struct err *err)
{
	static const struct spec_rules *const linux_tables[] = {
		&spec_rules_linux, &spec_rules_ids, &spec_rules_sysctl, &spec_rules_seccomp, &spec_rules_rdt,
	};
	struct spec_check k = { .name = name, .config = c, .process = c->process, .lnx = c->lnx, .err = err };
	int r = run(&k, &spec_rules_document);

	k.base = "/process";
	if (!r && k.process)
		r = run(&k, &spec_rules_process);
	for (size_t i = 0; !r && k.lnx && i < ARRAY_SIZE(linux_tables); i++)
		r = run(&k, linux_tables[i]);
	if (!r && !k.lnx)
		r = run(&k, &spec_rules_ids); /* mappings of mounts */
	k.resources = k.lnx ? k.lnx->resources : NULL;
	k.base = "/linux/resources";
	if (!r && k.resources)
		r = run(&k, &spec_rules_resources);
	return r;
}

int spec_check_process(const char *name, const struct spec_process *p, struct err *err)
{
	const struct spec_check k = { .name = name, .base = "", .process = p, .err = err };

	return run(&k, &spec_rules_process);
}

int spec_check_resources(const char *name, const struct spec_resources *r, struct err *err)
{
	const struct spec_check k = { .name = name, .base = "", .resources = r, .err = err };

	return run(&k, &spec_rules_resources);
}

int spec_check_intel_rdt(const char *name, const struct spec_intel_rdt *r, struct err *err)
{
	const struct spec_linux_ lnx = { .intel_rdt = r };
	const struct spec_check k = { .name = name, .base = "", .lnx = &lnx, .err = err };

	return run(&k, &spec_rules_rdt);
}
