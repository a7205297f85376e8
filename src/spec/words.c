/* SPDX-License-Identifier: Apache-2.0 */
/* The vocabularies of the document. Numbers are the kernel's where the kernel has one; those that older headers lack are
 * written out. Only words and values live here, no meaning. */

#include <sys/resource.h>

#include "base/cleanup.h"
#include "spec/model.h"

static const struct word namespace_words[] = {
	{ "pid", SPEC_NS_PID }, { "network", SPEC_NS_NETWORK }, { "mount", SPEC_NS_MOUNT },   { "ipc", SPEC_NS_IPC },
	{ "uts", SPEC_NS_UTS }, { "user", SPEC_NS_USER },       { "cgroup", SPEC_NS_CGROUP }, { "time", SPEC_NS_TIME },
};
const struct vocab vocab_namespace = { "namespace type", namespace_words, ARRAY_SIZE(namespace_words) };

/* the specification lists the first four; engines send the recursive ones */
static const struct word propagation_words[] = {
	{ "shared", SPEC_PROPAGATION_SHARED },     { "slave", SPEC_PROPAGATION_SLAVE },
	{ "private", SPEC_PROPAGATION_PRIVATE },   { "unbindable", SPEC_PROPAGATION_UNBINDABLE },
	{ "rshared", SPEC_PROPAGATION_RSHARED },   { "rslave", SPEC_PROPAGATION_RSLAVE },
	{ "rprivate", SPEC_PROPAGATION_RPRIVATE }, { "runbindable", SPEC_PROPAGATION_RUNBINDABLE },
};
const struct vocab vocab_propagation = { "propagation", propagation_words, ARRAY_SIZE(propagation_words) };

static const struct word rlimit_words[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
};
const struct vocab vocab_rlimit = { "resource limit", rlimit_words, ARRAY_SIZE(rlimit_words) };

static const struct word device_type_words[] = {
	{ "c", 'c' },
	{ "b", 'b' },
	{ "u", 'u' },
	{ "p", 'p' },
};
const struct vocab vocab_device_type = { "device type", device_type_words, ARRAY_SIZE(device_type_words) };

static const struct word device_rule_type_words[] = {
	{ "a", 'a' },
	{ "c", 'c' },
	{ "b", 'b' },
};
const struct vocab vocab_device_rule_type = { "device type", device_rule_type_words,
					      ARRAY_SIZE(device_rule_type_words) };

static const struct word ioprio_class_words[] = {
	{ "IOPRIO_CLASS_RT", 1 },
	{ "IOPRIO_CLASS_BE", 2 },
	{ "IOPRIO_CLASS_IDLE", 3 },
};
const struct vocab vocab_ioprio_class = { "I/O scheduling class", ioprio_class_words, ARRAY_SIZE(ioprio_class_words) };

