/* SPDX-License-Identifier: Apache-2.0 */
/* The template as text, in the order in which people read it. Parts of one variant are marked. */

#include "spec/template.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

enum variant { BOTH, ROOT, ROOTLESS, MAPPINGS };

static const struct {
	enum variant variant;
	const char *text;
} parts[] = {
	{ BOTH, "{\n"
		"  \"ociVersion\": \"1.3.0\",\n"
		"  \"process\": {\n"
		"    \"terminal\": true,\n"
		"    \"user\": { \"uid\": 0, \"gid\": 0 },\n"
		"    \"args\": [\"sh\"],\n"
		"    \"env\": [\n"
		"      \"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
		"      \"TERM=xterm\"\n"
		"    ],\n"
		"    \"cwd\": \"/\",\n"
		"    \"capabilities\": {\n"
		"      \"bounding\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],\n"
		"      \"effective\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"],\n"
		"      \"permitted\": [\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"]\n"
		"    },\n"
		"    \"rlimits\": [\n"
		"      { \"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024 }\n"
		"    ],\n"
		"    \"noNewPrivileges\": true\n"
		"  },\n"
		"  \"root\": { \"path\": \"rootfs\", \"readonly\": true },\n"
		"  \"hostname\": \"masu\",\n"
		"  \"mounts\": [\n"
		"    {\n"
		"      \"destination\": \"/proc\",\n"
		"      \"type\": \"proc\",\n"
		"      \"source\": \"proc\"\n"
		"    },\n"
		"    {\n"
		"      \"destination\": \"/dev\",\n"
		"      \"type\": \"tmpfs\",\n"
		"      \"source\": \"tmpfs\",\n"
		"      \"options\": [\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"]\n"
		"    },\n"
		"    {\n"
		"      \"destination\": \"/dev/pts\",\n"
		"      \"type\": \"devpts\",\n"
		"      \"source\": \"devpts\",\n" },
	{ ROOT,
	  "      \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\", \"gid=5\"]\n" },
	{ ROOTLESS,
	  "      \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\"]\n" },
	{ BOTH, "    },\n"
		"    {\n"
		"      \"destination\": \"/dev/shm\",\n"
		"      \"type\": \"tmpfs\",\n"
		"      \"source\": \"shm\",\n"
		"      \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\"]\n"
		"    },\n"
		"    {\n"
		"      \"destination\": \"/dev/mqueue\",\n"
		"      \"type\": \"mqueue\",\n"
		"      \"source\": \"mqueue\",\n"
		"      \"options\": [\"nosuid\", \"noexec\", \"nodev\"]\n"
		"    },\n"
		"    {\n"
		"      \"destination\": \"/sys\",\n" },
	{ ROOT, "      \"type\": \"sysfs\",\n"
		"      \"source\": \"sysfs\",\n"
		"      \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]\n"
		"    },\n"
		"    {\n"
		"      \"destination\": \"/sys/fs/cgroup\",\n"
		"      \"type\": \"cgroup\",\n"
		"      \"source\": \"cgroup\",\n"
		"      \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"relatime\", \"ro\"]\n"
		"    }\n" },
	{ ROOTLESS, "      \"type\": \"none\",\n"
		    "      \"source\": \"/sys\",\n"
		    "      \"options\": [\"rbind\", \"nosuid\", \"noexec\", \"nodev\", \"ro\"]\n"
		    "    }\n" },
	{ BOTH, "  ],\n"
		"  \"linux\": {\n" },
	{ ROOT, "    \"resources\": {\n"
		"      \"devices\": [\n"
		"        { \"allow\": false, \"access\": \"rwm\" }\n"
		"      ]\n"
		"    },\n" },
	{ MAPPINGS, NULL },
	{ BOTH, "    \"namespaces\": [\n"
		"      { \"type\": \"pid\" },\n" },
	{ ROOT, "      { \"type\": \"network\" },\n" },
	{ BOTH, "      { \"type\": \"ipc\" },\n"
		"      { \"type\": \"uts\" },\n"
		"      { \"type\": \"mount\" },\n"
		"      { \"type\": \"cgroup\" }" },
	{ ROOTLESS, ",\n      { \"type\": \"user\" }" },
	{ BOTH, "\n    ],\n"
		"    \"maskedPaths\": [\n"
		"      \"/proc/acpi\",\n"
		"      \"/proc/asound\",\n"
		"      \"/proc/interrupts\",\n"
		"      \"/proc/kcore\",\n"
		"      \"/proc/keys\",\n"
		"      \"/proc/latency_stats\",\n"
		"      \"/proc/timer_list\",\n"
		"      \"/proc/timer_stats\",\n"
		"      \"/proc/sched_debug\",\n"
		"      \"/proc/scsi\",\n"
		"      \"/sys/firmware\",\n"
		"      \"/sys/devices/virtual/powercap\"\n"
		"    ],\n"
		"    \"readonlyPaths\": [\n"
		"      \"/proc/bus\",\n"
		"      \"/proc/fs\",\n"
		"      \"/proc/irq\",\n"
		"      \"/proc/sys\",\n"
		"      \"/proc/sysrq-trigger\"\n"
		"    ]\n"
		"  }\n"
		"}\n" },
};

int spec_template_write(bool rootless, uint32_t uid, uint32_t gid, jw_sink_fn *sink, void *arg)
{
	char mappings[512];
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(parts); i++) {
		const char *text = parts[i].text;

		if (parts[i].variant == (rootless ? ROOT : ROOTLESS) || (!rootless && parts[i].variant == MAPPINGS))
			continue;
		if (parts[i].variant == MAPPINGS) {
			snprintf(
				mappings, sizeof(mappings),
				"    \"uidMappings\": [\n      { \"containerID\": 0, \"hostID\": %lu, \"size\": 1 }\n    ],\n"
				"    \"gidMappings\": [\n      { \"containerID\": 0, \"hostID\": %lu, \"size\": 1 }\n    ],\n",
				(unsigned long)uid, (unsigned long)gid);
			text = mappings;
		}
		r = sink(arg, text, strlen(text));
	}
	return r < 0 ? r : 0;
}
