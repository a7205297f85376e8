/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of mount option words: the parser, the features document and the tests read it. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum mount_option_class {
	MOUNT_OPTION_NONE = 1,    /* accepted, changes nothing */
	MOUNT_OPTION_SB,          /* set or clear MS_ bits of the super block */
	MOUNT_OPTION_ATTR,        /* set or clear MOUNT_ATTR_ bits; `ro` and `rw` are both SB and ATTR */
	MOUNT_OPTION_PROPAGATION, /* flag = MS_SHARED ... with or without MS_REC */
	MOUNT_OPTION_SPECIAL,     /* flag = enum mount_option_special */
};
enum mount_option_special {
	MOUNT_SPECIAL_BIND = 1,
	MOUNT_SPECIAL_RBIND,
	MOUNT_SPECIAL_REMOUNT,
	MOUNT_SPECIAL_COPYUP,
	MOUNT_SPECIAL_IDMAP,
	MOUNT_SPECIAL_RIDMAP,
	MOUNT_SPECIAL_COPY_SYMLINK,
	MOUNT_SPECIAL_SRC_NOFOLLOW,
	MOUNT_SPECIAL_DEST_NOFOLLOW,
	MOUNT_SPECIAL_NOFAIL,
	MOUNT_SPECIAL_SECURE,
	MOUNT_SPECIAL_OWNERSECURE,
	MOUNT_SPECIAL_DEFAULTS,
};
enum mount_option_source { MOUNT_OPTION_SPEC, MOUNT_OPTION_RUNTIME, MOUNT_OPTION_MOUNT8 };

struct mount_option {
	const char *word;
	uint8_t class_;              /* enum mount_option_class */
	uint8_t origin;              /* enum mount_option_source: features lists SPEC and RUNTIME */
	bool set;                    /* else clear */
	bool recursive;              /* by mount_setattr(AT_RECURSIVE) */
	uint64_t flag;               /* MS_ bit (what mount(2) calls it), propagation or special */
	uint64_t attr_set, attr_clr; /* MOUNT_ATTR_ */
};

/* Sorted by word; NULL past the end. */
const struct mount_option *mount_option_at(size_t i);
/* The row or NULL for file system data. `x-foo`, `X-foo`, `comment=foo` are found as rows of class NONE. */
const struct mount_option *mount_option_find(const char *word);

/* What a list of words means; later words win. */
struct mount_options {
	uint64_t sb_set, sb_clr, attr_set, attr_clr, rattr_set, rattr_clr;
	bool drop_noatime, drop_strictatime;
	bool bind, rbind, remount, copyup, idmap, ridmap, copy_symlink, src_nofollow, dest_nofollow, nofail;
	size_t propagation_len;
	uint64_t propagation[16];
};
typedef int mount_option_data_fn(void *arg, size_t index, const char *word, struct err *err);
/* Calls data for each word that is none of ours, in order, with its index. -E2BIG for more than 16 propagation words. */
int mount_options_parse(const char *const *words, size_t n, struct mount_options *ret, mount_option_data_fn *data,
			void *arg, struct err *err);
