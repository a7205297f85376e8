/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp to classic BPF. Host side. seccomp.c is the only file that includes libseccomp. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "kernel/security/seccomp_apply.h"
#include "spec/model.h"

/* Compiles s (NULL: no filter) and adds the program to flat. cache_dir_fd: a directory that only we can write, where
 * compiled programs are kept, or -1. A hit costs a read and a compare; libseccomp compiles nothing then.
 * Unknown system call names are skipped (debug log). Flags that the kernel does not know, rules that contradict each other,
 * errno values on actions without errno: -EINVAL and friends, with the JSON pointer. */
int seccomp_plan_build(const struct spec_seccomp *s, int cache_dir_fd, struct buf *flat, struct seccomp_plan *ret,
		       struct err *err);
/* -EINVAL for the first system call that libseccomp does not know. */
int seccomp_check_names(const struct spec_seccomp *s, struct err *err);

/* What annotations ask for beside the profile. */
struct seccomp_extra {
	bool fail_unknown;   /* a name that is not known is an error */
	const void *program; /* struct sock_filter[] that takes the place of the profile's rules; its flags stay */
	size_t program_len;  /* bytes; 0: there is none */
};
int seccomp_plan_extra(const struct spec_seccomp *s, const struct seccomp_extra *x, int cache_dir_fd, struct buf *flat,
		       struct seccomp_plan *ret, struct err *err);

/* One line: instructions, flags, hash. f is the flat buffer that the plan was built into. */
void seccomp_plan_print(const struct flat *f, const struct seccomp_plan *p, struct buf *out);

/* For `features`: names of vocab_seccomp_arch that this libseccomp knows; returns how many there are (at most n are stored). */
size_t seccomp_features_archs(const char **names, size_t n);
/* SECCOMP_FILTER_FLAG_* bits that this kernel accepts, of those in vocab_seccomp_flag. */
uint32_t seccomp_features_flags(void);
void seccomp_features_version(unsigned ret[3]);
