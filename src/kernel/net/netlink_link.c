/* SPDX-License-Identifier: Apache-2.0 */
/* Links: finding, moving, masters, state. No decisions here. */
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/net/netlink_mnl.h"

#ifndef IFLA_NEW_IFINDEX
#define IFLA_NEW_IFINDEX 49
#endif

static struct nlmsghdr *begin_link(char *p, unsigned type, unsigned flags, int index)
{
	struct nlmsghdr *h = netlink_begin(p, type, flags);
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof(*i));

	i->ifi_family = AF_UNSPEC;
	i->ifi_index = index;
	return h;
}

static int take_link(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	struct buf *out = arg;
	struct net_link l = { .index = i->ifi_index, .flags = i->ifi_flags };
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof(*i))
	{
		if (mnl_attr_get_type(a) == IFLA_IFNAME && mnl_attr_get_payload_len(a) <= sizeof(l.name))
			memcpy(l.name, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
		else if (mnl_attr_get_type(a) == IFLA_MASTER && mnl_attr_get_payload_len(a) == sizeof(uint32_t))
			l.master = (int)mnl_attr_get_u32(a);
	}
	l.name[sizeof(l.name) - 1] = '\0';
	buf_add(out, &l, sizeof(l));
	return MNL_CB_OK;
}

static int one_link(struct netlink *nl, struct nlmsghdr *h, struct net_link *ret)
{
	AUTO(buf_done) struct buf found = { 0 };
	int r = netlink_talk(nl, h, take_link, &found);

	if (r < 0)
		return r;
	if (found.len < sizeof(*ret))
		return found.error ? found.error : -ENODEV;
	memcpy(ret, found.data, sizeof(*ret));
	return 0;
}

int netlink_find(struct netlink *nl, const char *name, struct net_link *ret)
{
	char p[NETLINK_REQUEST_MAX];
	struct nlmsghdr *h = begin_link(p, RTM_GETLINK, NLM_F_ACK, 0);

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return one_link(nl, h, ret);
}

int netlink_get(struct netlink *nl, int index, struct net_link *ret)
{
	char p[NETLINK_REQUEST_MAX];

	return one_link(nl, begin_link(p, RTM_GETLINK, NLM_F_ACK, index), ret);
}

int netlink_links(struct netlink *nl, struct buf *ret)
{
	char p[NETLINK_REQUEST_MAX];

	return netlink_dump(nl, begin_link(p, RTM_GETLINK, NLM_F_DUMP, 0), take_link, ret, ret);
}

int netlink_move(struct netlink *nl, const struct net_move *m)
{
	char p[NETLINK_REQUEST_MAX];
	struct nlmsghdr *h = begin_link(p, RTM_NEWLINK, NLM_F_ACK, m->index);

	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)m->ns_fd);
	mnl_attr_put_u32(h, IFLA_NEW_IFINDEX, (uint32_t)m->new_index);
	mnl_attr_put_strz(h, IFLA_IFNAME, m->name);
	return netlink_talk(nl, h, NULL, NULL);
}

int netlink_set_master(struct netlink *nl, int index, int master)
{
	char p[NETLINK_REQUEST_MAX];
	struct nlmsghdr *h = begin_link(p, RTM_NEWLINK, NLM_F_ACK, index);

	mnl_attr_put_u32(h, IFLA_MASTER, (uint32_t)master);
	return netlink_talk(nl, h, NULL, NULL);
}

int netlink_set_up(struct netlink *nl, int index)
{
	char p[NETLINK_REQUEST_MAX];
	struct nlmsghdr *h = begin_link(p, RTM_NEWLINK, NLM_F_ACK, index);
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);

	i->ifi_flags = i->ifi_change = IFF_UP;
	return netlink_talk(nl, h, NULL, NULL);
}
