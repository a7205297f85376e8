/* SPDX-License-Identifier: Apache-2.0 */
/* Rules between properties that can be decided from the document alone, as tables of named rules. What needs the host
 * (does the path exist, does the kernel have it) is decided by the planners. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "spec/model.h"
#include "json/pointer.h"

/* 0 or -EINVAL with "<name>: <pointer>: <reason>" and the pointer in err. Doubtful but legal things are logged as
 * warnings. */
int spec_check_config(const char *name, const struct spec_config *c, struct err *err);
/* Documents of their own (exec --process, update --resources): pointers start at their root. */
int spec_check_process(const char *name, const struct spec_process *p, struct err *err);
int spec_check_resources(const char *name, const struct spec_resources *r, struct err *err);
int spec_check_intel_rdt(const char *name, const struct spec_intel_rdt *r, struct err *err);

/* What the rules see. config is NULL for a process or resources document; process, lnx, resources may be NULL. */
struct spec_check {
	const char *name; /* of the document */
	const char *base; /* pointer of process or resources inside it */
	const struct spec_config *config;
	const struct spec_process *process;
	const struct spec_linux_ *lnx;
	const struct spec_resources *resources;
	struct err *err;
};

typedef int spec_rule_fn(const struct spec_check *k);

struct spec_rule {
	const char *name;
	spec_rule_fn *fn;
	const char *matrix; /* requirement ids, as in the test names */
};

struct spec_rules {
	const struct spec_rule *rules;
	size_t len;
};
/* One table per area; rules about process and resources take base into account. */
extern const struct spec_rules spec_rules_document, spec_rules_process, spec_rules_linux, spec_rules_ids,
	spec_rules_seccomp, spec_rules_rdt, spec_rules_sysctl, spec_rules_resources;

/* For the rules: reports at "<pointer>", a printf format that is followed by its arguments; text is fixed. */
int spec_check_fail(const struct spec_check *k, const char *text, const char *pointer, ...)
	__attribute__((format(printf, 3, 4)));
/* As above for a warning. */
void spec_check_warn(const struct spec_check *k, const char *text, const char *pointer, ...)
	__attribute__((format(printf, 3, 4)));
/* The document has this annotation, which may stand for a property: whether it counts is decided later. */
bool spec_check_annotation(const struct spec_config *c, const char *key);
/* A name that the kernel takes for a network interface: 1..15 bytes, no '/', ':', blanks, not "." or "..". It is checked
 * before anything is written or moved, because some kernel interfaces find out too late. */
bool spec_check_ifname(const char *s);
