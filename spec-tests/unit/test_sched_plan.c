/* SPDX-License-Identifier: Apache-2.0 */
/* process.scheduler, process.ioPriority, linux.memoryPolicy, linux.personality, process.execCPUAffinity: document to record. */
#include "check.h"

#include <errno.h>

#include "base/arena.h"
#include "kernel/proc/affinity.h"
#include "kernel/proc/mempolicy_plan.h"
#include "kernel/proc/sched_plan.h"
#include "spec/decode.h"

static struct arena arena;

static const struct spec_config *config_of(const char *process, const char *lnx)
{
	static const char format[] =
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"x\"]%s},\"linux\":{%s}}";
	const struct spec_config *c = NULL;
	struct err err = { 0 };
	char text[2048];
	int n = snprintf(text, sizeof(text), format, process, lnx);

	if (spec_decode_config("config.json", text, (size_t)n, &arena, &c, &err) < 0)
		printf("# %s\n", err.text);
	return c;
}

static void check_print(const struct sched_plan *s, const struct mempolicy_plan *m, const char *want)
{
	struct buf out = { 0 };

	if (s)
		sched_plan_print(s, &out);
	if (m)
		mempolicy_plan_print(m, &out);
	CHECK_STR(out.data ? out.data : "", want);
	buf_done(&out);
}

TEST(absent_asks_for_nothing)
{
	const struct spec_config *c = config_of("", "");
	struct mempolicy_plan m;
	struct sched_plan s;

	sched_plan_build(c->process, true, &s);
	CHECK(!s.has_policy && !s.has_io && s.by_host);
	CHECK_INT(mempolicy_plan_build(c->lnx, &m, NULL), 0);
	CHECK(!m.has_policy && !m.has_domain);
	check_print(&s, &m, "");
	sched_plan_build(NULL, false, &s);
	CHECK(!s.has_policy && !s.by_host);
}

TEST(scheduler)
{
	struct sched_plan s;

	sched_plan_build(config_of(",\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":-3}", "")->process, false, &s);
	CHECK_INT(s.policy, 3);
	CHECK_INT(s.nice, -3);
	CHECK_INT(s.priority, 0);
	sched_plan_build(
		config_of(
			",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":2000,\"deadline\":3000,\"period\":4000,"
			"\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\",\"SCHED_FLAG_RECLAIM\"]}",
			"")
			->process,
		false, &s);
	CHECK_INT(s.flags, 3);
	CHECK(s.runtime == 2000 && s.deadline == 3000 && s.period == 4000);
	check_print(
		&s, NULL,
		"scheduler SCHED_DEADLINE nice 0 priority 0 runtime 2000 deadline 3000 period 4000 SCHED_FLAG_RESET_ON_FORK SCHED_FLAG_RECLAIM\n");
}

TEST(io_priority)
{
	struct sched_plan s;

	sched_plan_build(config_of(",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":3}", "")->process,
			 false, &s);
	CHECK(s.has_io && !s.has_policy);
	CHECK_INT(s.io, 1 << 13 | 3);
	check_print(&s, NULL, "I/O priority IOPRIO_CLASS_RT 3\n");
}

TEST(memory_policy)
{
	struct mempolicy_plan m;

	CHECK_INT(
		mempolicy_plan_build(
			config_of(
				"",
				"\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0,63-65,1023\",\"flags\":[\"MPOL_F_STATIC_NODES\"]}")
				->lnx,
			&m, NULL),
		0);
	CHECK_INT(m.mode, 2 | 1 << 15);
	CHECK(m.nodes[0] == (1 | UINT64_C(1) << 63) && m.nodes[1] == 3 && m.nodes[15] == UINT64_C(1) << 63);
	check_print(NULL, &m, "memory policy MPOL_BIND nodes 0,63,64,65,1023 MPOL_F_STATIC_NODES\n");
	CHECK_INT(mempolicy_plan_build(
			  config_of("", "\"memoryPolicy\":{\"mode\":\"MPOL_DEFAULT\",\"nodes\":\"\"}")->lnx, &m, NULL),
		  0);
	CHECK(m.has_policy && m.mode == 0 && m.nodes[0] == 0);
}

TEST(execution_domain)
{
	struct mempolicy_plan m;

	mempolicy_plan_build(config_of("", "\"personality\":{\"domain\":\"LINUX32\"}")->lnx, &m, NULL);
	CHECK(m.has_domain && m.domain == 8 && !m.has_policy);
	check_print(NULL, &m, "execution domain LINUX32\n");
	mempolicy_plan_build(config_of("", "\"personality\":{\"domain\":\"LINUX\"}")->lnx, &m, NULL);
	CHECK(m.has_domain && m.domain == 0);
}

TEST(affinity)
{
	struct err err = { 0 };
	struct affinity a;

	CHECK_INT(affinity_parse(NULL, "final", &a, &err), 0);
	CHECK(!a.set);
	CHECK_INT(affinity_parse("", "final", &a, &err), 0);
	CHECK(!a.set);
	CHECK_INT(affinity_place(0, &a, &err), 0);
	CHECK_INT(affinity_parse("0-1, 64", "initial", &a, &err), 0);
	CHECK(a.set && a.cpus[0] == 3 && a.cpus[1] == 1);
	CHECK_ERR(affinity_parse("3-1", "final", &a, &err), -EINVAL);
	CHECK_STR(err.pointer, "/process/execCPUAffinity/final");
	CHECK_INT(affinity_parse("8000", "final", &a, &err), 0);
	CHECK_ERR(affinity_place(0, &a, &err), -EINVAL);
}

CHECK_MAIN();
