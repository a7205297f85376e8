/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices: network devices of the runtime's namespace are moved into the container's, with their addresses. Host side. */
#pragma once

#include <stddef.h>

#include "kernel/net/netlink.h"
#include "spec/model.h"

struct net_device {
	const struct spec_net_device *spec;
	struct net_link link; /* as it was on the host */
	struct buf addresses; /* struct net_address */
	struct buf routes;    /* of netlink_routes */
	int index;            /* in the container */
	bool moved;
};

struct net_devices {
	struct netlink here, there;
	int here_fd, there_fd; /* the namespaces; held, so that a dying container does not take the devices with it */
	struct net_device *devices;
	size_t len;
};
#define NET_DEVICES_INIT                      \
	{                                     \
		.here_fd = -1, .there_fd = -1 \
	}

/* Moves all of them, or none: everything that can be wrong is looked at before the first is touched, and what went before a failure
 * is taken back. ns_fd (owned from here on) is the container's namespace. On success the record is kept for net_devices_return. */
int net_devices_place(const struct spec_net_device *spec, size_t n, int ns_fd, struct net_devices *ret,
		      struct err *err);
/* Back to the host, as they were: name, addresses, master, state, routes. Best effort, with warnings. Only while the create still fails:
 * once the container exists, its devices are its own. */
void net_devices_return(struct net_devices *d);
void net_devices_done(struct net_devices *d);

/* Pure parts. The label of an address follows the name of its device ("eth0:1"); "" when it is just the name. */
void net_devices_label(const char *label, const char *old_name, const char *new_name, char ret[IFNAMSIZ]);
/* want when no link of the n has it, else the first above all of them. */
int net_devices_free_index(const struct net_link *links, size_t n, int want);
/* The flags with which an address is made anew. */
uint32_t net_devices_address_flags(uint32_t flags);
