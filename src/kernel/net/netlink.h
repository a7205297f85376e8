/* SPDX-License-Identifier: Apache-2.0 */
/* Links, addresses and routes over rtnetlink. Host side. Only netlink_mnl.h includes libmnl. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct mnl_socket;
struct netlink {
	struct mnl_socket *socket; /* in one network namespace for ever */
	unsigned seq;
};

struct net_link {
	int index;
	int master;     /* index of the bridge or bond it is a port of, 0 = none */
	unsigned flags; /* IFF_* */
	char name[IFNAMSIZ];
};

/* An address as it is set again: everything but its life time. */
struct net_address {
	uint8_t family, prefix, scope, proto;
	uint32_t flags; /* IFA_F_* */
	uint32_t metric;
	uint8_t local[16], address[16], broadcast[4];
	bool has_local, has_address, has_broadcast, has_metric, has_proto;
	char label[IFNAMSIZ]; /* "" = none */
};

struct net_move {
	int index, ns_fd;
	int new_index;    /* there; must be free */
	const char *name; /* there; may end in %d */
};

/* ns_fd: an open network namespace, or -1 for the present one. */
int netlink_open(int ns_fd, struct netlink *ret, struct err *err);
void netlink_done(struct netlink *nl);
/* -ENODEV without text when there is none. */
int netlink_find(struct netlink *nl, const char *name, struct net_link *ret);
int netlink_get(struct netlink *nl, int index, struct net_link *ret);
/* All links: struct net_link. */
int netlink_links(struct netlink *nl, struct buf *ret);
/* Permanent addresses of universal scope: struct net_address. */
int netlink_addresses(struct netlink *nl, int index, struct buf *ret);
int netlink_move(struct netlink *nl, const struct net_move *m);
int netlink_set_master(struct netlink *nl, int index, int master);
int netlink_set_up(struct netlink *nl, int index);
int netlink_add_address(struct netlink *nl, int index, const struct net_address *a);
/* Routes over it that somebody has made, as messages of the kernel. Not those with a lifetime, several next hops or a next hop object. */
int netlink_routes(struct netlink *nl, int index, struct buf *ret);
/* Makes them again; the link has its index and its addresses and is up. All are tried; the first error counts. */
int netlink_add_routes(struct netlink *nl, const struct buf *routes);
