/* SPDX-License-Identifier: Apache-2.0 */
/* Strict parsers of numbers and lists: the whole string or an error. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0, -EINVAL (not a number, empty, sign or blanks where none belong) or -ERANGE. base 10 only. */
int parse_u64(const char *s, uint64_t max, uint64_t *ret);
int parse_i64(const char *s, int64_t min, int64_t max, int64_t *ret);
/* uid or gid: [0-9]+ in 0..4294967294; 4294967295 means "unchanged" to setresuid(2) and is refused. */
int parse_id(const char *s, uint32_t *ret);
/* Bytes with optional suffix b k m g t (binary, upper or lower case, optional "b"/"ib"); -1 only if allow_minus. */
int parse_size(const char *s, bool allow_minus, int64_t *ret);
/* CPU or node list "0-3,7" with optional blanks after commas; sets bits in mask of nbits. Empty string = no bit. */
int parse_list(const char *s, unsigned long *mask, size_t nbits);
/* Signal: number 1..64 or name with or without SIG, any case, RTMIN, RTMIN+n, RTMAX-n. Returns it or -EINVAL. */
int parse_signal(const char *s);
