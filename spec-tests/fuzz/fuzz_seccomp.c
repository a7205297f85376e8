/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp to a filter: it runs to an answer for every call, and for calls that one rule alone names, and for those that none
 * names, the answer is what the document says. */
#include "fuzz.h"

#include <linux/audit.h>
#include <sys/syscall.h>

#include "cbpf.h"
#include "kernel/security/seccomp.h"
#include "spec/decode.h"
#include "spec/fields.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#define NATIVE_WORD 1
#else
#define NATIVE AUDIT_ARCH_AARCH64
#define NATIVE_WORD 4
#endif

static uint32_t answer_of(int64_t action, struct opt_u64 errno_ret)
{
	uint32_t data = errno_ret.set ? (uint32_t)errno_ret.value : EPERM;

	switch (action) {
	case SPEC_ACT_KILL_PROCESS:
		return SECCOMP_RET_KILL_PROCESS;
	case SPEC_ACT_TRAP:
		return SECCOMP_RET_TRAP;
	case SPEC_ACT_ERRNO:
		return SECCOMP_RET_ERRNO | data;
	case SPEC_ACT_TRACE:
		return SECCOMP_RET_TRACE | data;
	case SPEC_ACT_ALLOW:
		return SECCOMP_RET_ALLOW;
	case SPEC_ACT_LOG:
		return SECCOMP_RET_LOG;
	case SPEC_ACT_NOTIFY:
		return SECCOMP_RET_USER_NOTIF;
	}
	return SECCOMP_RET_KILL_THREAD;
}

static bool arg_matches(const struct spec_seccomp_arg *a, uint64_t v)
{
	switch (a->op.value) {
	case SPEC_CMP_NE:
		return v != a->value.value;
	case SPEC_CMP_LT:
		return v < a->value.value;
	case SPEC_CMP_LE:
		return v <= a->value.value;
	case SPEC_CMP_EQ:
		return v == a->value.value;
	case SPEC_CMP_GE:
		return v >= a->value.value;
	case SPEC_CMP_GT:
		return v > a->value.value;
	}
	return (v & a->value.value) == (a->value_two.value & a->value.value);
}

/* False when the same argument is compared twice: then the comparisons are alternatives, which is not modelled here. */
static bool rule_decides(const struct spec_seccomp_syscall *r, const struct seccomp_data *d, bool *ret_match)
{
	unsigned seen = 0;

	*ret_match = true;
	for (size_t i = 0; i < r->args_len; i++) {
		unsigned bit = 1u << r->args[i].index.value;

		if (seen & bit)
			return false;
		seen |= bit;
		*ret_match &= arg_matches(&r->args[i], d->args[r->args[i].index.value]);
	}
	return true;
}

struct mention {
	const struct spec_seccomp_syscall *rule;
	unsigned times;
};

enum { NUMBERS = 512, NAMES = 16 };

/* Known here, so that no other library has to be believed. */
static const struct {
	const char *name;
	int nr;
} calls[NAMES] = {
	{ "read", SYS_read },       { "write", SYS_write },   { "openat", SYS_openat },
	{ "clone", SYS_clone },     { "socket", SYS_socket }, { "personality", SYS_personality },
	{ "mkdirat", SYS_mkdirat }, { "nosuch", -1 },         { "bpf", SYS_bpf },
	{ "getpid", SYS_getpid },   { "execve", SYS_execve }, { "clone3", SYS_clone3 },
	{ "ioctl", SYS_ioctl },     { "futex", SYS_futex },   { "keyctl", SYS_keyctl },
	{ "statx", SYS_statx },
};

static int number_of(const char *name)
{
	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].nr;
	return -2;
}

/* The highest number that is named; -1 when there are names that are not known here. */
static int collect(const struct spec_seccomp *s, struct mention *m)
{
	int last = -1;

	for (size_t i = 0; i < s->syscalls_len; i++) {
		for (size_t j = 0; j < s->syscalls[i].names_len; j++) {
			int nr = number_of(s->syscalls[i].names[j]);

			if (nr == -2)
				return -1;
			if (nr < 0)
				continue;
			m[nr].rule = &s->syscalls[i];
			m[nr].times++;
			last = nr > last ? nr : last;
		}
	}
	return last;
}

static bool has_native(const struct spec_seccomp *s)
{
	for (size_t i = 0; i < s->architectures_len; i++)
		if (s->architectures[i] == NATIVE_WORD)
			return true;
	return s->architectures_len == 0;
}

