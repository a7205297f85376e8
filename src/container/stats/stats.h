/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of a cgroup as the `data` of an event: the same JSON shape on every cgroup layout. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "json/write.h"

/* Where the files come from: a cgroup (kernel/cgroup), or texts in a test. */
struct stats_source {
	/* As cgroup_read: bytes or -errno; what cannot be read counts as absent. */
	ssize_t (*read)(void *arg, const char *controller, const char *file, char *p, size_t len);
	bool (*is_v2)(void *arg, const char *controller);
	void *arg;
	const char *const *page_sizes; /* of huge pages: "2MB"; NULL-terminated; may be NULL */
};

/* Writes one object. Units are those of the kernel's v1 files: nanoseconds and bytes; "no limit" is what the kernel
 * says on v1 and 2^64-1 on v2. -ENOMEM. */
int stats_write(struct jw *w, const struct stats_source *source);
/* "hugepages-2048kB" (a name in /sys/kernel/mm/hugepages) to "2MB"; -EINVAL. */
int stats_page_size(const char *name, char *ret, size_t len);
