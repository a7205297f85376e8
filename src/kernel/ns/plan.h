/* SPDX-License-Identifier: Apache-2.0 */
/* From linux.namespaces, mappings and time offsets to struct ns_plan: which namespaces, by which way (pure). */
#pragma once

#include "base/buf.h"
#include "kernel/ns/ns.h"
#include "spec/model.h"

struct ns_inputs {
	const struct spec_config *config;
	uint32_t euid, egid;   /* of masu */
	int privileged;        /* masu has CAP_SETUID and CAP_SETGID and CAP_SYS_ADMIN where it runs */
	bool setgroups_denied; /* in the user namespace where masu runs, and so in each below it */
};

/* joins[].fd is no descriptor until ns_open_joins puts one there: till then it is ~index into linux.namespaces, which nobody closes. */
int ns_plan_build(const struct ns_inputs *in, struct buf *flat, struct ns_plan *ret, struct err *err);
static inline uint32_t ns_join_index(const struct ns_join *j)
{
	return ~(uint32_t)j->fd;
}

uint32_t ns_clone_flag(enum spec_namespace_kind kind);
void ns_plan_print(const struct flat *f, const struct ns_plan *p, struct buf *out);
