/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp plan as one line of text. */
#include <inttypes.h>
#include <linux/filter.h>

#include "kernel/security/seccomp.h"

void seccomp_plan_print(const struct flat *f, const struct seccomp_plan *p, struct buf *out)
{
	if (!seccomp_plan_has_filter(p)) {
		buf_adds(out, "seccomp: none\n");
		return;
	}
	buf_addf(out, "seccomp: %zu instructions, hash %016" PRIx64 ", flags",
		 p->filter.len / sizeof(struct sock_filter), p->hash);
	for (size_t i = 0; i < vocab_seccomp_flag.len; i++)
		if (p->flags & (uint32_t)vocab_seccomp_flag.words[i].value)
			buf_addf(out, " %s", vocab_seccomp_flag.words[i].name);
	buf_addf(out, "%s%s%s\n", p->flags ? "" : " none", p->notify ? ", notifies" : "",
		 flat_bytes(f, p->filter) ? "" : " (damaged)");
}
