/* SPDX-License-Identifier: Apache-2.0 */
/* Node lists to masks. Which modes take nodes was checked with the document. */
#include "kernel/proc/mempolicy_plan.h"

#include <errno.h>

#include "base/parse.h"

enum { MODE_MASK = 0x1fff, BITS = 8 * sizeof(unsigned long) };

static int plan_nodes(const char *list, uint64_t *ret, struct err *err)
{
	unsigned long mask[MEMPOLICY_NODES_MAX / BITS] = { 0 };
	int r = list ? parse_list(list, mask, MEMPOLICY_NODES_MAX) : 0;

	if (r < 0) {
		err_pointer(err, "/linux/memoryPolicy/nodes");
		return err_code(err, r, "plan the memory policy: nodes `%s`", list);
	}
	for (unsigned i = 0; i < MEMPOLICY_NODES_MAX; i++)
		if (mask[i / BITS] >> i % BITS & 1)
			ret[i / 64] |= UINT64_C(1) << i % 64;
	return 0;
}

int mempolicy_plan_build(const struct spec_linux_ *lnx, struct mempolicy_plan *ret, struct err *err)
{
	const struct spec_memory_policy *m = lnx ? lnx->memory_policy : NULL;

	*ret = (struct mempolicy_plan){ 0 };
	if (lnx && lnx->personality) {
		ret->has_domain = 1;
		ret->domain = (uint32_t)lnx->personality->domain.value;
	}
	if (!m)
		return 0;
	ret->has_policy = 1;
	ret->mode = (uint32_t)m->mode.value;
	for (size_t i = 0; i < m->flags_len; i++)
		ret->mode |= (uint32_t)m->flags[i];
	return plan_nodes(m->nodes, ret->nodes, err);
}

static void print_nodes(const uint64_t *nodes, struct buf *out)
{
	const char *sep = " nodes ";

	for (unsigned i = 0; i < MEMPOLICY_NODES_MAX; i++)
		if (nodes[i / 64] >> i % 64 & 1) {
			buf_addf(out, "%s%u", sep, i);
			sep = ",";
		}
}

void mempolicy_plan_print(const struct mempolicy_plan *p, struct buf *out)
{
	if (p->has_policy) {
		buf_addf(out, "memory policy %s", vocab_name(&vocab_mempolicy_mode, p->mode & MODE_MASK));
		print_nodes(p->nodes, out);
		for (size_t i = 0; i < vocab_mempolicy_flag.len; i++)
			if (p->mode & (uint64_t)vocab_mempolicy_flag.words[i].value)
				buf_addf(out, " %s", vocab_mempolicy_flag.words[i].name);
		buf_adds(out, "\n");
	}
	if (p->has_domain)
		buf_addf(out, "execution domain %s\n", vocab_name(&vocab_personality_domain, p->domain));
}
