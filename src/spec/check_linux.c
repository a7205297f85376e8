/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about namespaces, devices, network devices, the cgroup path and the execution domain. */

#include <string.h>

#include "base/cleanup.h"
#include "spec/check.h"

enum { DEV_MAJOR_MAX = (1 << 12) - 1, DEV_MINOR_MAX = (1 << 20) - 1 };
enum { NET_DEVICES_MAX = 1024 };

static int rule_namespaces(const struct spec_check *k)
{
	unsigned seen = 0;

	for (size_t i = 0; i < k->lnx->namespaces_len; i++) {
		unsigned bit = 1u << k->lnx->namespaces[i].type.value;

		if (seen & bit)
			return spec_check_fail(k, "listed twice", "/linux/namespaces/%zu/type", i);
		seen |= bit;
	}
	return 0;
}

static int rule_time_offsets(const struct spec_check *k)
{
	const struct spec_namespace *ns = spec_find_namespace(k->lnx, SPEC_NS_TIME);

	if (!k->lnx->time_offsets || (!k->lnx->time_offsets->boottime && !k->lnx->time_offsets->monotonic))
		return 0;
	if (!ns)
		return spec_check_fail(k, "needs a time namespace", "/linux/timeOffsets");
	if (ns->path) /* the kernel freezes the offsets with the first process */
		return spec_check_fail(k, "the time namespace is joined, its offsets cannot be set",
				       "/linux/timeOffsets");
	return 0;
}

static int check_device(const struct spec_check *k, const struct spec_device *d, size_t i)
{
	/* engines pass the whole st_mode, with the type bits */
	if (d->file_mode.set && (d->file_mode.value & ~UINT64_C(0170000)) > 0777)
		return spec_check_fail(k, "has bits beyond 0777", "/linux/devices/%zu/fileMode", i);
	if (d->type.value == 'p')
		return 0;
	if (!d->major.set)
		return spec_check_fail(k, "required but missing", "/linux/devices/%zu/major", i);
	if (!d->minor.set)
		return spec_check_fail(k, "required but missing", "/linux/devices/%zu/minor", i);
	/* the kernel has 12 and 20 bits; mknod cuts the rest off */
	if (d->major.value > DEV_MAJOR_MAX)
		return spec_check_fail(k, "must not be above 4095", "/linux/devices/%zu/major", i);
	if (d->minor.value > DEV_MINOR_MAX)
		return spec_check_fail(k, "must not be above 1048575", "/linux/devices/%zu/minor", i);
	return 0;
}

static int rule_devices(const struct spec_check *k)
{
	const struct spec_device *d = k->lnx->devices;
	size_t n = k->lnx->devices_len;
	int r = 0;

	for (size_t i = 0; !r && i < n; i++)
		r = check_device(k, &d[i], i);
	return r;
}

/* The kernel fills in a number for one "%d"; any other '%' is refused, after the device has moved. */
static bool is_container_ifname(const char *s)
{
	const char *percent = strchr(s, '%');

	return spec_check_ifname(s) && (!percent || (percent[1] == 'd' && !strchr(percent + 1, '%')));
}

static int fail_net(const struct spec_check *k, const struct spec_net_device *d, const char *member, const char *text)
{
	char pointer[JP_MAX] = "/linux/netDevices";

	jp_add_key(pointer, d->key, strlen(d->key));
	return spec_check_fail(k, text, "%s%s", pointer, member);
}

static const char *container_name(const struct spec_net_device *d)
{
	return d->name && *d->name ? d->name : d->key;
}

static int rule_net_devices(const struct spec_check *k)
{
	const struct spec_net_device *d = k->lnx->net_devices;
	size_t n = k->lnx->net_devices_len;

	if (n && !spec_find_namespace(k->lnx, SPEC_NS_NETWORK))
		return spec_check_fail(k, "needs a network namespace", "/linux/netDevices");
	if (n > NET_DEVICES_MAX)
		return spec_check_fail(k, "more than 1024 devices", "/linux/netDevices");
	for (size_t i = 0; i < n; i++) {
		if (!spec_check_ifname(d[i].key))
			return fail_net(k, &d[i], "", "not a name of a network interface");
		if (!is_container_ifname(container_name(&d[i])))
			return fail_net(k, &d[i], "/name", "not a name of a network interface");
		for (size_t j = 0; j < i; j++)
			if (!strchr(container_name(&d[i]), '%') &&
			    !strcmp(container_name(&d[i]), container_name(&d[j])))
				return fail_net(k, &d[i], "/name", "another device gets the same name");
	}
	return 0;
}

/* Absolute, relative, or slice:prefix:name; what would leave the hierarchy or name all of it is refused. */
static int rule_cgroups_path(const struct spec_check *k)
{
	static const char at[] = "/linux/cgroupsPath";
	const char *p = k->lnx->cgroups_path;

	if (!p)
		return 0;
	if (!*p)
		return spec_check_fail(k, "must not be empty", "%s", at);
	if (!strcmp(p, "/"))
		return spec_check_fail(k, "must not be the root of the hierarchy", "%s", at);
	p += *p == '/';
	for (;;) {
		size_t n = strcspn(p, "/");

		if (!n)
			return spec_check_fail(k, "has an empty component", "%s", at);
		if (n > 255)
			return spec_check_fail(k, "has a component of more than 255 bytes", "%s", at);
		if ((n == 1 && *p == '.') || (n == 2 && !memcmp(p, "..", 2)))
			return spec_check_fail(k, "must not have `.` or `..`", "%s", at);
		if (memchr(p, '\n', n)) /* lines of /proc/PID/cgroup end with one */
			return spec_check_fail(k, "must not have a line break", "%s", at);
		if (!p[n])
			return 0;
		p += n + 1;
	}
}

static int rule_personality(const struct spec_check *k)
{
	if (k->lnx->personality && k->lnx->personality->flags_len)
		return spec_check_fail(k, "no flag is supported", "/linux/personality/flags/0");
	return 0;
}

static const struct spec_rule rules[] = {
	{ "namespaces", rule_namespaces, "NSP-17" },     { "time_offsets", rule_time_offsets, "TIM-07 TIM-08" },
	{ "devices", rule_devices, "DEV-08 DEV-09" },    { "net_devices", rule_net_devices, "NET-04 NET-07 NET-15" },
	{ "cgroups_path", rule_cgroups_path, "CGP-09" }, { "personality", rule_personality, "RFS-26" },
};
const struct spec_rules spec_rules_linux = { rules, ARRAY_SIZE(rules) };
