/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink requests, one function each, every one acknowledged. No decisions here. */
#include "kernel/net/netlink.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"

#ifndef IFLA_NEW_IFINDEX
#define IFLA_NEW_IFINDEX 49
#endif
#ifndef IFA_PROTO
#define IFA_PROTO 11
#endif
#define REQUEST_MAX 1024
#define ANSWER_MAX 32768
#define DUMP_TRIES 64

/* libmnl is loaded when a document names network devices: the start of all other containers does not pay for it. */
#define MNL_FUNCTIONS(F)                \
	F(mnl_attr_get_payload)         \
	F(mnl_attr_get_payload_len)     \
	F(mnl_attr_get_type)            \
	F(mnl_attr_get_u32)             \
	F(mnl_attr_put)                 \
	F(mnl_attr_put_strz)            \
	F(mnl_attr_put_u32)             \
	F(mnl_attr_ok)                  \
	F(mnl_attr_next)                \
	F(mnl_cb_run)                   \
	F(mnl_nlmsg_get_payload)        \
	F(mnl_nlmsg_get_payload_offset) \
	F(mnl_nlmsg_get_payload_tail)   \
	F(mnl_nlmsg_put_extra_header)   \
	F(mnl_nlmsg_put_header)         \
	F(mnl_socket_bind)              \
	F(mnl_socket_close)             \
	F(mnl_socket_get_portid)        \
	F(mnl_socket_open2)             \
	F(mnl_socket_recvfrom)          \
	F(mnl_socket_sendto)

static struct {
	void *library;
#define FIELD(f) __typeof__(f) *f;
	MNL_FUNCTIONS(FIELD)
} mnl;

static int mnl_load(struct err *err)
{
	void *library = mnl.library ? NULL : dlopen("libmnl.so.0", RTLD_NOW | RTLD_LOCAL);

	if (mnl.library)
		return 0;
	if (!library) {
		err_set(err, ENOENT, "load libmnl: %s", dlerror());
		err_hint(err, "linux.netDevices needs the library libmnl.so.0");
		return -ENOENT;
	}
#define LOAD(f)                                \
	*(void **)&mnl.f = dlsym(library, #f); \
	if (!mnl.f)                            \
		return err_set(err, ENOENT, "load libmnl: it has no %s: another version", #f);
	MNL_FUNCTIONS(LOAD)
	mnl.library = library;
	return 0;
}

/* From here on the library's names, in its macros too, mean what was loaded. */
#define mnl_attr_get_payload mnl.mnl_attr_get_payload
#define mnl_attr_get_payload_len mnl.mnl_attr_get_payload_len
#define mnl_attr_get_type mnl.mnl_attr_get_type
#define mnl_attr_get_u32 mnl.mnl_attr_get_u32
#define mnl_attr_put mnl.mnl_attr_put
#define mnl_attr_put_strz mnl.mnl_attr_put_strz
#define mnl_attr_put_u32 mnl.mnl_attr_put_u32
#define mnl_attr_ok mnl.mnl_attr_ok
#define mnl_attr_next mnl.mnl_attr_next
#define mnl_cb_run mnl.mnl_cb_run
#define mnl_nlmsg_get_payload mnl.mnl_nlmsg_get_payload
#define mnl_nlmsg_get_payload_offset mnl.mnl_nlmsg_get_payload_offset
#define mnl_nlmsg_get_payload_tail mnl.mnl_nlmsg_get_payload_tail
#define mnl_nlmsg_put_extra_header mnl.mnl_nlmsg_put_extra_header
#define mnl_nlmsg_put_header mnl.mnl_nlmsg_put_header
#define mnl_socket_bind mnl.mnl_socket_bind
#define mnl_socket_close mnl.mnl_socket_close
#define mnl_socket_get_portid mnl.mnl_socket_get_portid
#define mnl_socket_open2 mnl.mnl_socket_open2
#define mnl_socket_recvfrom mnl.mnl_socket_recvfrom
#define mnl_socket_sendto mnl.mnl_socket_sendto

static int open_here(struct netlink *ret, struct err *err)
{
	struct mnl_socket *s;
	int r = mnl_load(err);

	if (r < 0)
		return r;
	s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!s)
		return err_sys(err, "open netlink socket");
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
		r = err_sys(err, "bind netlink socket");

		mnl_socket_close(s);
		return r;
	}
	*ret = (struct netlink){ .socket = s };
	return 0;
}

/* A socket belongs to the namespace in which it was made, whoever uses it. */
int netlink_open(int ns_fd, struct netlink *ret, struct err *err)
{
	autoclose int own_fd = -EBADF, proc_fd = -EBADF;
	int r;

	if (ns_fd < 0)
		return open_here(ret, err);
	proc_fd = procfs_open(err);
	if (proc_fd < 0)
		return proc_fd;
	own_fd = procfs_open_ns(proc_fd, 0, "net");
	if (own_fd < 0)
		return err_code(err, own_fd, "open own network namespace");
	if (setns(ns_fd, CLONE_NEWNET) < 0)
		return err_sys(err, "enter network namespace");
	r = open_here(ret, err);
	if (setns(own_fd, CLONE_NEWNET) < 0) {
		r = err_sys(err, "leave network namespace");
		netlink_done(ret);
	}
	return r;
}

void netlink_done(struct netlink *nl)
{
	if (nl->socket)
		mnl_socket_close(nl->socket);
	nl->socket = NULL;
}

