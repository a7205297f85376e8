/* SPDX-License-Identifier: Apache-2.0 */
/* Rules between the properties of process: arguments, limits, scheduling, groups. */

#include <errno.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "spec/check.h"

enum { SCHED_OTHER_ = 0, SCHED_FIFO_, SCHED_RR_, SCHED_BATCH_, SCHED_ISO_, SCHED_IDLE_, SCHED_DEADLINE_ };
enum { SCHED_FLAG_DL = 0x02 | 0x04, SCHED_FLAG_CLAMP = 0x20 | 0x40 };
enum { CPUS_MAX = 8192, GROUPS_MAX = 65536 };

/* Absent is allowed until start, an empty list never is. */
static int rule_args(const struct spec_check *k)
{
	if (k->process->args_set && !k->process->args_len)
		return spec_check_fail(k, "needs at least one entry", "%s/args", k->base);
	return 0;
}

static int rule_rlimits(const struct spec_check *k)
{
	const struct spec_process *p = k->process;
	uint64_t seen = 0;

	for (size_t i = 0; i < p->rlimits_len; i++) {
		const struct spec_rlimit *l = &p->rlimits[i];

		if (seen & UINT64_C(1) << l->type.value)
			return spec_check_fail(k, "listed twice", "%s/rlimits/%zu/type", k->base, i);
		seen |= UINT64_C(1) << l->type.value;
		if (l->soft.value > l->hard.value)
			return spec_check_fail(k, "above the hard limit", "%s/rlimits/%zu/soft", k->base, i);
	}
	return 0;
}

static int check_deadline(const struct spec_check *k, const struct spec_scheduler *s)
{
	/* the kernel takes 0 as "the deadline" for the period, and nothing shorter than 2^10 ns */
	uint64_t period = s->period.value ? s->period.value : s->deadline.value;

	if (s->runtime.value < 1024)
		return spec_check_fail(k, "must not be below 1024", "%s/scheduler/runtime", k->base);
	if (s->deadline.value < s->runtime.value)
		return spec_check_fail(k, "shorter than the runtime", "%s/scheduler/deadline", k->base);
	if (period < s->deadline.value)
		return spec_check_fail(k, "shorter than the deadline", "%s/scheduler/period", k->base);
	return 0;
}

static int rule_scheduler(const struct spec_check *k)
{
	const struct spec_scheduler *s = k->process->scheduler;
	int64_t policy;

	if (!s)
		return 0;
	policy = s->policy.value;
	if (policy == SCHED_ISO_)
		return spec_check_fail(k, "no kernel has `SCHED_ISO`", "%s/scheduler/policy", k->base);
	if ((policy == SCHED_FIFO_ || policy == SCHED_RR_) && s->priority.value < 1)
		return spec_check_fail(k, "this policy needs a priority of 1 to 99", "%s/scheduler/priority", k->base);
	if (policy != SCHED_FIFO_ && policy != SCHED_RR_ && s->priority.value)
		return spec_check_fail(k, "this policy has no priority", "%s/scheduler/priority", k->base);
	if (policy != SCHED_OTHER_ && policy != SCHED_BATCH_ && policy != SCHED_IDLE_ && s->nice.value)
		return spec_check_fail(k, "this policy has no nice value", "%s/scheduler/nice", k->base);
	for (size_t i = 0; i < s->flags_len; i++) {
		if (s->flags[i] & SCHED_FLAG_CLAMP)
			return spec_check_fail(k, "there is no property for the clamp value", "%s/scheduler/flags/%zu",
					       k->base, i);
		/* other policies take them, and nothing comes of it */
		if (s->flags[i] & SCHED_FLAG_DL && policy != SCHED_DEADLINE_)
			return spec_check_fail(k, "only for `SCHED_DEADLINE`", "%s/scheduler/flags/%zu", k->base, i);
	}
	if (policy == SCHED_DEADLINE_)
		return check_deadline(k, s);
	if (s->runtime.value)
		return spec_check_fail(k, "only for `SCHED_DEADLINE`", "%s/scheduler/runtime", k->base);
	if (s->deadline.value)
		return spec_check_fail(k, "only for `SCHED_DEADLINE`", "%s/scheduler/deadline", k->base);
	if (s->period.value)
		return spec_check_fail(k, "only for `SCHED_DEADLINE`", "%s/scheduler/period", k->base);
	return 0;
}

static int rule_exec_affinity(const struct spec_check *k)
{
	const struct spec_exec_cpu_affinity *a = k->process->exec_cpu_affinity;

	if (a && a->initial && parse_list(a->initial, NULL, CPUS_MAX))
		return spec_check_fail(k, "not a list of CPUs", "%s/execCPUAffinity/initial", k->base);
	if (a && a->final && parse_list(a->final, NULL, CPUS_MAX))
		return spec_check_fail(k, "not a list of CPUs", "%s/execCPUAffinity/final", k->base);
	return 0;
}

static int rule_groups(const struct spec_check *k)
{
	if (k->process->user && k->process->user->additional_gids_len > GROUPS_MAX)
		return spec_check_fail(k, "more than 65536 groups", "%s/user/additionalGids", k->base);
	return 0;
}

static const struct spec_rule rules[] = {
	{ "args", rule_args, "PRC-14" },
	{ "rlimits", rule_rlimits, "RLM-11 RLM-12" },
	{ "scheduler", rule_scheduler, "PSC-13 PSC-17 PSC-18 PSC-20 PSC-21 PSC-22 PSC-23 PSC-24" },
	{ "exec_affinity", rule_exec_affinity, "PSC-37" },
	{ "groups", rule_groups, "USR-08" },
};
const struct spec_rules spec_rules_process = { rules, ARRAY_SIZE(rules) };
