/* SPDX-License-Identifier: Apache-2.0 */
/* What surrounds the process: names, kernel settings, clocks, network. */
#include "probe.h"
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

static void print_uts(const char *arg)
{
	struct utsname u;

	(void)arg;
	uname(&u);
	out_open('{');
	out_key("hostname");
	out_str(u.nodename);
	out_key("domainname");
	out_str(u.domainname);
	out_key("machine");
	out_str(u.machine);
	out_close('}');
}

/* sysctl:net.ipv4.ip_forward */
static void print_sysctl(const char *name)
{
	char path[512], text[4096];
	long n;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	for (char *p = path + 10; *p; p++)
		if (*p == '.')
			*p = '/';
		else if (*p == '/')
			*p = '.';
	n = read_file(path, text, sizeof(text));
	if (n < 0) {
		out_errno((int)-n);
		return;
	}
	out_strn(text, strcspn(text, "\n"));
}

static void print_clock(const char *key, clockid_t id)
{
	struct timespec ts = { 0 };

	clock_gettime(id, &ts);
	out_key(key);
	out_num(ts.tv_sec);
}

static void print_clocks(const char *arg)
{
	(void)arg;
	out_open('{');
	print_clock("realtime", CLOCK_REALTIME);
	print_clock("monotonic", CLOCK_MONOTONIC);
	print_clock("boottime", CLOCK_BOOTTIME);
	out_close('}');
}

/* {"monotonic":{"secs":…,"nanosecs":…},"boottime":{…}} */
static void print_timens(const char *arg)
{
	char text[512], name[32], *save = NULL;
	long long secs, nanosecs;

	(void)arg;
	if (read_file("/proc/self/timens_offsets", text, sizeof(text)) < 0) {
		out_null();
		return;
	}
	out_open('{');
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (sscanf(l, "%31s %lld %lld", name, &secs, &nanosecs) == 3) {
			out_key(name);
			out_open('{');
			out_key("secs");
			out_num(secs);
			out_key("nanosecs");
			out_num(nanosecs);
			out_close('}');
		}
	out_close('}');
}

static void print_address(const struct ifaddrs *a)
{
	char ip[64] = "", text[80];
	const unsigned char *mask;
	int bits = 0, len;

	if (a->ifa_addr->sa_family == AF_INET) {
		inet_ntop(AF_INET, &((struct sockaddr_in *)a->ifa_addr)->sin_addr, ip, sizeof(ip));
		mask = (const unsigned char *)&((struct sockaddr_in *)a->ifa_netmask)->sin_addr;
		len = 4;
	} else {
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)a->ifa_addr)->sin6_addr, ip, sizeof(ip));
		mask = (const unsigned char *)&((struct sockaddr_in6 *)a->ifa_netmask)->sin6_addr;
		len = 16;
	}
	for (int i = 0; i < len; i++)
		bits += __builtin_popcount(mask[i]);
	snprintf(text, sizeof(text), "%s/%d", ip, bits);
	out_str(text);
}

/* {"lo":{"up":true,"addresses":["127.0.0.1/8"]}} */
static void print_net(const char *arg)
{
	struct if_nameindex *names = if_nameindex();
	struct ifaddrs *list = NULL;

	(void)arg;
	getifaddrs(&list);
	out_open('{');
	for (struct if_nameindex *i = names; i && i->if_name; i++) {
		bool up = false;

		for (struct ifaddrs *a = list; a; a = a->ifa_next)
			if (!strcmp(a->ifa_name, i->if_name) && (a->ifa_flags & IFF_UP))
				up = true;
		out_key(i->if_name);
		out_open('{');
		out_key("up");
		out_bool(up);
		out_key("index");
		out_unum(i->if_index);
		out_key("addresses");
		out_open('[');
		for (struct ifaddrs *a = list; a; a = a->ifa_next)
			if (!strcmp(a->ifa_name, i->if_name) && a->ifa_addr && a->ifa_netmask &&
			    (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6))
				print_address(a);
		out_close(']');
		out_close('}');
	}
	out_close('}');
}

const struct probe_word words_sys[] = {
	{ "uts", print_uts },       { "sysctl", print_sysctl }, { "clock", print_clocks },
	{ "timens", print_timens }, { "net", print_net },       { NULL, NULL },
};
