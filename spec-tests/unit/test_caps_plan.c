/* SPDX-License-Identifier: Apache-2.0 */
/* Names to masks, and what happens to those that cannot be had. Needs no rights. */
#include <linux/capability.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "check.h"
#include "kernel/security/caps_plan.h"

#define BIT(c) (UINT64_C(1) << (c))
#define LIST(m, ...)                               \
	.m = (const char *const[]){ __VA_ARGS__ }, \
	.m##_len = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), .m##_set = true

static char warnings[8192];
static unsigned n_warnings;

static void sink(void *arg, enum log_level level, const char *text)
{
	size_t n = strlen(warnings);

	(void)arg;
	if (level != LOG_LEVEL_WARN)
		return;
	n_warnings++;
	snprintf(warnings + n, sizeof(warnings) - n, "%s\n", text);
}

static struct caps_plan build(const struct spec_capabilities *c, uint64_t permitted, uint64_t bounding)
{
	struct spec_process p = { .capabilities = c };
	struct caps_grantable g = { permitted, bounding };
	struct caps_plan r = { 0 };

	warnings[0] = '\0';
	n_warnings = 0;
	log_set_sink(sink, NULL, LOG_LEVEL_DEBUG);
	CHECK_ERR(caps_plan_build(&p, &g, &r, NULL), 0);
	return r;
}

TEST(absent_means_none)
{
	struct caps_plan p = build(NULL, UINT64_MAX, UINT64_MAX), q;
	struct caps_grantable g = { UINT64_MAX, UINT64_MAX };

	CHECK(!p.bounding && !p.effective && !p.permitted && !p.inheritable && !p.ambient && !p.no_new_privs);
	CHECK_ERR(caps_plan_build(NULL, &g, &q, NULL), 0);
	CHECK(!q.bounding && !q.permitted);
}

TEST(every_name)
{
	char name[32];

	for (unsigned cap = 0; cap <= CAP_CHECKPOINT_RESTORE; cap++) {
		caps_name(cap, name);
		CHECK_INT(caps_plan_parse(name), cap);
	}
	CHECK_STR((caps_name(0, name), name), "CAP_CHOWN");
	CHECK_STR((caps_name(40, name), name), "CAP_CHECKPOINT_RESTORE");
	CHECK_STR((caps_name(63, name), name), "CAP_63");
	CHECK(CAPS_SYS_ADMIN_MASK == BIT(CAP_SYS_ADMIN));
}

