/* SPDX-License-Identifier: Apache-2.0 */
/* Generates the eBPF program that decides about device access on cgroup v2. Pure: rules to instructions.
 *
 * Rules are tested from the last to the first. A register holds the access bits that are still to be decided: a matching
 * denial of one of them refuses; a matching permission strikes its bits out, and with none left the access is granted. */
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>

#include "kernel/cgroup/devices.h"

#define INSNS_MAX 100000 /* the kernel's own limit is a million for root */
#define RULE_INSNS_MAX 12

enum { R_RESULT = 0, R_CTX = 1, R_TYPE = 2, R_WANT = 3, R_MAJOR = 4, R_MINOR = 5 };

struct emitter {
	struct bpf_insn v[RULE_INSNS_MAX];
	unsigned len;
	uint32_t skips; /* bit per instruction: jumps whose target is the end of the rule */
};

static struct bpf_insn *emit(struct emitter *e, uint8_t code, uint8_t dst, uint8_t src, int16_t off, uint32_t imm)
{
	struct bpf_insn *i = &e->v[e->len++];

	*i = (struct bpf_insn){
		.code = code, .dst_reg = dst & 15, .src_reg = src & 15, .off = off, .imm = (int32_t)imm
	};
	return i;
}

static void load(struct emitter *e, uint8_t dst, size_t offset)
{
	emit(e, BPF_LDX | BPF_W | BPF_MEM, dst, R_CTX, (int16_t)offset, 0);
}

static void skip_unless_equal(struct emitter *e, uint8_t reg, uint32_t value)
{
	e->skips |= 1u << e->len;
	emit(e, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, 0, value);
}

static void leave(struct emitter *e, uint32_t result)
{
	emit(e, BPF_ALU | BPF_MOV | BPF_K, R_RESULT, 0, 0, result);
	emit(e, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int flush(struct emitter *e, struct buf *ret)
{
	for (unsigned i = 0; i < e->len; i++)
		if (e->skips & (1u << i))
			e->v[i].off = (int16_t)(e->len - i - 1);
	return buf_add(ret, e->v, e->len * sizeof(e->v[0]));
}

static int prologue(struct buf *ret)
{
	struct emitter e = { .len = 0 };

	load(&e, R_TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(&e, BPF_ALU | BPF_MOV | BPF_X, R_WANT, R_TYPE, 0, 0);
	emit(&e, BPF_ALU | BPF_AND | BPF_K, R_TYPE, 0, 0, 0xffff);
	emit(&e, BPF_ALU | BPF_RSH | BPF_K, R_WANT, 0, 0, 16);
	load(&e, R_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(&e, R_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	return flush(&e, ret);
}

static uint32_t bpf_access(uint8_t access)
{
	return (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0u) | (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0u) |
	       (access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0u);
}

/* True if nothing that follows could be reached: the verifier refuses dead code. */
static bool is_final(const struct device_rule *r)
{
	return r->type == 'a' && r->major == DEVICE_ANY && r->minor == DEVICE_ANY && r->access == DEVICE_ALL;
}

static int rule(const struct device_rule *r, struct buf *ret)
{
	struct emitter e = { .len = 0 };
	uint32_t bits = bpf_access(r->access);

	if (r->type != 'a')
		skip_unless_equal(&e, R_TYPE, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (r->major != DEVICE_ANY)
		skip_unless_equal(&e, R_MAJOR, (uint32_t)r->major);
	if (r->minor != DEVICE_ANY)
		skip_unless_equal(&e, R_MINOR, (uint32_t)r->minor);
	if (r->access != DEVICE_ALL && !r->allow) {
		emit(&e, BPF_JMP32 | BPF_JSET | BPF_K, R_WANT, 0, 1, bits);
		e.skips |= 1u << e.len;
		emit(&e, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	} else if (r->access != DEVICE_ALL) {
		emit(&e, BPF_ALU | BPF_AND | BPF_K, R_WANT, 0, 0, ~bits);
		e.skips |= 1u << e.len;
		emit(&e, BPF_JMP32 | BPF_JNE | BPF_K, R_WANT, 0, 0, 0);
	}
	leave(&e, r->allow);
	return flush(&e, ret);
}

int devices_plan_bpf(const struct device_rule *rules, size_t n, struct buf *ret, struct err *err)
{
	struct emitter end = { .len = 0 };
	bool final = false;
	int r;

	if (n > INSNS_MAX / RULE_INSNS_MAX)
		return err_set(err, E2BIG, "plan device rules: %zu rules are too many", n);
	r = prologue(ret);
	for (size_t i = n; r == 0 && !final && i-- > 0;) {
		r = rule(&rules[i], ret);
		final = is_final(&rules[i]);
	}
	if (r == 0 && !final) {
		leave(&end, 0);
		r = flush(&end, ret);
	}
	return r < 0 ? err_code(err, r, "plan device rules") : 0;
}
