/* SPDX-License-Identifier: Apache-2.0 */
/* Why: a C library that finds EPERM for a new system call gives up, with ENOSYS it falls back to the old one. A profile cannot
 * deny on purpose what did not exist when it was written, so numbers above the highest one it names answer ENOSYS. */
#include "kernel/security/seccomp_enosys.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>

#define X32_BIT 0x40000000u
#define ARM_PRIVATE 0x000f0000u /* breakpoint, cacheflush, set_tls …: a range of their own, far above the table */
#define SECTION_MAX 16

static const struct sock_filter load_nr = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
static const struct sock_filter load_arch = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
static const struct sock_filter answer = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);

/* One architecture as the kernel knows it: its own table and, on x86_64, the one of x32. */
struct section {
	uint32_t arch, last, x32_last;
	bool has_native, has_x32;
};

static size_t section_collect(const struct seccomp_known *known, size_t n, struct section *out, size_t max)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = 0;

		while (at < len && out[at].arch != known[i].audit_arch)
			at++;
		if (at == max)
			return 0;
		if (at == len)
			out[len++] = (struct section){ .arch = known[i].audit_arch };
		if (known[i].is_x32) {
			out[at].has_x32 = true;
			out[at].x32_last = known[i].last;
		} else {
			out[at].has_native = true;
			out[at].last = known[i].last;
		}
	}
	return len;
}

/* "nr > last: ENOSYS", then out of the prologue. tail: instructions between the section's end and the prologue's end. */
static size_t section_compare(struct sock_filter *p, uint32_t last, size_t rest)
{
	p[0] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 0, 1);
	p[1] = answer;
	p[2] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)rest);
	return 3;
}

/* Writes the section into p and returns its length; rest = instructions that follow it in the prologue. */
static size_t section_write(const struct section *s, struct sock_filter *p, size_t rest)
{
	bool x86_64 = s->arch == AUDIT_ARCH_X86_64, arm = s->arch == AUDIT_ARCH_ARM;
	size_t native_len = s->has_native ? 3 : 1, x32_len = s->has_x32 ? 3 : 1;
	size_t len = 2 + native_len + (x86_64 ? 1 + x32_len : 0) + (arm ? 1 : 0), n = 0;

	p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, s->arch, 0, (uint8_t)(len - 1));
	p[n++] = load_nr;
	if (x86_64) { /* one AUDIT_ARCH for two tables, told apart by a bit of the number */
		p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, X32_BIT, 0, (uint8_t)x32_len);
		if (s->has_x32)
			n += section_compare(p + n, s->x32_last, rest + len - n - 3);
		else
			p[n] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(rest + len - n - 1)), n++;
	}
	if (arm)
		p[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ARM_PRIVATE, (uint8_t)(native_len - 1),
						      0);
	if (s->has_native)
		n += section_compare(p + n, s->last, rest + len - n - 3);
	else
		p[n] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(rest + len - n - 1)), n++;
	return n;
}

int seccomp_enosys_add(struct buf *program, const struct seccomp_known *known, size_t n)
{
	struct section sections[24];
	size_t n_sections = section_collect(known, n, sections, sizeof(sections) / sizeof(sections[0]));
	size_t rest = 0, lens[24];
	struct sock_filter code[SECTION_MAX];

	if (!n_sections)
		return n ? -EINVAL : 0;
	for (size_t i = 0; i < n_sections; i++)
		rest += lens[i] = section_write(&sections[i], code, 0);
	buf_add(program, &load_arch, sizeof(load_arch));
	for (size_t i = 0; i < n_sections; i++) {
		rest -= lens[i];
		section_write(&sections[i], code, rest);
		buf_add(program, code, lens[i] * sizeof(code[0]));
	}
	return program->error;
}
