/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources to a list of file writes: pure. Which rows apply is decided per controller, by the kind of hierarchy
 * that holds it, so a hybrid host is no special case. cgroup/apply.h carries the list out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "kernel/cgroup/facts.h"
#include "spec/model.h"

enum {
	CGROUP_WRITE_READ_BACK = 1 << 0,  /* the kernel clamps or drops silently: the file must read as written */
	CGROUP_WRITE_KEEP_FIRST = 1 << 1, /* value is the second field; the first stays as the file has it (cpu.max) */
	CGROUP_WRITE_NOT_BELOW = 1 << 2,  /* refuse a value below memory.current */
	CGROUP_WRITE_EFFECTIVE = 1 << 3,  /* cpuset v2: <file>.effective must cover the same list */
	CGROUP_WRITE_OPTIONAL = 1 << 4,   /* the value is what a kernel without this file does anyway */
	CGROUP_WRITE_PAGES = 1 << 6,      /* with READ_BACK: rounded down to pages is fine */
	CGROUP_WRITE_OR_FAIL = 1 << 5,    /* alt_file holds the reason why there is no other way */
};

struct cgroup_write {
	int hierarchy;          /* index into facts->hierarchies */
	const char *controller; /* "memory"; "" for the core files (cgroup.*) */
	const char *file, *value;
	const char *alt_file, *alt_value; /* instead, when the kernel has no `file`; alt_file NULL: none */
	const char *pointer;
	unsigned flags;
	/* Neighbours with the same number > 0 depend on each other: the kernel refuses (EINVAL) an order that passes through an
	 * invalid pair, and which order is right depends on the old values. */
	uint8_t group;
};

struct cgroup_writes {
	struct cgroup_write *v;
	size_t len, cap;
};

/* -EOPNOTSUPP for what this layout cannot express, -EINVAL for what can never be, both with the property's pointer. Strings
 * live in the arena or in the resources. */
int cgroup_plan_resources(const struct cgroup_facts *facts, const struct spec_resources *res, struct arena *a,
			  struct cgroup_writes *ret, struct err *err);
