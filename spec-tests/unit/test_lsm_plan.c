/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a host can apply labels, on trees that play /sys; and the record. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/security/lsm_plan.h"

static char root[64];

static void put(const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	(void)!write(fd, text, strlen(text));
	close(fd);
}

static void begin(void)
{
	snprintf(root, sizeof(root), "/tmp/masu-lsm-XXXXXX");
	if (!mkdtemp(root))
		exit(1);
}

static void end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	CHECK_INT(system(command), 0);
}

TEST(host)
{
	struct spec_process p = { .apparmor_profile = "" }, aa = { .apparmor_profile = "x" },
			    se = { .selinux_label = "u:r:t:s0" };
	struct spec_linux_ lnx = { .mount_label = "u:r:t:s0" };
	struct err err = { 0 };

	begin();
	CHECK_INT(lsm_check_host(root, NULL, NULL, &err), 0);
	CHECK_INT(lsm_check_host(root, &p, NULL, &err), 0);
	CHECK_ERR(lsm_check_host(root, &aa, NULL, &err), -EOPNOTSUPP);
	CHECK_STR(err.pointer, "/process/apparmorProfile");
	put("/sys/module/apparmor/parameters/enabled", "N\n");
	CHECK_ERR(lsm_check_host(root, &aa, NULL, NULL), -EOPNOTSUPP);
	put("/sys/module/apparmor/parameters/enabled", "Y\n");
	CHECK_INT(lsm_check_host(root, &aa, NULL, NULL), 0);
	err = (struct err){ 0 };
	CHECK_ERR(lsm_check_host(root, &se, NULL, &err), -EOPNOTSUPP);
	CHECK_STR(err.pointer, "/process/selinuxLabel");
	CHECK_ERR(lsm_check_host(root, NULL, &lnx, &err), -EOPNOTSUPP);
	put("/sys/fs/selinux/enforce", "0");
	CHECK_INT(lsm_check_host(root, &se, &lnx, NULL), 0);
	end();
}

TEST(record)
{
	struct spec_process p = { .apparmor_profile = "prof", .selinux_label = "u:r:t:s0:c1,c2" },
			    none = { .selinux_label = "" };
	struct buf flat = { 0 }, out = { 0 };
	struct lsm_plan plan;
	struct flat f;

	buf_add(&flat, "header..", 8);
	CHECK_INT(lsm_plan_build(&p, &flat, &plan, NULL), 0);
	f = (struct flat){ flat.data, flat.len };
	lsm_plan_print(&f, &plan, &out);
	CHECK_STR(out.data, "AppArmor profile prof\nSELinux context u:r:t:s0:c1,c2\n");
	CHECK_INT(lsm_plan_build(&none, &flat, &plan, NULL), 0);
	CHECK(!flat_has(plan.selinux) && !flat_has(plan.apparmor));
	buf_done(&flat);
	buf_done(&out);
}

CHECK_MAIN();