static const struct word sched_policy_words[] = {
	{ "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 },       { "SCHED_BATCH", 3 },
	{ "SCHED_ISO", 4 },   { "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 },
};
const struct vocab vocab_sched_policy = { "scheduling policy", sched_policy_words, ARRAY_SIZE(sched_policy_words) };

static const struct word sched_flag_words[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x1 },   { "SCHED_FLAG_RECLAIM", 0x2 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x4 },      { "SCHED_FLAG_KEEP_POLICY", 0x8 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};
const struct vocab vocab_sched_flag = { "scheduling flag", sched_flag_words, ARRAY_SIZE(sched_flag_words) };

static const struct word seccomp_action_words[] = {
	{ "SCMP_ACT_KILL", SPEC_ACT_KILL },
	{ "SCMP_ACT_KILL_PROCESS", SPEC_ACT_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SPEC_ACT_KILL_THREAD },
	{ "SCMP_ACT_TRAP", SPEC_ACT_TRAP },
	{ "SCMP_ACT_ERRNO", SPEC_ACT_ERRNO },
	{ "SCMP_ACT_TRACE", SPEC_ACT_TRACE },
	{ "SCMP_ACT_ALLOW", SPEC_ACT_ALLOW },
	{ "SCMP_ACT_LOG", SPEC_ACT_LOG },
	{ "SCMP_ACT_NOTIFY", SPEC_ACT_NOTIFY },
};
const struct vocab vocab_seccomp_action = { "seccomp action", seccomp_action_words, ARRAY_SIZE(seccomp_action_words) };

static const struct word seccomp_op_words[] = {
	{ "SCMP_CMP_NE", SPEC_CMP_NE },
	{ "SCMP_CMP_LT", SPEC_CMP_LT },
	{ "SCMP_CMP_LE", SPEC_CMP_LE },
	{ "SCMP_CMP_EQ", SPEC_CMP_EQ },
	{ "SCMP_CMP_GE", SPEC_CMP_GE },
	{ "SCMP_CMP_GT", SPEC_CMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SPEC_CMP_MASKED_EQ },
};
const struct vocab vocab_seccomp_op = { "seccomp operator", seccomp_op_words, ARRAY_SIZE(seccomp_op_words) };

static const struct word seccomp_flag_words[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 1 },
	{ "SECCOMP_FILTER_FLAG_LOG", 2 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", 4 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 32 },
};
const struct vocab vocab_seccomp_flag = { "seccomp flag", seccomp_flag_words, ARRAY_SIZE(seccomp_flag_words) };

static const struct word seccomp_arch_words[] = {
	{ "SCMP_ARCH_X86", 0 },      { "SCMP_ARCH_X86_64", 1 },       { "SCMP_ARCH_X32", 2 },
	{ "SCMP_ARCH_ARM", 3 },      { "SCMP_ARCH_AARCH64", 4 },      { "SCMP_ARCH_MIPS", 5 },
	{ "SCMP_ARCH_MIPS64", 6 },   { "SCMP_ARCH_MIPS64N32", 7 },    { "SCMP_ARCH_MIPSEL", 8 },
	{ "SCMP_ARCH_MIPSEL64", 9 }, { "SCMP_ARCH_MIPSEL64N32", 10 }, { "SCMP_ARCH_PPC", 11 },
	{ "SCMP_ARCH_PPC64", 12 },   { "SCMP_ARCH_PPC64LE", 13 },     { "SCMP_ARCH_S390", 14 },
	{ "SCMP_ARCH_S390X", 15 },   { "SCMP_ARCH_PARISC", 16 },      { "SCMP_ARCH_PARISC64", 17 },
	{ "SCMP_ARCH_RISCV64", 18 }, { "SCMP_ARCH_LOONGARCH64", 19 }, { "SCMP_ARCH_M68K", 20 },
	{ "SCMP_ARCH_SH", 21 },      { "SCMP_ARCH_SHEB", 22 },
};
const struct vocab vocab_seccomp_arch = { "seccomp architecture", seccomp_arch_words, ARRAY_SIZE(seccomp_arch_words) };

static const struct word mempolicy_mode_words[] = {
	{ "MPOL_DEFAULT", 0 },
	{ "MPOL_PREFERRED", 1 },
	{ "MPOL_BIND", 2 },
	{ "MPOL_INTERLEAVE", 3 },
	{ "MPOL_LOCAL", 4 },
	{ "MPOL_PREFERRED_MANY", 5 },
	{ "MPOL_WEIGHTED_INTERLEAVE", 6 },
};
const struct vocab vocab_mempolicy_mode = { "memory policy mode", mempolicy_mode_words,
					    ARRAY_SIZE(mempolicy_mode_words) };

static const struct word mempolicy_flag_words[] = {
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 },
	{ "MPOL_F_RELATIVE_NODES", 1 << 14 },
	{ "MPOL_F_STATIC_NODES", 1 << 15 },
};
const struct vocab vocab_mempolicy_flag = { "memory policy flag", mempolicy_flag_words,
					    ARRAY_SIZE(mempolicy_flag_words) };

/* PER_LINUX and PER_LINUX32 */
static const struct word personality_domain_words[] = {
	{ "LINUX", 0 },
	{ "LINUX32", 8 },
};
const struct vocab vocab_personality_domain = { "execution domain", personality_domain_words,
						ARRAY_SIZE(personality_domain_words) };

static const struct word status_words[] = {
	{ "creating", SPEC_STATUS_CREATING },
	{ "created", SPEC_STATUS_CREATED },
	{ "running", SPEC_STATUS_RUNNING },
	{ "stopped", SPEC_STATUS_STOPPED },
};
const struct vocab vocab_status = { "status", status_words, ARRAY_SIZE(status_words) };
