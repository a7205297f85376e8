/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling: policy and its parameters, I/O priority, affinity, execution domain, memory policy. */
#include "probe.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void member(const char *key, unsigned long long v)
{
	out_key(key);
	out_unum(v);
}

static void print_sched(const char *arg)
{
	static const char *const names[] = { "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",      "SCHED_BATCH",
					     "SCHED_ISO",   "SCHED_IDLE", "SCHED_DEADLINE" };
	struct attr a = { 0 };

	(void)arg;
	if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) < 0) {
		out_errno(errno);
		return;
	}
	out_open('{');
	out_key("policy");
	out_str(a.policy < 7 ? names[a.policy] : "other");
	member("flags", a.flags);
	out_key("nice");
	out_num(a.nice);
	member("priority", a.priority);
	member("runtime", a.runtime);
	member("deadline", a.deadline);
	member("period", a.period);
	out_close('}');
}

static void print_ioprio(const char *arg)
{
	static const char *const names[] = { "none", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE" };
	long r = syscall(SYS_ioprio_get, 1, 0);

	(void)arg;
	if (r < 0) {
		out_errno(errno);
		return;
	}
	out_open('{');
	out_key("class");
	out_str((r >> 13) < 4 ? names[r >> 13] : "other");
	member("priority", (unsigned long long)(r & 0x1fff));
	out_close('}');
}

static void print_affinity(const char *arg)
{
	cpu_set_t set;

	(void)arg;
	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	out_open('[');
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			out_num(i);
	out_close(']');
}

static void print_personality(const char *arg)
{
	(void)arg;
	out_unum((unsigned)personality(0xffffffff));
}

static void print_mempolicy(const char *arg)
{
	static const char *const names[] = {
		"MPOL_DEFAULT",        "MPOL_PREFERRED",          "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL",
		"MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE"
	};
	unsigned long nodes[64] = { 0 };
	int mode = -1;

	(void)arg;
	if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, 0ul, 0ul) < 0) {
		out_errno(errno);
		return;
	}
	out_open('{');
	out_key("mode");
	out_str((mode & 0xff) < 7 ? names[mode & 0xff] : "other");
	out_key("flags");
	out_open('[');
	if (mode & 1 << 15)
		out_str("MPOL_F_STATIC_NODES");
	if (mode & 1 << 14)
		out_str("MPOL_F_RELATIVE_NODES");
	if (mode & 1 << 13)
		out_str("MPOL_F_NUMA_BALANCING");
	out_close(']');
	out_key("nodes");
	out_open('[');
	for (unsigned i = 0; i < sizeof(nodes) * 8; i++)
		if (nodes[i / 64] >> (i % 64) & 1)
			out_num(i);
	out_close(']');
	out_close('}');
}

const struct probe_word words_sched[] = {
	{ "sched", print_sched },         { "ioprio", print_ioprio },
	{ "affinity", print_affinity },   { "personality", print_personality },
	{ "mempolicy", print_mempolicy }, { NULL, NULL },
};
