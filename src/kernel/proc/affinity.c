/* SPDX-License-Identifier: Apache-2.0 */
/* sched_setaffinity(2) with masks that are larger than the libc's. The kernel cuts them down to the CPUs of the cpuset. */
#include "kernel/proc/affinity.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/parse.h"

#define WORDS (sizeof(((struct affinity *)0)->cpus) / sizeof(unsigned long))

int affinity_parse(const char *list, const char *member, struct affinity *ret, struct err *err)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->list = list;
	ret->member = member;
	if (!list)
		return 0;
	r = parse_list(list, ret->cpus, AFFINITY_CPUS_MAX);
	for (size_t i = 0; i < WORDS; i++)
		ret->set = ret->set || ret->cpus[i];
	if (r >= 0)
		return 0;
	err_pointer(err, "/process/execCPUAffinity/%s", member);
	return err_code(err, r, "read CPU list `%s`", list);
}

static int affinity_error(int code, const struct affinity *a, struct err *err)
{
	err_pointer(err, "/process/execCPUAffinity/%s", a->member);
	err_code(err, -code, "set CPU affinity `%s`", a->list);
	if (code == EINVAL)
		err_hint(err, "none of these CPUs is online and allowed by the cpuset");
	return -code;
}

int affinity_place(pid_t pid, const struct affinity *a, struct err *err)
{
	unsigned long got[WORDS] = { 0 };

	if (!a->set)
		return 0;
	if (syscall(SYS_sched_setaffinity, pid, sizeof(a->cpus), a->cpus) < 0)
		return affinity_error(errno, a, err);
	if (syscall(SYS_sched_getaffinity, pid, sizeof(got), got) < 0)
		return affinity_error(errno, a, err);
	for (size_t i = 0; i < WORDS; i++)
		if (got[i] & ~a->cpus[i])
			return affinity_error(ERANGE, a, err);
	return 0;
}
