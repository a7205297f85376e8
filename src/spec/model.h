/* SPDX-License-Identifier: Apache-2.0 */
/* The document as C structs, expanded from the rows in spec/schema/. All memory belongs to one arena and is const
 * after decoding. Absent is not zero: optional scalars carry `set`, strings and objects are NULL, arrays carry m_set. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"

struct opt_bool {
	bool set, value;
};
struct opt_i64 {
	bool set;
	int64_t value;
};
struct opt_u64 {
	bool set;
	uint64_t value;
};
struct spec_kv {
	const char *key, *value;
};

#define OBJECT(o) struct spec_##o {
#define END(o) \
	}      \
	;
#define KEY(o) const char *key;
#define STR(o, m, k, f, by) const char *m;
#define BOOL(o, m, k, f, by) struct opt_bool m;
#define I64(o, m, k, min, max, f, by) struct opt_i64 m;
#define U64(o, m, k, max, f, by) struct opt_u64 m;
#define ENUM(o, m, k, vocab, f, by) struct opt_i64 m;
#define ROWS(type, m)   \
	const type *m;  \
	size_t m##_len; \
	bool m##_set;
#define STRS(o, m, k, f, by) ROWS(char *const, m)
#define ENUMS(o, m, k, vocab, f, by) ROWS(int64_t, m)
#define U64S(o, m, k, max, f, by) ROWS(uint64_t, m)
#define OBJ(o, m, k, elem, f, by) const struct spec_##elem *m;
#define LIST(o, m, k, elem, f, by) ROWS(struct spec_##elem, m)
#define MAP(o, m, k, f, by) ROWS(struct spec_kv, m)
#define OMAP(o, m, k, elem, f, by) ROWS(struct spec_##elem, m)
#include "spec/schema/all.def"
#include "spec/schema/rows_undef.h"

/* Vocabularies (spec/words.c). Values: kernel constants where there is one (RLIMIT_*, MPOL_*, SCHED_*, SCMP_* numbers are
 * libseccomp's own and kept as enums below so that only one file needs its header). */
enum spec_namespace_kind {
	SPEC_NS_PID,
	SPEC_NS_NETWORK,
	SPEC_NS_MOUNT,
	SPEC_NS_IPC,
	SPEC_NS_UTS,
	SPEC_NS_USER,
	SPEC_NS_CGROUP,
	SPEC_NS_TIME,
	SPEC_NS__COUNT
};
enum spec_propagation {
	SPEC_PROPAGATION_SHARED,
	SPEC_PROPAGATION_SLAVE,
	SPEC_PROPAGATION_PRIVATE,
	SPEC_PROPAGATION_UNBINDABLE,
	SPEC_PROPAGATION_RSHARED,
	SPEC_PROPAGATION_RSLAVE,
	SPEC_PROPAGATION_RPRIVATE,
	SPEC_PROPAGATION_RUNBINDABLE
};
enum spec_status { SPEC_STATUS_CREATING, SPEC_STATUS_CREATED, SPEC_STATUS_RUNNING, SPEC_STATUS_STOPPED };
enum spec_seccomp_action {
	SPEC_ACT_KILL,
	SPEC_ACT_KILL_PROCESS,
	SPEC_ACT_KILL_THREAD,
	SPEC_ACT_TRAP,
	SPEC_ACT_ERRNO,
	SPEC_ACT_TRACE,
	SPEC_ACT_ALLOW,
	SPEC_ACT_LOG,
	SPEC_ACT_NOTIFY
};
enum spec_seccomp_op {
	SPEC_CMP_NE,
	SPEC_CMP_LT,
	SPEC_CMP_LE,
	SPEC_CMP_EQ,
	SPEC_CMP_GE,
	SPEC_CMP_GT,
	SPEC_CMP_MASKED_EQ
};
extern const struct vocab vocab_namespace, vocab_propagation, vocab_rlimit,
	vocab_device_type /* value: 'c' 'b' 'u' 'p' */, vocab_device_rule_type /* 'a' 'c' 'b' */, vocab_ioprio_class,
	vocab_sched_policy, vocab_sched_flag, vocab_seccomp_action, vocab_seccomp_op,
	vocab_seccomp_flag /* SECCOMP_FILTER_FLAG_* of linux/seccomp.h */,
	vocab_seccomp_arch /* index into the 23 names, in the spec's order */, vocab_mempolicy_mode,
	vocab_mempolicy_flag, vocab_personality_domain, vocab_status;

/* The entry of a namespace type, or NULL when the container shares the runtime's. */
const struct spec_namespace *spec_find_namespace(const struct spec_linux_ *lnx, enum spec_namespace_kind kind);
/* No mappings, or 0 to 0 alone: callers that join a namespace write this one, since other runtimes insist on a mapping. */
bool spec_is_dummy_map(const struct spec_id_mapping *m, size_t n);
