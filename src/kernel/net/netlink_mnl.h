/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of netlink.h share: libmnl, loaded when a document names network devices, and one exchange with the kernel. */
#pragma once

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "kernel/net/netlink.h"

#define NETLINK_REQUEST_MAX 1024

#define MNL_FUNCTIONS(F)            \
	F(attr_get_payload)         \
	F(attr_get_payload_len)     \
	F(attr_get_type)            \
	F(attr_get_u32)             \
	F(attr_put)                 \
	F(attr_put_strz)            \
	F(attr_put_u32)             \
	F(attr_ok)                  \
	F(attr_next)                \
	F(cb_run)                   \
	F(nlmsg_get_payload)        \
	F(nlmsg_get_payload_offset) \
	F(nlmsg_get_payload_tail)   \
	F(nlmsg_put_extra_header)   \
	F(nlmsg_put_header)         \
	F(socket_bind)              \
	F(socket_close)             \
	F(socket_get_portid)        \
	F(socket_open2)             \
	F(socket_recvfrom)          \
	F(socket_sendto)            \
	F(socket_setsockopt)

struct mnl_library {
	void *handle;
#define FIELD(f) __typeof__(mnl_##f) *f;
	MNL_FUNCTIONS(FIELD)
#undef FIELD
};
extern struct mnl_library netlink_mnl;

/* From here on the library's names, in its macros too, mean what was loaded. */
#define mnl_attr_get_payload netlink_mnl.attr_get_payload
#define mnl_attr_get_payload_len netlink_mnl.attr_get_payload_len
#define mnl_attr_get_type netlink_mnl.attr_get_type
#define mnl_attr_get_u32 netlink_mnl.attr_get_u32
#define mnl_attr_put netlink_mnl.attr_put
#define mnl_attr_put_strz netlink_mnl.attr_put_strz
#define mnl_attr_put_u32 netlink_mnl.attr_put_u32
#define mnl_attr_ok netlink_mnl.attr_ok
#define mnl_attr_next netlink_mnl.attr_next
#define mnl_cb_run netlink_mnl.cb_run
#define mnl_nlmsg_get_payload netlink_mnl.nlmsg_get_payload
#define mnl_nlmsg_get_payload_offset netlink_mnl.nlmsg_get_payload_offset
#define mnl_nlmsg_get_payload_tail netlink_mnl.nlmsg_get_payload_tail
#define mnl_nlmsg_put_extra_header netlink_mnl.nlmsg_put_extra_header
#define mnl_nlmsg_put_header netlink_mnl.nlmsg_put_header
#define mnl_socket_bind netlink_mnl.socket_bind
#define mnl_socket_close netlink_mnl.socket_close
#define mnl_socket_get_portid netlink_mnl.socket_get_portid
#define mnl_socket_open2 netlink_mnl.socket_open2
#define mnl_socket_recvfrom netlink_mnl.socket_recvfrom
#define mnl_socket_sendto netlink_mnl.socket_sendto
#define mnl_socket_setsockopt netlink_mnl.socket_setsockopt

/* What a list is searched for. */
struct net_wanted {
	int index; /* of the link */
	struct buf *out;
};

/* The begin of a request in p[NETLINK_REQUEST_MAX]. */
struct nlmsghdr *netlink_begin(char *p, unsigned type, unsigned flags);
/* Sends it and hears all that belongs to it; fn gets each message of the answer. */
int netlink_talk(struct netlink *nl, struct nlmsghdr *h, mnl_cb_t fn, void *arg);
/* The same for a list, which fn adds to ret: a list that changed while the kernel wrote it may lack something, so it is asked for again,
 * but nobody can keep us here for ever. */
int netlink_dump(struct netlink *nl, struct nlmsghdr *h, mnl_cb_t fn, void *arg, struct buf *ret);
