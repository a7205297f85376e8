/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the device programs that masu generates: an eBPF program of the few instructions that the generator may emit, and the list of
 * the v1 controller as the kernel reads it. */
#pragma once

#include <linux/bpf.h>
#include <linux/bpf_common.h>
#include <stdint.h>

#include "kernel/cgroup/devices.h"

static inline int device_bpf_alu(uint8_t op, uint32_t d, uint32_t s, uint32_t *ret)
{
	switch (op) {
	case BPF_MOV:
		*ret = s;
		return 0;
	case BPF_AND:
		*ret = d & s;
		return 0;
	case BPF_RSH:
		*ret = d >> s;
		return 0;
	default:
		return -1;
	}
}

static inline bool device_bpf_jumps(uint8_t op, uint32_t d, uint32_t s)
{
	return op == BPF_JA || (op == BPF_JNE && d != s) || (op == BPF_JSET && (d & s));
}

/* -1 for an unknown instruction, a jump out of the program, a missing exit. */
static inline int device_bpf_run(const struct buf *program, const uint32_t ctx[3])
{
	const struct bpf_insn *v = (const struct bpf_insn *)program->data;
	size_t n = program->len / sizeof(*v);
	uint32_t reg[11] = { 0 };

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &v[pc];
		uint32_t src = i->code & BPF_X ? reg[i->src_reg] : (uint32_t)i->imm;

		if (i->code == (BPF_JMP | BPF_EXIT))
			return (int)reg[0];
		if (i->code == (BPF_LDX | BPF_W | BPF_MEM))
			reg[i->dst_reg] = ctx[i->off / 4];
		else if (BPF_CLASS(i->code) == BPF_JMP32 || i->code == (BPF_JMP | BPF_JA))
			pc += device_bpf_jumps(BPF_OP(i->code), reg[i->dst_reg], src) ? (size_t)i->off : 0;
		else if (BPF_CLASS(i->code) != BPF_ALU ||
			 device_bpf_alu(BPF_OP(i->code), reg[i->dst_reg], src, &reg[i->dst_reg]) < 0)
			return -1;
	}
	return -1;
}

static inline int device_bpf_ask(const struct buf *program, char type, uint32_t major, uint32_t minor, uint8_t access)
{
	uint32_t bits =
		(access & DEVICE_MKNOD ? 1u : 0) | (access & DEVICE_READ ? 2u : 0) | (access & DEVICE_WRITE ? 4u : 0);
	uint32_t ctx[3] = { bits << 16 | (type == 'b' ? 1u : 2u), major, minor };

	return device_bpf_run(program, ctx);
}

/* The kernel's v1 check: one entry must allow all bits; or, the other way round, none may touch one. */
static inline int device_v1_ask(const struct devices_v1 *d, char type, uint32_t major, uint32_t minor, uint8_t access)
{
	const struct device_rule *e = (const struct device_rule *)d->list.data;

	for (size_t i = 0; i < d->list.len / sizeof(*e); i++) {
		if (e[i].type != type || (e[i].major != DEVICE_ANY && e[i].major != major) ||
		    (e[i].minor != DEVICE_ANY && e[i].minor != minor))
			continue;
		if (d->allow_all && (e[i].access & access))
			return 0;
		if (!d->allow_all && (e[i].access & access) == access)
			return 1;
	}
	return d->allow_all;
}
