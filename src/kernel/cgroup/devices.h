/* SPDX-License-Identifier: Apache-2.0 */
/* The device rules of a container: what is asked, as one ordered list, and its forms for the v1 controller and for eBPF.
 * The plan_ half is pure. Everything is denied that no rule allows; the last rule that matches decides, bit by bit of the access. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "spec/model.h"

enum { DEVICE_READ = 1, DEVICE_WRITE = 2, DEVICE_MKNOD = 4, DEVICE_ALL = 7 };
#define DEVICE_ANY (-1)

struct device_rule {
	bool allow;
	char type;            /* 'a', 'b', 'c' */
	uint8_t access;       /* DEVICE_* bits, never 0 */
	int64_t major, minor; /* DEVICE_ANY: all */
	bool asked;           /* of the document, not of the default list */
};

/* Result in ret: an array of struct device_rule: the default list, then the making (not the opening) of the nodes in linux.devices,
 * which masu-init does from inside the cgroup, then the user's rules in their order. Denying everything comes first and is implied:
 * a "deny all" of the document takes back the rules before it and leaves what every container has, wherever it stands; a denial
 * that names types, numbers or some accesses denies those too. res may be NULL. -EINVAL for bad rules. */
int devices_plan(const struct spec_resources *res, const struct spec_device *nodes, size_t nodes_len, struct buf *ret,
		 struct err *err);
/* The reference meaning: whether all bits of access are allowed for this device. */
bool devices_decide(const struct device_rule *rules, size_t n, char type, uint32_t major, uint32_t minor,
		    uint8_t access);

/* v1: the list that the kernel's controller shall hold. It knows a default and exceptions to it, no order, so wildcards with
 * holes cannot be said: -EOPNOTSUPP. */
struct devices_v1 {
	bool allow_all;  /* everything is allowed but the entries; else nothing but the entries */
	struct buf list; /* struct device_rule, those of the document first, in its order; allow is meaningless */
};
int devices_plan_v1(const struct device_rule *rules, size_t n, struct devices_v1 *ret, struct err *err);
void devices_v1_done(struct devices_v1 *d);
/* "c 1:3 rwm" */
void devices_format(const struct device_rule *rule, char ret[48]);

/* v2: an eBPF program of type CGROUP_DEVICE as an array of struct bpf_insn. -E2BIG beyond what the kernel takes. */
int devices_plan_bpf(const struct device_rule *rules, size_t n, struct buf *ret, struct err *err);

/* Apply. fresh: the cgroup was just made, so nothing has to be replaced. A directory fd, O_PATH is enough. */
int devices_apply_v1(int dir_fd, const struct device_rule *rules, size_t n, bool fresh, struct err *err);
int devices_apply_v2(int dir_fd, const struct device_rule *rules, size_t n, bool fresh, struct err *err);
/* Takes our program off a cgroup that stays. */
int devices_detach_v2(int dir_fd);
