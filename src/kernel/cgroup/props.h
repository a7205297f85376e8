/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of a systemd unit as plain data: what is told to systemd, and how it is shown. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "kernel/cgroup/plan.h"
#include "kernel/cgroup/unit.h"

/* One of an array: a string; "as" has text alone, a(ss) both texts, a(st) text and number. */
struct unit_item {
	const char *text, *second;
	uint64_t number;
};

struct unit_prop {
	const char *name;
	const char *type; /* D-Bus signature: b s y u t i x, as au ay, a(ss) a(st) */
	unsigned since;   /* systemd version; 0: older than every supported host */
	bool only_new;    /* a property of new scopes: it cannot be changed later */
	const char *text; /* s */
	int64_t number;   /* b y u t i x; t above INT64_MAX as its two's complement */
	const struct unit_item *items;
	size_t items_len; /* as au a(ss) a(st); an empty list takes away what was there */
	const uint8_t *bytes;
	size_t bytes_len; /* ay */
};

struct unit_props {
	struct unit_prop *v;
	size_t len, cap;
};

#define UNIT_INFINITY UINT64_MAX

struct unit_inputs {
	const struct unit_place *place;
	const char *id;
	const struct cgroup_facts *facts;
	const struct cgroup_writes *writes;
	const struct buf *rules; /* struct device_rule in their order */
	const struct unit_props *extra;
	bool bfq; /* the host has io.bfq.weight */
};
/* The whole of what a new unit is started with, but for its process. Of a name that comes twice the later one wins. */
int unit_props_plan(const struct unit_inputs *in, struct arena *a, struct unit_props *ret, struct err *err);

int unit_props_add(struct unit_props *p, struct arena *a, struct unit_prop one);
/* What makes the unit what it is: description, slice, delegation, accounting. v1: names of the old accounting. */
int unit_props_base(const struct unit_place *place, const char *id, bool v1, struct arena *a, struct unit_props *ret,
		    struct err *err);
/* The planned writes that systemd has a property for, so that it does not take them back when it writes its own. What it has
 * none for, or takes no such value, is left out. bfq: the host has io.bfq.weight. */
int unit_props_limits(const struct cgroup_facts *facts, const struct cgroup_writes *w, bool bfq, struct arena *a,
		      struct unit_props *ret, struct err *err);
/* rules: struct device_rule in their order. v2: systemd lets at least through what the rules allow, the rest is the device
 * program's. v1: exactly the rules, or -EOPNOTSUPP, since systemd writes its list again whenever it is reloaded. */
int unit_props_devices(const struct buf *rules, bool v1, struct arena *a, struct unit_props *ret, struct err *err);
/* "MemoryMax t 1048576": one line without its newline. */
void unit_prop_print(const struct unit_prop *p, struct buf *out);
/* The newest `since` of the list. */
unsigned unit_props_since(const struct unit_props *p);
