/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters on disk. A file holds the whole key beside the program; the hash in its name is never trusted. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "spec/model.h"

/* Cheap 64-bit mix; finds files, proves nothing. */
uint64_t seccomp_cache_hash(const void *p, size_t len);
/* Everything that decides what the program is: the profile in canonical form after the compiler's identity. */
int seccomp_cache_key(const struct spec_seccomp *s, const char *compiler, struct buf *key);
/* Appends the program to ret; -ENOENT when there is no usable entry (missing, foreign, damaged, another key). */
int seccomp_cache_load(int dir_fd, const struct buf *key, struct buf *ret);
/* Best effort; keeps at most SECCOMP_CACHE_MAX files. */
int seccomp_cache_store(int dir_fd, const struct buf *key, const void *program, size_t len);

#define SECCOMP_CACHE_MAX 64
