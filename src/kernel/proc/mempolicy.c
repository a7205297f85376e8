/* SPDX-License-Identifier: Apache-2.0 */
/* set_mempolicy(2) and personality(2) by raw calls. The kernel cuts the nodes down to those that are there and allowed. */
#include "kernel/proc/mempolicy.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MODE_PREFERRED = 1, MODE_LOCAL = 4, MODE_WEIGHTED = 6, MODE_MASK = 0x1fff };

/* The kernel counts one node more than it reads. */
#define MAXNODE (MEMPOLICY_NODES_MAX + 1ul)

static bool is_empty(const uint64_t *nodes)
{
	for (size_t i = 0; i < MEMPOLICY_NODES_MAX / 64; i++)
		if (nodes[i])
			return false;
	return true;
}

/* The node masks of the kernel are arrays of long: on 64 bits, and on little-endian 32 bits, the same bytes. */
_Static_assert(sizeof(long) == 8 || __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "node mask layout");

static int policy_error(int code, const struct mempolicy_plan *p, struct err *err)
{
	err_pointer(err, "/linux/memoryPolicy");
	err_code(err, -code, "set memory policy %u with flags %#x", p->mode & MODE_MASK,
		 p->mode & ~(uint32_t)MODE_MASK);
	if (code == EINVAL && (p->mode & MODE_MASK) == MODE_WEIGHTED)
		err_hint(
			err,
			"MPOL_WEIGHTED_INTERLEAVE needs Linux 6.9, and a node that is there and allowed by the cpuset");
	else if (code == EINVAL)
		err_hint(
			err,
			"no node of the list is there and allowed by the cpuset, or this kernel does not know the mode or flag");
	else if (code == ENOSYS)
		err_hint(err, "the kernel is built without NUMA");
	return -code;
}

int mempolicy_apply(const struct mempolicy_plan *p, struct err *err)
{
	uint64_t got[MEMPOLICY_NODES_MAX / 64] = { 0 };
	uint32_t want = p->mode;
	int mode = 0;

	if (!p->has_policy)
		return 0;
	if (syscall(SYS_set_mempolicy, (long)p->mode, is_empty(p->nodes) ? NULL : p->nodes,
		    is_empty(p->nodes) ? 0ul : MAXNODE) < 0)
		return policy_error(errno, p, err);
	if (syscall(SYS_get_mempolicy, &mode, got, MAXNODE, 0ul, 0ul) < 0)
		return err_sys(err, "read the memory policy");
	/* to prefer no node in particular is to prefer the local one */
	if ((want & MODE_MASK) == MODE_PREFERRED && is_empty(p->nodes) && (uint32_t)mode != want)
		want = MODE_LOCAL;
	if ((uint32_t)mode != want || is_empty(got) != is_empty(p->nodes))
		return policy_error(ERANGE, p, err);
	for (size_t i = 0; i < MEMPOLICY_NODES_MAX / 64; i++)
		if (got[i] & ~p->nodes[i])
			return policy_error(ERANGE, p, err);
	return 0;
}

int mempolicy_apply_domain(const struct mempolicy_plan *p, struct err *err)
{
	long r;

	if (!p->has_domain)
		return 0;
	r = syscall(SYS_personality, (unsigned long)p->domain);
	if (r >= 0)
		r = syscall(SYS_personality, 0xfffffffful);
	if (r >= 0 && (uint32_t)r == p->domain)
		return 0;
	err_pointer(err, "/linux/personality/domain");
	return err_set(err, r < 0 ? errno : ERANGE, "set execution domain %#x", p->domain);
}
