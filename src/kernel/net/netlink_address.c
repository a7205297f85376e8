/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of a link. No decisions here. */
#include <linux/if_addr.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/net/netlink_mnl.h"

#ifndef IFA_PROTO
#define IFA_PROTO 11
#endif

static bool take_bytes(const struct nlattr *a, uint8_t *out, size_t len)
{
	if (mnl_attr_get_payload_len(a) > len)
		return false;
	memcpy(out, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
	return true;
}

static void take_attribute(const struct nlattr *a, struct net_address *ret)
{
	switch (mnl_attr_get_type(a)) {
	case IFA_LOCAL:
		ret->has_local = take_bytes(a, ret->local, sizeof(ret->local));
		break;
	case IFA_ADDRESS:
		ret->has_address = take_bytes(a, ret->address, sizeof(ret->address));
		break;
	case IFA_BROADCAST:
		ret->has_broadcast = take_bytes(a, ret->broadcast, sizeof(ret->broadcast));
		break;
	case IFA_LABEL:
		take_bytes(a, (uint8_t *)ret->label, sizeof(ret->label) - 1);
		break;
	case IFA_FLAGS:
		ret->flags = mnl_attr_get_u32(a);
		break;
	case IFA_RT_PRIORITY:
		ret->metric = mnl_attr_get_u32(a);
		ret->has_metric = true;
		break;
	case IFA_PROTO:
		ret->has_proto = take_bytes(a, &ret->proto, 1);
		break;
	default:
		break;
	}
}

static int take_address(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	const struct net_wanted *w = arg;
	struct net_address ret = {
		.family = m->ifa_family, .prefix = m->ifa_prefixlen, .scope = m->ifa_scope, .flags = m->ifa_flags
	};
	const struct nlattr *a;

	if ((int)m->ifa_index != w->index || m->ifa_scope != RT_SCOPE_UNIVERSE)
		return MNL_CB_OK;
	mnl_attr_for_each(a, h, sizeof(*m)) take_attribute(a, &ret);
	if (ret.flags & IFA_F_PERMANENT)
		buf_add(w->out, &ret, sizeof(ret));
	return MNL_CB_OK;
}

int netlink_addresses(struct netlink *nl, int index, struct buf *ret)
{
	char p[NETLINK_REQUEST_MAX];
	struct nlmsghdr *h = netlink_begin(p, RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	struct net_wanted w = { index, ret };

	m->ifa_family = AF_UNSPEC;
	return netlink_dump(nl, h, take_address, &w, ret);
}

int netlink_add_address(struct netlink *nl, int index, const struct net_address *a)
{
	size_t len = a->family == AF_INET6 ? 16 : 4;
	char p[NETLINK_REQUEST_MAX];
	struct nlmsghdr *h = netlink_begin(p, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->ifa_family = a->family;
	m->ifa_prefixlen = a->prefix;
	m->ifa_scope = a->scope;
	m->ifa_index = (uint32_t)index;
	if (a->has_local)
		mnl_attr_put(h, IFA_LOCAL, len, a->local);
	if (a->has_address)
		mnl_attr_put(h, IFA_ADDRESS, len, a->address);
	if (a->has_broadcast)
		mnl_attr_put(h, IFA_BROADCAST, sizeof(a->broadcast), a->broadcast);
	if (a->label[0])
		mnl_attr_put_strz(h, IFA_LABEL, a->label);
	if (a->has_metric)
		mnl_attr_put_u32(h, IFA_RT_PRIORITY, a->metric);
	if (a->has_proto)
		mnl_attr_put(h, IFA_PROTO, 1, &a->proto);
	mnl_attr_put_u32(h, IFA_FLAGS, a->flags);
	return netlink_talk(nl, h, NULL, NULL);
}