/* "Interrupted" is said of every part of a dump, and by libmnl as an error of the first one: taken off for it. */
static bool take_interrupted(char *answer, size_t len)
{
	bool interrupted = false;

	for (size_t at = 0; len - at >= sizeof(struct nlmsghdr);) {
		struct nlmsghdr *h = (struct nlmsghdr *)(void *)(answer + at);

		interrupted |= h->nlmsg_flags & NLM_F_DUMP_INTR;
		h->nlmsg_flags &= (uint16_t)~NLM_F_DUMP_INTR;
		if (h->nlmsg_len < sizeof(*h) || NLMSG_ALIGN(h->nlmsg_len) > len - at)
			break;
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	return interrupted;
}

/* All that belongs to one request: what is left in the socket would be taken for the answer to the next. */
static int hear(struct netlink *nl, char *answer, mnl_cb_t fn, void *arg)
{
	unsigned port = mnl_socket_get_portid(nl->socket);
	bool interrupted = false;
	int r = 1;

	while (r > 0) {
		ssize_t n = mnl_socket_recvfrom(nl->socket, answer, ANSWER_MAX);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		interrupted |= take_interrupted(answer, (size_t)n);
		r = mnl_cb_run(answer, (size_t)n, nl->seq, port, fn, arg);
		if (r < 0)
			return -errno;
	}
	return interrupted ? -EINTR : 0;
}

static int talk(struct netlink *nl, struct nlmsghdr *h, mnl_cb_t fn, void *arg)
{
	autofree char *answer = malloc(ANSWER_MAX);

	if (!answer)
		return -ENOMEM;
	h->nlmsg_seq = ++nl->seq;
	return mnl_socket_sendto(nl->socket, h, h->nlmsg_len) < 0 ? -errno : hear(nl, answer, fn, arg);
}

/* A list that changed while the kernel wrote it may lack something: it is asked for again, but nobody can keep us here for ever. */
static int dump(struct netlink *nl, struct nlmsghdr *h, mnl_cb_t fn, void *arg, struct buf *ret)
{
	const size_t before = ret->len;
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < DUMP_TRIES; i++) {
		ret->len = before;
		r = talk(nl, h, fn, arg);
	}
	return r == -EINTR ? -EBUSY : r < 0 ? r : ret->error;
}

static struct nlmsghdr *begin(char *p, unsigned type, unsigned flags)
{
	struct nlmsghdr *h;

	memset(p, 0, REQUEST_MAX);
	h = mnl_nlmsg_put_header(p);
	h->nlmsg_type = (uint16_t)type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	return h;
}

/* ---- links ---- */

static struct nlmsghdr *begin_link(char *p, unsigned type, unsigned flags, int index)
{
	struct nlmsghdr *h = begin(p, type, flags);
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
	int r = talk(nl, h, take_link, &found);

	if (r < 0)
		return r;
	if (found.len < sizeof(*ret))
		return found.error ? found.error : -ENODEV;
	memcpy(ret, found.data, sizeof(*ret));
	return 0;
}

int netlink_find(struct netlink *nl, const char *name, struct net_link *ret)
{
	char p[REQUEST_MAX];
	struct nlmsghdr *h = begin_link(p, RTM_GETLINK, NLM_F_ACK, 0);

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return one_link(nl, h, ret);
}

int netlink_get(struct netlink *nl, int index, struct net_link *ret)
{
	char p[REQUEST_MAX];

	return one_link(nl, begin_link(p, RTM_GETLINK, NLM_F_ACK, index), ret);
}

int netlink_links(struct netlink *nl, struct buf *ret)
{
	char p[REQUEST_MAX];

	return dump(nl, begin_link(p, RTM_GETLINK, NLM_F_DUMP, 0), take_link, ret, ret);
}

int netlink_move(struct netlink *nl, const struct net_move *m)
{
	char p[REQUEST_MAX];
	struct nlmsghdr *h = begin_link(p, RTM_NEWLINK, NLM_F_ACK, m->index);

	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)m->ns_fd);
	mnl_attr_put_u32(h, IFLA_NEW_IFINDEX, (uint32_t)m->new_index);
	mnl_attr_put_strz(h, IFLA_IFNAME, m->name);
	return talk(nl, h, NULL, NULL);
}

int netlink_set_master(struct netlink *nl, int index, int master)
{
	char p[REQUEST_MAX];
	struct nlmsghdr *h = begin_link(p, RTM_NEWLINK, NLM_F_ACK, index);

	mnl_attr_put_u32(h, IFLA_MASTER, (uint32_t)master);
	return talk(nl, h, NULL, NULL);
}

int netlink_set_up(struct netlink *nl, int index)
{
	char p[REQUEST_MAX];
	struct nlmsghdr *h = begin_link(p, RTM_NEWLINK, NLM_F_ACK, index);
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);

	i->ifi_flags = i->ifi_change = IFF_UP;
	return talk(nl, h, NULL, NULL);
}

/* ---- addresses ---- */

struct wanted {
	int index;
	struct buf *out;
};

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
	const struct wanted *w = arg;
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
	char p[REQUEST_MAX];
	struct nlmsghdr *h = begin(p, RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	struct wanted w = { index, ret };

	m->ifa_family = AF_UNSPEC;
	return dump(nl, h, take_address, &w, ret);
}

int netlink_add_address(struct netlink *nl, int index, const struct net_address *a)
{
	size_t len = a->family == AF_INET6 ? 16 : 4;
	char p[REQUEST_MAX];
	struct nlmsghdr *h = begin(p, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
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
	return talk(nl, h, NULL, NULL);
}
