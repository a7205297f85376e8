/* SPDX-License-Identifier: Apache-2.0 */
/* Moving devices between network namespaces. A move with a name that is taken moves all the same and reports an error then, and one
 * with an index that is taken gets another one: so names are compared first, and the index is chosen here. */
#include "kernel/net/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/procfs.h"
#include "json/pointer.h"

void net_devices_label(const char *label, const char *old_name, const char *new_name, char ret[IFNAMSIZ])
{
	size_t n = strlen(old_name);

	ret[0] = '\0';
	if (!strcmp(label, old_name))
		return;
	/* of a name that the kernel is going to choose nothing is known, and a label that does not fit is none */
	if (!strncmp(label, old_name, n) && label[n] == ':') {
		if (strchr(new_name, '%') || (size_t)snprintf(ret, IFNAMSIZ, "%s%s", new_name, label + n) >= IFNAMSIZ)
			ret[0] = '\0';
	} else {
		snprintf(ret, IFNAMSIZ, "%s", label);
	}
}

int net_devices_free_index(const struct net_link *links, size_t n, int want)
{
	int max = 0;
	bool taken = false;

	for (size_t i = 0; i < n; i++) {
		taken = taken || links[i].index == want;
		max = links[i].index > max ? links[i].index : max;
	}
	return taken ? (want > max ? want : max) + 1 : want;
}

uint32_t net_devices_address_flags(uint32_t flags)
{
	return flags & (IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_HOMEADDRESS | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN);
}

static const char *new_name(const struct net_device *d)
{
	return d->spec->name && *d->spec->name ? d->spec->name : d->spec->key;
}

static int device_error(const struct net_device *d, const char *member, int r, struct err *err, const char *what)
{
	char pointer[JP_MAX] = "/linux/netDevices";

	jp_add_key(pointer, d->spec->key, strlen(d->spec->key));
	err_pointer(err, "%s%s", pointer, member);
	return err_code(err, r, "move network device `%s`: %s", d->spec->key, what);
}

/* ---- looking, before anything is touched ---- */

static int look_at(struct net_devices *n, struct net_device *d, struct err *err)
{
	int r = netlink_find(&n->here, d->spec->key, &d->link);

	if (r < 0)
		return device_error(d, "", r, err, "find it on the host");
	if (strcmp(d->link.name, d->spec->key))
		return device_error(d, "", -ENODEV, err, "an alternative name");
	if (d->link.flags & IFF_LOOPBACK)
		return device_error(d, "", -EINVAL, err, "each namespace has a loopback device of its own");
	r = netlink_addresses(&n->here, d->link.index, &d->addresses);
	if (r < 0)
		return device_error(d, "", r, err, "read its addresses");
	r = netlink_routes(&n->here, d->link.index, &d->routes);
	return r < 0 ? device_error(d, "", r, err, "read its routes") : 0;
}

static int choose_place(struct net_device *d, struct buf *links, struct err *err)
{
	const struct net_link *l = (const struct net_link *)(const void *)links->data;
	size_t len = links->len / sizeof(*l);
	struct net_link taken = { 0 };

	for (size_t i = 0; i < len; i++)
		if (!strcmp(l[i].name, new_name(d)))
			return device_error(d, "/name", -EEXIST, err,
					    "the container's namespace has a device of this name");
	d->index = taken.index = net_devices_free_index(l, len, d->link.index);
	snprintf(taken.name, sizeof(taken.name), "%s", new_name(d));
	return buf_add(links, &taken, sizeof(taken));
}

static int look(struct net_devices *n, struct err *err)
{
	AUTO(buf_done) struct buf links = { 0 };
	int r = netlink_links(&n->there, &links);

	if (r < 0)
		return err_code(err, r, "list network devices of the container");
	for (size_t i = 0; r >= 0 && i < n->len; i++) {
		r = look_at(n, &n->devices[i], err);
		if (r >= 0)
			r = choose_place(&n->devices[i], &links, err);
	}
	return r;
}

/* ---- moving ---- */

static int give_addresses(struct netlink *nl, int index, const struct net_device *d, const char *name)
{
	const struct net_address *a = (const struct net_address *)(const void *)d->addresses.data;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < d->addresses.len / sizeof(*a); i++) {
		struct net_address one = a[i];

		one.flags = net_devices_address_flags(one.flags);
		net_devices_label(a[i].label, d->link.name, name, one.label);
		r = netlink_add_address(nl, index, &one);
		/* up on the host, it may have a prefix route already; the address itself is what counts */
		if (r == -EEXIST)
			r = 0;
	}
	return r;
}

