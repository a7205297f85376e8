/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the planner's parts (plan.c, plan_mount.c, plan_cgroup.c) only. */
#pragma once

#include "kernel/mount/options.h"
#include "kernel/mount/plan.h"

struct plan_build {
	const struct mount_inputs *in;
	struct buf *flat;
	struct buf recs; /* struct mount_rec */
	uint32_t host_sources;
	struct err *err;
};

/* One entry of mounts[] on its way to one or more records. */
struct plan_mount {
	const struct spec_mount *spec;
	size_t index;
	char destination[4096]; /* clean */
	struct mount_options options;
	struct buf data; /* struct mount_datum */
	const char *data_word;
};

/* Fills what every record of m has in common: destination, attributes, propagation, flags, index. */
void plan_rec_init(struct plan_build *b, const struct plan_mount *m, const char *destination, uint32_t kind,
		   struct mount_rec *rec);
/* Appends the record; numbers its host source. */
int plan_rec_add(struct plan_build *b, struct mount_rec *rec);
int plan_mount_add(struct plan_build *b, size_t index);
/* linux.mountLabel as an option of a file system that takes one (the type, options in data). */
int plan_label_add(struct plan_build *b, const char *type, struct buf *data);
/* What cannot be added to a container that runs; where its file system is made. */
int plan_live_check(struct plan_build *b, const struct plan_mount *m, struct mount_rec *rec);
/* Entries of type cgroup: what they become depends on the host's layout. */
int plan_cgroup_add(struct plan_build *b, struct plan_mount *m);
/* plan.c: linux.<member>, a list of container paths, cleaned. */
int plan_paths(struct plan_build *b, const char *member, const char *const *paths, size_t n, struct flat_arr *ret);
/* -EINVAL with pointer /mounts/<index>/<member>. */
int plan_mount_error(struct plan_build *b, const struct plan_mount *m, const char *member, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int plan_option_error(struct plan_build *b, const struct plan_mount *m, const char *word, const char *why);
