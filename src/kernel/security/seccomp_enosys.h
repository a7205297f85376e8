/* SPDX-License-Identifier: Apache-2.0 */
/* The few instructions in front of a filter that answer ENOSYS to system calls newer than the profile. Pure. */
#pragma once

#include <stdint.h>

#include "base/buf.h"

/* One ABI of the filter and the highest system call number that the profile names there. */
struct seccomp_known {
	uint32_t audit_arch; /* AUDIT_ARCH_*, as the kernel reports it in struct seccomp_data */
	uint32_t last;       /* with the x32 bit for x32 */
	uint32_t is_x32;
};

/* Appends the prologue (struct sock_filter[]) for n ABIs; every path that is not answered falls off its end. */
int seccomp_enosys_add(struct buf *program, const struct seccomp_known *known, size_t n);
