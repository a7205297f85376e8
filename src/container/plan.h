/* SPDX-License-Identifier: Apache-2.0 */
/* From the document, the options and the host's facts to the whole plan of a create: every decision, before anything is
 * touched. Descriptors are filled in later (create.c); `masu plan` prints it without them. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "container/runtime.h"
#include "container/state.h"
#include "kernel/cgroup/cgroup.h"
#include "kernel/cgroup/path.h"
#include "kernel/cgroup/plan.h"
#include "kernel/cgroup/props.h"
#include "kernel/cgroup/unit.h"
#include "spec/annotation.h"
#include "spec/model.h"
#include "wire/plan.h"

struct bundle {
	char path[4096]; /* absolute */
	char config_path[4200];
	struct buf json; /* the document's bytes */
	struct arena arena;
	const struct spec_config *config;
	struct annotations annotations;
};

/* Reads and checks the document. config_file NULL: config.json of the bundle. */
int bundle_load(const char *dir, const char *config_file, struct bundle *ret, struct err *err);
/* Reads the annotations that count (allowed: patterns) and puts them into the document where it has a property for them. */
int bundle_annotate(struct bundle *b, char *const *allowed, struct err *err);
void bundle_done(struct bundle *b);

struct plan_inputs {
	struct masu_runtime *rt;
	const struct bundle *bundle;
	const char *id;
	const struct masu_create_options *options;
	int seccomp_cache_fd;
	const char *created;     /* time stamp for hook documents */
	unsigned host_kinds;     /* bits of SPEC_NS_*: joined by a path that is the host's own namespace */
	const char *user_cgroup; /* cgroup of the user's systemd, when plan_needs_user_cgroup() */
	/* For a plan that is only looked at: */
	const struct cgroup_facts *facts; /* NULL: the host's own */
	bool assume_rights;               /* have the rights that the option --rootless says, not the caller's */
};

struct create_plan {
	struct plan plan;
	struct buf flat; /* starts with room for plan */
	char cgroup_path[CGROUP_PATH_MAX];
	bool cgroup_disabled;
	bool has_unit; /* the systemd manager: cgroup_path is that of the unit */
	struct unit_place unit;
	struct arena arena;          /* of what follows */
	struct cgroup_limits limits; /* what the cgroup is given */
	struct unit_props extra;     /* what org.systemd.property.* annotations ask for */
	bool delegate; /* the cgroup is given to the container's root (v2, own cgroup namespace, rw mount) */
};

/* Whether the container's cgroup of a user's unit is bound into it, so that its whole path has to be known. */
bool plan_needs_user_cgroup(const struct plan_inputs *in);
int plan_build(const struct plan_inputs *in, struct create_plan *ret, struct err *err);
/* After that: no cgroup could be made, and none is needed. */
int plan_without_cgroup(const struct plan_inputs *in, struct create_plan *p, struct err *err);
void create_plan_done(struct create_plan *p);
/* plan_write.c: copies the plan into the buffer's head, where room was left for it, and the buffer into a file in memory, which is
 * what masu-init reads. What *ret_fd held is closed. */
int plan_write(struct plan *p, struct buf *flat, int *ret_fd, struct err *err);
/* What only the making of the cgroup would show. */
struct plan_shown {
	const char *layout;
	struct buf rules;        /* struct device_rule in their order; v1: what its list shall hold */
	bool listed;             /* v1: rules are a list of exceptions, all alike */
	bool rules_deny;         /* of the list: everything is allowed but these */
	struct unit_props props; /* what systemd is told, without the process that starts the unit */
};
void plan_print(const struct plan_inputs *in, const struct create_plan *p, const struct plan_shown *shown,
		struct buf *out);
/* state of a container that is about to be made, for documents of hooks; strings are borrowed from in. */
void plan_state(const struct plan_inputs *in, struct state *ret);
