/* SPDX-License-Identifier: Apache-2.0 */
/* The ordered list of device rules and its meaning. Pure. */
#include "kernel/cgroup/devices.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mutation.h"

#define DEFAULT(major_, minor_)                                                                        \
	{                                                                                              \
		.allow = true, .type = 'c', .access = DEVICE_ALL, .major = (major_), .minor = (minor_) \
	}
/* What every container may use: the default devices of the specification, its terminals, and nothing else; in particular no
 * mknod of arbitrary nodes and no tun. */
static const struct device_rule defaults[] = {
	DEFAULT(1, 3),            /* null */
	DEFAULT(1, 5),            /* zero */
	DEFAULT(1, 7),            /* full */
	DEFAULT(1, 8),            /* random */
	DEFAULT(1, 9),            /* urandom */
	DEFAULT(5, 0),            /* tty */
	DEFAULT(5, 1),            /* console */
	DEFAULT(5, 2),            /* ptmx */
	DEFAULT(136, DEVICE_ANY), /* pts */
};

static int access_parse(const char *s, uint8_t *ret)
{
	*ret = s ? 0 : DEVICE_ALL; /* absent: not specified; every access, so that a denial denies */
	for (; s && *s; s++) {
		if (*s == 'r')
			*ret |= DEVICE_READ;
		else if (*s == 'w')
			*ret |= DEVICE_WRITE;
		else if (*s == 'm')
			*ret |= DEVICE_MKNOD;
		else
			return -EINVAL;
	}
	return *ret ? 0 : -EINVAL;
}

static int rule_parse(const struct spec_device_rule *in, size_t i, struct device_rule *ret, struct err *err)
{
	ret->asked = true;
	ret->allow = in->allow.value;
	ret->type = in->type.set ? (char)in->type.value : 'a';
	ret->major = in->major.set ? in->major.value : DEVICE_ANY;
	ret->minor = in->minor.set ? in->minor.value : DEVICE_ANY;
	if (access_parse(in->access, &ret->access) < 0) {
		err_set(err, EINVAL, "check device rule: access `%s` is not made of r, w and m", in->access);
		err_pointer(err, "/linux/resources/devices/%zu/access", i);
		return -EINVAL;
	}
	if ((ret->type != 'a' && ret->type != 'b' && ret->type != 'c') || ret->major > UINT32_MAX ||
	    ret->minor > UINT32_MAX) {
		err_set(err, EINVAL, "check device rule: not a device type and numbers");
		err_pointer(err, "/linux/resources/devices/%zu", i);
		return -EINVAL;
	}
	return 0;
}

static bool is_everything(const struct device_rule *r)
{
	return r->type == 'a' && r->major == DEVICE_ANY && r->minor == DEVICE_ANY && r->access == DEVICE_ALL;
}

static int add_nodes(const struct spec_device *nodes, size_t n, struct buf *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct device_rule rule = { .allow = true,
					    .type = nodes[i].type.value == 'b' ? 'b' : 'c',
					    .access = DEVICE_MKNOD,
					    .major = nodes[i].major.value,
					    .minor = nodes[i].minor.value };

		if (nodes[i].type.value != 'p')
			r = buf_add(ret, &rule, sizeof(rule));
	}
	return r;
}

int devices_plan(const struct spec_resources *res, const struct spec_device *nodes, size_t nodes_len, struct buf *ret,
		 struct err *err)
{
	static const struct device_rule everything = {
		.allow = true, .type = 'a', .access = DEVICE_ALL, .major = DEVICE_ANY, .minor = DEVICE_ANY
	};
	size_t base;
	int r = MUTATION(A12) ? buf_add(ret, &everything, sizeof(everything))
			      : buf_add(ret, defaults, sizeof(defaults));

	if (r == 0)
		r = add_nodes(nodes, nodes_len, ret);
	base = ret->len;
	for (size_t i = 0; r == 0 && res && !MUTATION(A12) && i < res->devices_len; i++) {
		struct device_rule rule = { 0 };

		r = rule_parse(&res->devices[i], i, &rule, err);
		if (r < 0)
			return r;
		if (!rule.allow && is_everything(&rule))
			ret->len = base; /* Docker says its whole list twice */
		else
			r = buf_add(ret, &rule, sizeof(rule));
	}
	return r < 0 ? err_code(err, r, "plan device rules") : 0;
}

bool devices_decide(const struct device_rule *rules, size_t n, char type, uint32_t major, uint32_t minor,
		    uint8_t access)
{
	for (unsigned bit = 1; bit <= DEVICE_MKNOD; bit <<= 1) {
		bool allowed = false;

		if (!(access & bit))
			continue;
		for (size_t i = 0; i < n; i++) {
			const struct device_rule *r = &rules[i];

			if ((r->type == 'a' || r->type == type) && (r->major == DEVICE_ANY || r->major == major) &&
			    (r->minor == DEVICE_ANY || r->minor == minor) && (r->access & bit))
				allowed = r->allow;
		}
		if (!allowed)
			return false;
	}
	return true;
}

void devices_format(const struct device_rule *rule, char ret[48])
{
	char major[16] = "*", minor[16] = "*";

	if (rule->major != DEVICE_ANY)
		snprintf(major, sizeof(major), "%" PRIu32, (uint32_t)rule->major);
	if (rule->minor != DEVICE_ANY)
		snprintf(minor, sizeof(minor), "%" PRIu32, (uint32_t)rule->minor);
	snprintf(ret, 48, "%c %s:%s %s%s%s", rule->type, major, minor, rule->access & DEVICE_READ ? "r" : "",
		 rule->access & DEVICE_WRITE ? "w" : "", rule->access & DEVICE_MKNOD ? "m" : "");
}