static int move(struct net_devices *n, struct net_device *d, struct err *err)
{
	struct net_move m = {
		.index = d->link.index, .ns_fd = n->there_fd, .new_index = d->index, .name = new_name(d)
	};
	int r = netlink_move(&n->here, &m);
	struct net_link now;

	/* The kernel may have moved it and failed afterwards. */
	d->moved = r >= 0 || netlink_get(&n->here, d->link.index, &now) == -ENODEV;
	if (r < 0) {
		if (r == -EINVAL)
			err_hint(err, "some devices belong to their namespace: bridges, tunnels, loopback");
		return device_error(d, "", r, err, "move it into the container");
	}
	r = netlink_get(&n->there, d->index, &now);
	if (r < 0)
		return device_error(d, "", r, err, "find it in the container");
	r = give_addresses(&n->there, d->index, d, now.name);
	if (r < 0)
		return device_error(d, "", r, err, "keep its addresses");
	r = netlink_set_up(&n->there, d->index);
	if (r >= 0)
		r = netlink_get(&n->there, d->index, &now);
	if (r >= 0 && !(now.flags & IFF_UP))
		r = -ENETDOWN;
	return r < 0 ? device_error(d, "", r, err, "set it up") : 0;
}

/* ---- and back ---- */

static int move_back(struct net_devices *n, struct net_device *d)
{
	struct net_move m = {
		.index = d->index, .ns_fd = n->here_fd, .new_index = d->link.index, .name = d->link.name
	};
	int r = netlink_move(&n->there, &m), e;

	if (r < 0)
		return r;
	if (d->link.master)
		r = netlink_set_master(&n->here, d->link.index, d->link.master);
	e = give_addresses(&n->here, d->link.index, d, d->link.name);
	r = r < 0 ? r : e;
	if (d->link.flags & IFF_UP) {
		e = netlink_set_up(&n->here, d->link.index);
		r = r < 0 ? r : e;
		e = netlink_add_routes(&n->here, &d->routes);
	}
	return r < 0 ? r : e;
}

void net_devices_return(struct net_devices *n)
{
	for (size_t i = n->len; i-- > 0;) {
		struct net_device *d = &n->devices[i];
		int r = d->moved ? move_back(n, d) : 0;

		if (r < 0)
			log_warn("undo: move network device `%s` back: %s", d->link.name, strerror(-r));
		d->moved = false;
	}
}

void net_devices_done(struct net_devices *n)
{
	for (size_t i = 0; i < n->len; i++) {
		buf_done(&n->devices[i].addresses);
		buf_done(&n->devices[i].routes);
	}
	free(n->devices);
	netlink_done(&n->here);
	netlink_done(&n->there);
	cleanup_close(&n->here_fd);
	cleanup_close(&n->there_fd);
	*n = (struct net_devices)NET_DEVICES_INIT;
}

static int open_both(struct net_devices *n, struct err *err)
{
	autoclose int proc_fd = procfs_open(err);
	int r;

	if (proc_fd < 0)
		return proc_fd;
	n->here_fd = procfs_open_ns(proc_fd, 0, "net");
	if (n->here_fd < 0)
		return err_code(err, n->here_fd, "open own network namespace");
	r = netlink_open(-1, &n->here, err);
	return r < 0 ? r : netlink_open(n->there_fd, &n->there, err);
}

int net_devices_place(const struct spec_net_device *spec, size_t len, int ns_fd, struct net_devices *ret,
		      struct err *err)
{
	struct net_devices n = {
		.here_fd = -1, .there_fd = ns_fd, .devices = calloc(len, sizeof(*n.devices)), .len = len
	};
	int r = n.devices ? 0 : err_set(err, ENOMEM, "move network devices");

	for (size_t i = 0; r >= 0 && i < len; i++)
		n.devices[i].spec = &spec[i];
	if (r >= 0)
		r = open_both(&n, err);
	if (r >= 0)
		r = look(&n, err);
	/* Those whose name the kernel chooses come last: it must not choose one that another is to have. */
	for (int chosen = 0; chosen <= 1; chosen++)
		for (size_t i = 0; r >= 0 && i < len; i++)
			if (!!strchr(new_name(&n.devices[i]), '%') == chosen)
				r = move(&n, &n.devices[i], err);
	if (r < 0) {
		n.len = n.devices ? len : 0;
		net_devices_return(&n);
		net_devices_done(&n);
		return r;
	}
	*ret = n;
	return 0;
}
