/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions of moving network devices: labels, indexes, flags; and lists that change while they are read (needs root). */
#include "check.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/net/devices.h"

static const char *label(const char *text, const char *old_name, const char *new_name)
{
	static char ret[IFNAMSIZ];

	net_devices_label(text, old_name, new_name, ret);
	return ret;
}

TEST(labels)
{
	CHECK_STR(label("eth0", "eth0", "net0"), "");
	CHECK_STR(label("eth0:1", "eth0", "net0"), "net0:1");
	CHECK_STR(label("eth0:1", "eth0", "eth0"), "eth0:1");
	CHECK_STR(label("eth01", "eth0", "net0"), "eth01");
	CHECK_STR(label("other", "eth0", "net0"), "other");
	CHECK_STR(label("eth0:1", "eth0", "eth%d"), "");
	CHECK_STR(label("e0:12345", "e0", "abcdefghijklmno"), "");
	CHECK_STR(label("e0:12345678901", "e0", "e1"), "e1:12345678901");
	CHECK_STR(label("", "e0", "e1"), "");
}

TEST(indexes)
{
	static const struct net_link links[] = { { .index = 1 }, { .index = 7 }, { .index = 3 } };

	CHECK_INT(net_devices_free_index(links, ARRAY_SIZE(links), 2), 2);
	CHECK_INT(net_devices_free_index(links, ARRAY_SIZE(links), 3), 8);
	CHECK_INT(net_devices_free_index(links, ARRAY_SIZE(links), 7), 8);
	CHECK_INT(net_devices_free_index(links, ARRAY_SIZE(links), 9), 9);
	CHECK_INT(net_devices_free_index(NULL, 0, 4), 4);
}

TEST(address_flags)
{
	CHECK_INT(net_devices_address_flags(IFA_F_PERMANENT | IFA_F_SECONDARY | IFA_F_TENTATIVE | IFA_F_DADFAILED), 0);
	CHECK_INT(net_devices_address_flags(IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_PERMANENT),
		  IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
}

static int add_one(struct netlink *nl, int index, uint32_t n)
{
	struct net_address a = { .family = AF_INET, .prefix = 32, .has_local = true };

	a.local[0] = 10;
	a.local[1] = (uint8_t)(n >> 16);
	a.local[2] = (uint8_t)(n >> 8);
	a.local[3] = (uint8_t)n;
	return netlink_add_address(nl, index, &a);
}

static pid_t add_more(int index, uint32_t from)
{
	struct netlink nl;
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(60);
	if (netlink_open(-1, &nl, NULL) < 0)
		_exit(1);
	for (;; usleep(2000))
		add_one(&nl, index, from++);
}

/* "Interrupted" is no error: the list is asked for again, and what was left of the first answer is not taken for the next one. */
TEST(a_list_that_changes_while_it_is_read)
{
	enum { BEFORE = 2000, ROUNDS = 150 };
	struct netlink nl;
	struct net_link lo;
	int failed = 0;

	if (unshare(CLONE_NEWNET) < 0)
		SKIP("needs root");
	if (!CHECK_INT(netlink_open(-1, &nl, NULL), 0) || !CHECK_INT(netlink_find(&nl, "lo", &lo), 0))
		return;
	for (uint32_t i = 1; i <= BEFORE; i++)
		failed += add_one(&nl, lo.index, i) < 0;
	CHECK_INT(failed, 0);
	pid_t pid = add_more(lo.index, BEFORE + 1);
	for (int i = 0; i < ROUNDS; i++) {
		AUTO(buf_done) struct buf list = { 0 };

		failed += netlink_addresses(&nl, lo.index, &list) != 0;
		failed += list.len / sizeof(struct net_address) < BEFORE;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK_INT(failed, 0);
	CHECK_INT(netlink_find(&nl, "lo", &lo), 0);
	netlink_done(&nl);
}

static const char *output(const char *command)
{
	static char text[8192];
	FILE *f = popen(command, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = '\0';
	if (f)
		pclose(f);
	return text;
}

/* A device that comes back to the host is what it was, with the routes over it. */
TEST(routes_come_back)
{
	/* what the kernel makes by itself comes in another order, or when an address is sure of itself */
	static const char look[] =
		"(ip route show table all; ip -6 route show table all; ip addr show dev v0 | grep inet) | "
		"grep -vE 'fe80|table local'";
	struct spec_net_device spec = { .key = "v0" };
	struct net_devices moved = NET_DEVICES_INIT;
	autoclose int here = -1;
	struct err err = { 0 };
	char before[8192];
	int there;

	if (unshare(CLONE_NEWNET) < 0)
		SKIP("needs root");
	if (system("ip link add v0 type veth peer name v1 2>/dev/null") != 0)
		SKIP("needs ip and veth");
	/* no duplicates are looked for: an address is there at once */
	CHECK_INT(
		system("echo 0 >/proc/sys/net/ipv6/conf/v0/accept_dad; ip link set v1 up && ip link set v0 up && "
		       "ip addr add 192.0.2.1/24 dev v0 && ip addr add 2001:db8::1/64 dev v0 nodad && "
		       "ip route add default via 192.0.2.9 dev v0 metric 77 && "
		       "ip route add 198.51.100.0/24 dev v0 scope link src 192.0.2.1 mtu 1300 && "
		       "ip route add 203.0.113.0/24 via 198.51.100.7 dev v0 table 4711 proto static && "
		       "ip route add 203.0.113.7/32 via 10.9.9.9 dev v0 onlink && ip route add unreachable 10.8.0.0/16 && "
		       "ip -6 route add 2001:db8:1::/48 via 2001:db8::9 dev v0 metric 5 && "
		       "ip -6 route add 2001:db8:2::/48 dev v0 table 12 proto 99"),
		0);
	snprintf(before, sizeof(before), "%s", output(look));
	CHECK(strstr(before, "203.0.113.0/24") && strstr(before, "2001:db8:2::/48"));
	here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK_INT(unshare(CLONE_NEWNET), 0);
	there = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK_INT(setns(here, CLONE_NEWNET), 0);
	if (!CHECK_INT(net_devices_place(&spec, 1, there, &moved, &err), 0)) {
		printf("# %s\n", err.text);
		return;
	}
	CHECK_STR(output("ip -o link show v0 2>/dev/null"), "");
	net_devices_return(&moved);
	net_devices_done(&moved);
	CHECK_STR(output(look), before);
}

CHECK_MAIN();
