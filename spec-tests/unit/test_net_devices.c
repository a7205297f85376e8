/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions of moving network devices: labels, indexes, flags; and lists that change while they are read (needs root). */
#include "check.h"

#include <linux/if_addr.h>
#include <sched.h>
#include <signal.h>
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

CHECK_MAIN();