static void compare(const struct spec_seccomp *s, const struct sock_filter *p, size_t n, uint64_t salt)
{
	struct mention m[NUMBERS] = { 0 };
	int last = collect(s, m);
	bool known = has_native(s);

	for (int nr = 0; nr < NUMBERS; nr++) {
		struct seccomp_data d = { .nr = nr,
					  .arch = NATIVE,
					  .args = { 0, 1, salt, salt >> 32, ~salt, salt & 7 } };
		uint32_t got, want = answer_of(s->default_action.value, s->default_errno_ret);
		bool match = false;

		if (m[nr].rule && m[nr].rule->args_len)
			d.args[m[nr].rule->args[0].index.value] = m[nr].rule->args[0].value.value + salt % 3 - 1;
		got = cbpf_run(p, n, &d);
		MUST(got != CBPF_BROKEN);
		if (!known || nr > last || m[nr].times > 1 || (m[nr].rule && !rule_decides(m[nr].rule, &d, &match)))
			continue;
		if (match)
			want = answer_of(m[nr].rule->action.value, m[nr].rule->errno_ret);
		if (got != want)
			fprintf(stderr, "system call %d: %#x, the document says %#x\n", nr, got, want);
		MUST(got == want);
	}
}

/* libseccomp 2.5 does not come back from some pairs of entries for one call, such as write(a2 >= 92 and a3 != 57) and write(a4 > 100 and
 * a2 >= 92). So a call has any number of entries with one condition, or one entry with several. */
static bool may_have_conditions(unsigned char used[NAMES], size_t first, const size_t more[3], uint8_t others,
				uint8_t conditions)
{
	unsigned char now = conditions > 1 ? 2 : 1;
	bool may = true;

	for (int i = -1; i < others; i++) {
		unsigned char *u = &used[i < 0 ? first : more[i]];

		may &= !*u || (*u == 1 && now == 1);
		*u = *u > now ? *u : now;
	}
	return may;
}

/* Most bytes are no document; so a document is made of them, unless they are one ('{'). */
static void document(const uint8_t *data, size_t len, struct buf *json)
{
	static const char *const archs[] = { "", "\"SCMP_ARCH_X86_64\"",
					     "\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"",
					     "\"SCMP_ARCH_AARCH64\"" };
	struct fuzz_in in = { data, len };
	uint8_t head = fuzz_u8(&in), many;
	unsigned char used[NAMES] = { 0 };

	buf_addf(json, "{\"defaultAction\":\"%s\",\"architectures\":[%s],\"syscalls\":[",
		 vocab_seccomp_action.words[head % 8].name, archs[head >> 4 & 3]);
	for (int i = 0; in.left > 3 && i < 24; i++) {
		uint8_t what = fuzz_u8(&in), others = what >> 6;
		size_t first = fuzz_u8(&in) % NAMES, more[3] = { 0 };

		buf_addf(json, "%s{\"names\":[\"%s\"", i ? "," : "", calls[first].name);
		for (many = 0; many < others; many++) {
			more[many] = fuzz_u8(&in) % NAMES;
			buf_addf(json, ",\"%s\"", calls[more[many]].name);
		}
		buf_addf(json, "],\"action\":\"%s\"", vocab_seccomp_action.words[what % 8].name);
		if (what & 8 && (what % 8 == SPEC_ACT_ERRNO || what % 8 == SPEC_ACT_TRACE))
			buf_addf(json, ",\"errnoRet\":%u", fuzz_u8(&in));
		buf_adds(json, ",\"args\":[");
		if (what >> 4 & 3 && !may_have_conditions(used, first, more, others, what >> 4 & 3))
			what &= 0xcf;
		for (many = 0; many < (what >> 4 & 3); many++) {
			uint8_t how = fuzz_u8(&in);
			uint64_t value = how & 0x80 ? (uint64_t)fuzz_u32(&in) << 32 | fuzz_u32(&in) : fuzz_u8(&in);

			buf_addf(json, "%s{\"index\":%u,\"op\":\"%s\",\"value\":%llu,\"valueTwo\":%u}", many ? "," : "",
				 how % 6, vocab_seccomp_op.words[(how >> 3) % 7].name, (unsigned long long)value,
				 fuzz_u8(&in));
		}
		buf_adds(json, "]}");
	}
	buf_adds(json, "]}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf flat = { 0 }, json = { 0 };
	struct seccomp_plan plan = { 0 };
	struct err err = { 0 };
	const void *model;
	struct flat view;
	uint64_t salt = 0;
	int r;

	for (size_t i = 0; i < len; i++)
		salt = salt * 31 + data[i];
	if (len && data[0] == '{')
		MUST(buf_add(&json, data, len) == 0);
	else
		document(data, len, &json);
	if (spec_decode_object(&spec_object_seccomp, "x", json.data, json.len, &a, &model, &err) < 0) {
		must_explain(-err.code, &err);
		MUST(len && data[0] == '{');
		return 0;
	}
	MUST(buf_add(&flat, "header..", 8) == 0);
	r = seccomp_plan_build(model, -1, &flat, &plan, &err);
	if (r < 0) {
		must_explain(r, &err);
		return 0;
	}
	view = (struct flat){ flat.data, flat.len };
	if (seccomp_plan_has_filter(&plan))
		compare(model, flat_bytes(&view, plan.filter), plan.filter.len / sizeof(struct sock_filter), salt);
	return 0;
}