TEST(names_that_are_none)
{
	static const char *const bad[] = { "CHOWN",    "chown",     "cap_chown", "Cap_Chown", "CAP_chown",
					   "CAP_",     "",          "0",         "CAP_0",     "5",
					   "CAP_TEST", "CAP_KILL ", " CAP_KILL", "ALL",       "CAP_ALL" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(caps_plan_parse(bad[i]), -1);
}

TEST(sets_are_what_was_asked_for)
{
	struct spec_capabilities c = { LIST(bounding, "CAP_KILL", "CAP_CHOWN"),
					    LIST(permitted, "CAP_KILL"),
						 LIST(effective, "CAP_KILL"),
						      LIST(inheritable, "CAP_KILL"), LIST(ambient, "CAP_KILL") };
	struct caps_plan p = build(&c, UINT64_MAX, UINT64_MAX);

	CHECK_INT(p.bounding, BIT(CAP_KILL) | BIT(CAP_CHOWN));
	CHECK_INT(p.permitted, BIT(CAP_KILL));
	CHECK_INT(p.effective, BIT(CAP_KILL));
	CHECK_INT(p.inheritable, BIT(CAP_KILL));
	CHECK_INT(p.ambient, BIT(CAP_KILL));
	CHECK_INT(n_warnings, 0);
}

TEST(nothing_becomes_inheritable_or_ambient_by_itself)
{
	struct spec_capabilities c = { LIST(bounding, "CAP_KILL"),
					    LIST(permitted, "CAP_KILL"), LIST(effective, "CAP_KILL") };
	struct caps_plan p = build(&c, UINT64_MAX, UINT64_MAX);

	CHECK(!p.inheritable && !p.ambient);
}

TEST(unknown_names_are_warned_about)
{
	struct spec_capabilities c = { LIST(bounding, "CAP_TEST", "CAP_KILL", "KILL") };
	struct caps_plan p = build(&c, UINT64_MAX, UINT64_MAX);

	CHECK_INT(p.bounding, BIT(CAP_KILL));
	CHECK_INT(n_warnings, 2);
	CHECK(strstr(warnings, "`CAP_TEST` in /process/capabilities/bounding/0"));
	CHECK(strstr(warnings, "`KILL` in /process/capabilities/bounding/2"));
}

TEST(what_the_runtime_lacks_is_left_out)
{
	struct spec_capabilities c = { LIST(bounding, "CAP_SYS_RESOURCE", "CAP_KILL"),
					    LIST(permitted, "CAP_SYS_RESOURCE", "CAP_KILL"),
						 LIST(effective, "CAP_SYS_RESOURCE", "CAP_KILL"),
						      LIST(inheritable, "CAP_SYS_RESOURCE", "CAP_KILL"),
							   LIST(ambient, "CAP_SYS_RESOURCE", "CAP_KILL") };
	uint64_t own = ~BIT(CAP_SYS_RESOURCE);
	struct caps_plan p = build(&c, own, own);

	CHECK_INT(p.bounding, BIT(CAP_KILL));
	CHECK_INT(p.permitted, BIT(CAP_KILL));
	CHECK_INT(p.effective, BIT(CAP_KILL));
	CHECK_INT(p.inheritable, BIT(CAP_KILL));
	CHECK_INT(p.ambient, BIT(CAP_KILL));
	CHECK_INT(n_warnings, 5);
}

TEST(sets_that_contradict_each_other)
{
	struct spec_capabilities c = { LIST(bounding, "CAP_KILL"),
					    LIST(permitted, "CAP_KILL", "CAP_CHOWN"),
						 LIST(effective, "CAP_KILL", "CAP_FOWNER"),
						      LIST(inheritable, "CAP_KILL", "CAP_CHOWN"),
							   LIST(ambient, "CAP_CHOWN", "CAP_KILL", "CAP_SETUID") };
	struct caps_plan p = build(&c, UINT64_MAX, UINT64_MAX);

	CHECK_INT(p.permitted, BIT(CAP_KILL) | BIT(CAP_CHOWN)); /* need not be in the bounding set */
	CHECK_INT(p.effective, BIT(CAP_KILL));                  /* FOWNER is not permitted */
	CHECK_INT(p.inheritable, BIT(CAP_KILL));                /* CHOWN is not in the bounding set */
	CHECK_INT(p.ambient, BIT(CAP_KILL));
	CHECK_INT(n_warnings, 4);
}

TEST(no_new_privs)
{
	struct spec_process p = { .no_new_privileges = { .set = true, .value = true } };
	struct caps_grantable g;
	struct caps_plan r;

	CHECK_ERR(caps_grantable_all(&g, NULL), 0);
	CHECK_ERR(caps_plan_build(&p, &g, &r, NULL), 0);
	CHECK_INT(r.no_new_privs, 1);
	p.no_new_privileges.value = false;
	CHECK_ERR(caps_plan_build(&p, &g, &r, NULL), 0);
	CHECK_INT(r.no_new_privs, 0);
}

TEST(grantable)
{
	struct caps_grantable own, all;
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long long prm = 0, bnd = 0;

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "CapPrm: %llx", &prm);
		sscanf(line, "CapBnd: %llx", &bnd);
	}
	if (f)
		fclose(f);
	CHECK_ERR(caps_grantable_own(&own, NULL), 0);
	CHECK_ERR(caps_grantable_all(&all, NULL), 0);
	CHECK_INT(own.permitted, prm);
	CHECK_INT(own.bounding, bnd);
	CHECK((own.permitted & ~all.permitted) == 0);
	CHECK(all.permitted & BIT(CAP_SYS_RESOURCE) && all.permitted < UINT64_MAX);
}

TEST(print)
{
	AUTO(buf_done) struct buf out = { 0 };
	struct caps_plan p = { .bounding = BIT(CAP_CHOWN) | BIT(CAP_KILL), .no_new_privs = 1 };

	caps_plan_print(&p, &out);
	CHECK_STR(out.data, "capabilities bounding: 0000000000000021 CAP_CHOWN CAP_KILL\n"
			    "capabilities effective: 0000000000000000\n"
			    "capabilities permitted: 0000000000000000\n"
			    "capabilities inheritable: 0000000000000000\n"
			    "capabilities ambient: 0000000000000000\n"
			    "no_new_privs: yes\n");
}

CHECK_MAIN();
