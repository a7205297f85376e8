/* SPDX-License-Identifier: Apache-2.0 */
/* linux.sysctl: which parameters belong to a container. Pure; host side. */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "kernel/ns/sysctl.h"
#include "spec/model.h"

/* own_ns: bits 1 << SPEC_NS_*, the namespaces that are new, or joined and not the host's. A parameter outside of them is an
 * error: writing it would change the host. */
int sysctl_plan_build(const struct spec_kv *kv, size_t n, unsigned own_ns, struct buf *flat, struct sysctl_plan *ret,
		      struct err *err);
/* "net.ipv4.ip_forward" or "net/ipv4/ip_forward" to "sys/net/ipv4/ip_forward", as sysctl(8): the first separator that occurs
 * separates, the other one stands for itself in names. -EINVAL or -ENAMETOOLONG. */
int sysctl_plan_path(const char *key, char *out, size_t len);
void sysctl_plan_print(const struct flat *f, const struct sysctl_plan *p, struct buf *out);
