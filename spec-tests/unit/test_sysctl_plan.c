/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel parameters a container may have, and where they are. Needs no rights. */
#include <errno.h>

#include "base/cleanup.h"
#include "check.h"
#include "kernel/ns/sysctl_plan.h"

#define NET (1u << SPEC_NS_NETWORK)
#define IPC (1u << SPEC_NS_IPC)
#define UTS (1u << SPEC_NS_UTS)
#define USER (1u << SPEC_NS_USER)
#define ALL (NET | IPC | UTS | USER)

static int plan(const struct spec_kv *kv, size_t n, unsigned own, char *text, size_t len, struct err *err)
{
	AUTO(buf_done) struct buf flat = { 0 }, out = { 0 };
	struct sysctl_plan p = { 0 };
	int r;

	*err = (struct err){ 0 };
	buf_add(&flat, "header..", 8);
	r = sysctl_plan_build(kv, n, own, &flat, &p, err);
	if (r == 0)
		sysctl_plan_print(&(struct flat){ flat.data, flat.len }, &p, &out);
	snprintf(text, len, "%s", out.data ? out.data : "");
	return r;
}

static int plan_one(const char *key, unsigned own)
{
	struct spec_kv kv = { key, "1" };
	struct err err;
	char text[600];

	return plan(&kv, 1, own, text, sizeof(text), &err);
}

TEST(paths)
{
	static const struct {
		const char *key, *path;
	} rows[] = {
		{ "net.ipv4.ip_forward", "sys/net/ipv4/ip_forward" },
		{ "net/ipv4/ip_forward", "sys/net/ipv4/ip_forward" },
		{ "net/ipv4/conf/eth0.1/forwarding", "sys/net/ipv4/conf/eth0.1/forwarding" },
		{ "net.ipv4.conf.eth0/1.forwarding", "sys/net/ipv4/conf/eth0.1/forwarding" },
		{ "single", "sys/single" },
	};
	static const char *const bad[] = { "",        ".",        "/",    "..",   "net..ipv4",           "net//ipv4",
					   ".net",    "net.",     "/net", "net/", "net/../kernel/panic", "net/./x",
					   "net./.x", "net.//.x", "../x" };
	char out[256];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_ERR(sysctl_plan_path(rows[i].key, out, sizeof(out)), 0);
		CHECK_STR(out, rows[i].path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!CHECK_ERR(sysctl_plan_path(bad[i], out, sizeof(out)), -EINVAL))
			printf("# key \"%s\"\n", bad[i]);
	CHECK_ERR(sysctl_plan_path("net.ipv4", out, 12), -ENAMETOOLONG);
	CHECK_ERR(sysctl_plan_path("net.ipv4", out, 13), 0);
}

TEST(namespaces)
{
	static const struct {
		const char *key;
		unsigned own;
	} rows[] = {
		{ "net.ipv4.ip_forward", NET },
		{ "net.core.somaxconn", NET },
		{ "fs.mqueue.msg_max", IPC },
		{ "kernel.msgmax", IPC },
		{ "kernel.msgmnb", IPC },
		{ "kernel.msgmni", IPC },
		{ "kernel.sem", IPC },
		{ "kernel.shmall", IPC },
		{ "kernel.shmmax", IPC },
		{ "kernel.shmmni", IPC },
		{ "kernel.shm_rmid_forced", IPC },
		{ "kernel.domainname", UTS },
		{ "user.max_user_namespaces", USER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_ERR(plan_one(rows[i].key, rows[i].own), 0);
		CHECK_ERR(plan_one(rows[i].key, ALL & ~rows[i].own), -EINVAL);
	}
}

TEST(what_belongs_to_the_host)
{
	static const char *const keys[] = { "vm.swappiness",
					    "kernel.panic",
					    "kernel.pid_max",
					    "kernel.core_pattern",
					    "kernel.hostname",
					    "kernel.shm",
					    "kernel.shmmax.x",
					    "kernel.semx",
					    "fs.mqueue",
					    "fs.file-max",
					    "net",
					    "netx.y",
					    "kernel",
					    "dev.cdrom.debug",
					    "abi.vsyscall32",
					    "debug.x",
					    "kernel/core_pattern",
					    "kernel.sysrq" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!CHECK_ERR(plan_one(keys[i], ~0u), -EINVAL))
			printf("# key %s\n", keys[i]);
}

TEST(errors_point_at_the_key)
{
	struct spec_kv kv = { "net/ipv4/ip~x", "1" };
	struct err err;
	char text[600];

	CHECK_ERR(plan(&kv, 1, 0, text, sizeof(text), &err), -EINVAL);
	CHECK_STR(err.pointer, "/linux/sysctl/net~1ipv4~1ip~0x");
	CHECK(strstr(err.hint, "type network"));
}

TEST(one_parameter_twice)
{
	struct spec_kv kv[] = { { "net.ipv4.ip_forward", "1" },
				{ "kernel.msgmax", "5" },
				{ "net/ipv4/ip_forward", "0" } };
	struct err err;
	char text[600];

	CHECK_ERR(plan(kv, 3, ALL, text, sizeof(text), &err), -EINVAL);
	CHECK_STR(err.pointer, "/linux/sysctl/net~1ipv4~1ip_forward");
	CHECK_ERR(plan(kv, 2, ALL, text, sizeof(text), &err), 0);
	CHECK_STR(text, "sysctl /proc/sys/net/ipv4/ip_forward = 1\nsysctl /proc/sys/kernel/msgmax = 5\n");
}

TEST(none)
{
	struct err err;
	char text[600];

	CHECK_ERR(plan(NULL, 0, 0, text, sizeof(text), &err), 0);
	CHECK_STR(text, "");
}

CHECK_MAIN();
