/* SPDX-License-Identifier: Apache-2.0 */
/* Routes over a link, as the kernel wrote them: they go when it leaves its namespace. No decisions here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "kernel/net/netlink_mnl.h"

/* What comes back by itself: with an address, from a router, or because it is only a memory of the last packet. */
static bool is_made_by_others(const struct rtmsg *m)
{
	return m->rtm_protocol == RTPROT_KERNEL || m->rtm_protocol == RTPROT_REDIRECT || m->rtm_protocol == RTPROT_RA ||
	       m->rtm_flags & RTM_F_CLONED || m->rtm_table == RT_TABLE_LOCAL;
}

static int take_route(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	const struct net_wanted *w = arg;
	const struct nlattr *a;
	bool ours = false, lasts = true;

	mnl_attr_for_each(a, h, sizeof(*m))
	{
		if (mnl_attr_get_type(a) == RTA_OIF)
			ours = mnl_attr_get_u32(a) == (uint32_t)w->index;
		else if (mnl_attr_get_type(a) == RTA_NH_ID)
			lasts = false;
		else if (mnl_attr_get_type(a) == RTA_CACHEINFO &&
			 mnl_attr_get_payload_len(a) >= sizeof(struct rta_cacheinfo))
			lasts = lasts && !((const struct rta_cacheinfo *)mnl_attr_get_payload(a))->rta_expires;
	}
	if (ours && lasts && !is_made_by_others(m))
		buf_add(w->out, h, NLMSG_ALIGN(h->nlmsg_len));
	return MNL_CB_OK;
}

/* With strict checking (since 4.20) the kernel looks at RTA_OIF: a table of a million routes is not copied to us. */
static int dump_family(struct netlink *nl, uint8_t family, struct net_wanted *w)
{
	char p[NETLINK_REQUEST_MAX];
	struct nlmsghdr *h = netlink_begin(p, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));

	m->rtm_family = family;
	mnl_attr_put_u32(h, RTA_OIF, (uint32_t)w->index);
	return netlink_dump(nl, h, take_route, w, w->out);
}

/* A host without IPv6 has none of its routes. */
static int dump_ipv6(struct netlink *nl, struct net_wanted *w)
{
	int r = dump_family(nl, AF_INET6, w);

	return r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

int netlink_routes(struct netlink *nl, int index, struct buf *ret)
{
	struct net_wanted w = { index, ret };
	int on = 1, off = 0, r;

	if (mnl_socket_setsockopt(nl->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) < 0)
		return -errno;
	r = dump_family(nl, AF_INET, &w);
	if (r >= 0)
		r = dump_ipv6(nl, &w);
	mnl_socket_setsockopt(nl->socket, NETLINK_GET_STRICT_CHK, &off, sizeof(off));
	return r;
}

static bool has_gateway(const struct nlmsghdr *h)
{
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof(struct rtmsg))
	{
		if (mnl_attr_get_type(a) == RTA_GATEWAY || mnl_attr_get_type(a) == RTA_VIA)
			return true;
	}
	return false;
}

static int add_route(struct netlink *nl, const struct nlmsghdr *h)
{
	autofree struct nlmsghdr *copy = malloc(h->nlmsg_len);
	struct rtmsg *m;
	int r;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, h, h->nlmsg_len);
	m = mnl_nlmsg_get_payload(copy);
	/* What it was like is not what it is to be like. */
	m->rtm_flags &= RTNH_F_ONLINK | RTNH_F_PERVASIVE;
	copy->nlmsg_type = RTM_NEWROUTE;
	copy->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	copy->nlmsg_pid = 0;
	r = netlink_talk(nl, copy, NULL, NULL);
	return r == -EEXIST ? 0 : r;
}

/* A gateway has to be in reach: it comes after the routes that lead to neighbours. */
int netlink_add_routes(struct netlink *nl, const struct buf *routes)
{
	int first = 0;

	for (int gateways = 0; gateways <= 1; gateways++)
		for (size_t at = 0; at < routes->len;) {
			const struct nlmsghdr *h = (const struct nlmsghdr *)(const void *)(routes->data + at);
			int r = has_gateway(h) == gateways ? add_route(nl, h) : 0;

			at += NLMSG_ALIGN(h->nlmsg_len);
			first = first < 0 ? first : r;
		}
	return first;
}
