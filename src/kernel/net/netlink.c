/* SPDX-License-Identifier: Apache-2.0 */
/* A socket of rtnetlink and one exchange over it. What is asked is in netlink_link.c, netlink_address.c, netlink_route.c. */
#include "kernel/net/netlink_mnl.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"

#define ANSWER_MAX 32768
#define DUMP_TRIES 64

struct mnl_library netlink_mnl;

static int mnl_load(struct err *err)
{
	void *library = netlink_mnl.handle ? NULL : dlopen("libmnl.so.0", RTLD_NOW | RTLD_LOCAL);

	if (netlink_mnl.handle)
		return 0;
	if (!library) {
		err_set(err, ENOENT, "load libmnl: %s", dlerror());
		err_hint(err, "linux.netDevices needs the library libmnl.so.0");
		return -ENOENT;
	}
#define LOAD(f)                                               \
	*(void **)&netlink_mnl.f = dlsym(library, "mnl_" #f); \
	if (!netlink_mnl.f)                                   \
		return err_set(err, ENOENT, "load libmnl: it has no mnl_%s: another version", #f);
	MNL_FUNCTIONS(LOAD)
	netlink_mnl.handle = library;
	return 0;
}

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

int netlink_talk(struct netlink *nl, struct nlmsghdr *h, mnl_cb_t fn, void *arg)
{
	autofree char *answer = malloc(ANSWER_MAX);

	if (!answer)
		return -ENOMEM;
	h->nlmsg_seq = ++nl->seq;
	return mnl_socket_sendto(nl->socket, h, h->nlmsg_len) < 0 ? -errno : hear(nl, answer, fn, arg);
}

int netlink_dump(struct netlink *nl, struct nlmsghdr *h, mnl_cb_t fn, void *arg, struct buf *ret)
{
	const size_t before = ret->len;
	int r = -EINTR;

	for (int i = 0; r == -EINTR && i < DUMP_TRIES; i++) {
		ret->len = before;
		r = netlink_talk(nl, h, fn, arg);
	}
	return r == -EINTR ? -EBUSY : r < 0 ? r : ret->error;
}

struct nlmsghdr *netlink_begin(char *p, unsigned type, unsigned flags)
{
	struct nlmsghdr *h;

	memset(p, 0, NETLINK_REQUEST_MAX);
	h = mnl_nlmsg_put_header(p);
	h->nlmsg_type = (uint16_t)type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	return h;
}
