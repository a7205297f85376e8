/* SPDX-License-Identifier: Apache-2.0 */
/* How a row of rows_v1.c and rows_v2.c is written. Private to the planner. */
#pragma once

#include "kernel/cgroup/plan.h"

struct planner {
	const struct cgroup_facts *facts;
	const struct spec_resources *res;
	struct arena *arena;
	struct cgroup_writes *out;
	struct err *err;
	/* the section at work */
	const char *section, *controller;
	int hierarchy; /* -1: the controller is not mounted anywhere */
};

struct row_value {
	int64_t i; /* numbers and booleans */
	bool huge; /* an unsigned number beyond INT64_MAX; then u counts */
	uint64_t u;
	const char *s; /* strings, else NULL */
};

enum row_kind { ROW_I64, ROW_U64, ROW_BOOL, ROW_STR };

struct row;
/* Gives the value's text (arena) in w->value and may change the rest of w. 0, 1 = nothing to write, or -errno. */
typedef int row_format_fn(struct planner *p, const struct row *row, const struct row_value *v, const void *section,
			  struct cgroup_write *w);

struct row {
	const char *key; /* JSON name */
	size_t offset;   /* in the section's struct */
	enum row_kind kind;
	const char *file; /* NULL: this kind of hierarchy has none */
	const char *alt_file;
	row_format_fn *format; /* NULL: the number or the string as it is */
	unsigned flags;
	uint8_t group;
	bool has_noop; /* without a file: this value is the only possible state, so it is granted */
	int64_t noop;
};

#define SECTION_SELF ((size_t)-1) /* the section's properties are lists of resources itself */

struct section {
	const char *name; /* below /linux/resources */
	const char *controller;
	size_t offset; /* of the pointer in struct spec_resources */
	const struct row *rows;
	size_t rows_len;
	int (*more)(struct planner *p, const void *section); /* lists; may be NULL */
};

/* Both tables hold the same sections in the same order. */
#define SECTIONS_LEN 9
extern const struct section sections_v1[SECTIONS_LEN], sections_v2[SECTIONS_LEN];

/* Appends. w.file, w.value and w.pointer must be set; NULL strings count as ENOMEM. */
int planner_add(struct planner *p, struct cgroup_write w);
/* "/linux/resources/<section>/<fmt>" */
const char *planner_pointer(struct planner *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* -EOPNOTSUPP: this layout has no file for the property. */
int planner_unsupported(struct planner *p, const char *pointer, const char *v1_file);
/* -EINVAL with text and pointer. */
int planner_invalid(struct planner *p, const char *pointer, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Formats shared by both tables. */
row_format_fn row_max_if_negative; /* -1 is `max` */
row_format_fn row_skip_zero;       /* 0 means unset */
row_format_fn row_zero_optional;   /* 0 is the default: a kernel without the file has it */
row_format_fn row_burst;           /* at most the quota, when both are given */
/* Lists that are alike in both worlds. */
int rows_rdma(struct planner *p, const void *section);
int rows_hugetlb(struct planner *p, const char *rsvd_suffix, const char *fault_suffix);
