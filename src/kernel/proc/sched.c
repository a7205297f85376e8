/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling attributes by sched_setattr(2) and ioprio_set(2), which no libc wraps. Both are inherited over clone and execve. */
#include "kernel/proc/sched.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { POLICY_OTHER = 0, POLICY_FIFO, POLICY_RR, POLICY_BATCH, POLICY_IDLE = 5, POLICY_DEADLINE };
enum {
	FLAG_RESET_ON_FORK = 0x01,
	FLAG_RECLAIM = 0x02,
	FLAG_DL_OVERRUN = 0x04,
	FLAG_KEEP_POLICY = 0x08,
	FLAG_KEEP_PARAMS = 0x10
};
enum { IO_WHO_PROCESS = 1 };

/* struct sched_attr as of Linux 3.14. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int set_attr(pid_t pid, const struct attr *a)
{
	return (int)syscall(SYS_sched_setattr, pid, a, 0u);
}

static int get_attr(pid_t pid, struct attr *ret)
{
	*ret = (struct attr){ .size = sizeof(*ret) };
	return (int)syscall(SYS_sched_getattr, pid, ret, sizeof(*ret), 0u);
}

static int policy_error(int code, const struct sched_plan *p, struct err *err)
{
	err_pointer(err, "/process/scheduler");
	err_code(err, -code, "set scheduling policy %u", p->policy);
	if (code == EPERM && p->policy == POLICY_DEADLINE)
		err_hint(err, "it needs CAP_SYS_NICE, and SCHED_DEADLINE all CPUs: no cpuset, no CPU affinity");
	else if (code == EPERM && (p->policy == POLICY_FIFO || p->policy == POLICY_RR))
		err_hint(
			err,
			"it needs CAP_SYS_NICE, and on cgroup v1 a share of real time: linux.resources.cpu.realtimeRuntime");
	else if (code == EPERM)
		err_hint(err, "less nice than the caller needs CAP_SYS_NICE or RLIMIT_NICE");
	else if (code == EBUSY)
		err_hint(err, "the CPUs have not so much bandwidth left");
	return -code;
}

/* The idle policy takes no nice value, but the process has one, and shows it. */
static int set_nice_first(pid_t pid, const struct sched_plan *p)
{
	struct attr now, want = { .size = sizeof(want), .policy = POLICY_OTHER, .nice = p->nice };

	if (p->policy != POLICY_IDLE)
		return 0;
	if (get_attr(pid, &now) < 0)
		return -1;
	return now.policy == POLICY_OTHER && now.nice == p->nice ? 0 : set_attr(pid, &want);
}

/* What the kernel keeps of the request; flags that only say how to make the change are not kept. */
static bool has_attr(const struct sched_plan *p, const struct attr *got)
{
	uint64_t shown = FLAG_RESET_ON_FORK | (p->policy == POLICY_DEADLINE ? FLAG_RECLAIM | FLAG_DL_OVERRUN : 0);

	if ((got->flags & shown) != (p->flags & shown) || (!(p->flags & FLAG_KEEP_POLICY) && got->policy != p->policy))
		return false;
	if (p->flags & (FLAG_KEEP_PARAMS | FLAG_KEEP_POLICY))
		return true;
	if (p->policy == POLICY_DEADLINE)
		return got->runtime == p->runtime && got->deadline == p->deadline &&
		       got->period == (p->period ? p->period : p->deadline);
	if (p->policy == POLICY_FIFO || p->policy == POLICY_RR)
		return got->priority == p->priority;
	return got->nice == p->nice;
}

static int apply_policy(pid_t pid, const struct sched_plan *p, struct err *err)
{
	struct attr got, want = {
		.size = sizeof(want),
		.policy = p->policy,
		.flags = p->flags,
		.nice = p->nice,
		.priority = p->priority,
		.runtime = p->runtime,
		.deadline = p->deadline,
		.period = p->period,
	};

	if (set_nice_first(pid, p) < 0 || set_attr(pid, &want) < 0)
		return policy_error(errno, p, err);
	if (get_attr(pid, &got) < 0)
		return err_sys(err, "read the scheduling policy");
	return has_attr(p, &got) ? 0 : policy_error(ERANGE, p, err);
}

static int apply_io(pid_t pid, const struct sched_plan *p, struct err *err)
{
	int r = (int)syscall(SYS_ioprio_set, IO_WHO_PROCESS, pid, p->io);

	if (r >= 0) {
		r = (int)syscall(SYS_ioprio_get, IO_WHO_PROCESS, pid);
		if (r >= 0 && (uint32_t)r == p->io)
			return 0;
		errno = r < 0 ? errno : ERANGE;
	}
	r = -errno;
	err_pointer(err, "/process/ioPriority");
	err_code(err, r, "set I/O priority class %u, priority %u", p->io >> 13, p->io & 7);
	if (r == -EPERM)
		err_hint(err, "IOPRIO_CLASS_RT needs CAP_SYS_NICE or CAP_SYS_ADMIN");
	return r;
}

int sched_apply(pid_t pid, const struct sched_plan *p, struct err *err)
{
	int r = p->has_io ? apply_io(pid, p, err) : 0;

	return r >= 0 && p->has_policy ? apply_policy(pid, p, err) : r;
}
