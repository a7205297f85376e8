/* SPDX-License-Identifier: Apache-2.0 */
/* Absent values are 0, as the specification has it: a nice value of the caller is not handed on with a policy. */
#include "kernel/proc/sched_plan.h"

#include <inttypes.h>

#define IO_CLASS_SHIFT 13

static void plan_policy(const struct spec_scheduler *s, struct sched_plan *p)
{
	p->has_policy = 1;
	p->policy = (uint32_t)s->policy.value;
	p->nice = s->nice.set ? (int32_t)s->nice.value : 0;
	p->priority = s->priority.set ? (uint32_t)s->priority.value : 0;
	p->runtime = s->runtime.set ? s->runtime.value : 0;
	p->deadline = s->deadline.set ? s->deadline.value : 0;
	p->period = s->period.set ? s->period.value : 0;
	for (size_t i = 0; i < s->flags_len; i++)
		p->flags |= (uint64_t)s->flags[i];
}

void sched_plan_build(const struct spec_process *process, bool by_host, struct sched_plan *ret)
{
	*ret = (struct sched_plan){ .by_host = by_host };
	if (process && process->scheduler)
		plan_policy(process->scheduler, ret);
	if (process && process->io_priority) {
		ret->has_io = 1;
		ret->io = (uint32_t)(process->io_priority->class_.value << IO_CLASS_SHIFT |
				     process->io_priority->priority.value);
	}
}

static void print_flags(uint64_t flags, struct buf *out)
{
	for (size_t i = 0; i < vocab_sched_flag.len; i++)
		if (flags & (uint64_t)vocab_sched_flag.words[i].value)
			buf_addf(out, " %s", vocab_sched_flag.words[i].name);
}

void sched_plan_print(const struct sched_plan *p, struct buf *out)
{
	if (p->has_policy) {
		buf_addf(out, "scheduler %s nice %d priority %u", vocab_name(&vocab_sched_policy, p->policy), p->nice,
			 p->priority);
		if (p->deadline)
			buf_addf(out, " runtime %" PRIu64 " deadline %" PRIu64 " period %" PRIu64, p->runtime,
				 p->deadline, p->period);
		print_flags(p->flags, out);
		buf_adds(out, "\n");
	}
	if (p->has_io)
		buf_addf(out, "I/O priority %s %u\n", vocab_name(&vocab_ioprio_class, p->io >> IO_CLASS_SHIFT),
			 p->io & 7);
}
