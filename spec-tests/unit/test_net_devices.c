/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions of moving network devices: labels, indexes, flags. */
#include "check.h"

#include <linux/if_addr.h>

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

CHECK_MAIN();
