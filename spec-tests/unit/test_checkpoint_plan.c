/* SPDX-License-Identifier: Apache-2.0 */
/* What criu is asked for: documents and options in, the printed request out. No criu, no privileges. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "check.h"
#include "container/checkpoint/checkpoint_plan.h"
#include "container/checkpoint/criu_cgroup2.h"
#include "kernel/mount/plan.h"
#include "spec/decode.h"

#define NAMESPACES "{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"uts\"},{\"type\":\"ipc\"}"
#define DOCUMENT(namespaces, more)                                                                        \
	"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},\"linux\":{\"namespaces\":[" namespaces \
	"],\"maskedPaths\":[\"/proc/kcore\",\"/proc/acpi\",\"/proc/none\"]}" more "}"
#define OWN_NETWORK NAMESPACES ",{\"type\":\"network\"}"

static struct arena arena;
static const struct spec_config *config;
static struct err err;
static char text[8192];

/* /proc/acpi is a directory, /proc/none is not there, /link leads to /real. */
static enum criu_there look(void *arg, const char *path, char *out, size_t len)
{
	(void)arg;
	if (strcmp(path, "/proc/none") == 0)
		return CRIU_THERE_NOTHING;
	snprintf(out, len, "%s%s", strncmp(path, "/link", 5) == 0 ? "/real" : path,
		 strncmp(path, "/link", 5) == 0 ? path + 5 : "");
	return strcmp(path, "/proc/acpi") == 0 ? CRIU_THERE_DIRECTORY : CRIU_THERE_FILE;
}

static void decode(const char *json)
{
	arena_done(&arena);
	err_clear(&err);
	REQUIRE(spec_decode_config("config.json", json, strlen(json), &arena, &config, &err) == 0);
}

static void print(struct criu_request *q, int r)
{
	AUTO(buf_done) struct buf out = { 0 };

	criu_request_print(q, &out);
	snprintf(text, sizeof(text), "%s", r < 0 ? err.text : out.data);
	criu_request_done(q);
}

struct planned {
	struct buf flat;
	struct flat view;
	struct mount_plan mounts;
	struct dev_plan devices;
};

static struct criu_mounts plan_mounts(struct planned *p)
{
	static const char header[16];
	struct mount_inputs in = { .config = config, .bundle = "/b", .mount_ns = MOUNT_NS_NEW };

	*p = (struct planned){ .devices = { .method = DEV_METHOD_MKNOD } };
	buf_add(&p->flat, header, sizeof(header));
	CHECK_INT(mount_plan_build(&in, &p->flat, &p->mounts, &err), 0);
	p->view = (struct flat){ p->flat.data, p->flat.len };
	return (struct criu_mounts){ config, &p->view, &p->mounts, &p->devices, look, NULL };
}

static bool has_cgroup = true;

static int dump(const char *json, struct masu_checkpoint_options o)
{
	struct criu_request q = CRIU_REQUEST_INIT;
	struct checkpoint_inputs in = { .options = &o,
					.rootfs = "/b/rootfs",
					.freeze_cgroup = "/sys/fs/cgroup/x",
					.has_cgroup = has_cgroup,
					.pid = 7,
					.joined = { 11, 12 } };
	struct planned p;
	int r;

	decode(json);
	in.criu_config = "/c";
	in.mounts = plan_mounts(&p);
	r = checkpoint_plan(&in, &q, &err);
	print(&q, r);
	buf_done(&p.flat);
	return r;
}

static int restore(const char *json, struct masu_restore_options o, bool mounts)
{
	struct criu_request q = CRIU_REQUEST_INIT;
	struct restore_inputs in = { .options = &o, .rootfs = "/b/rootfs", .cgroup_path = has_cgroup ? "/x" : NULL };
	struct planned p;
	int r;

	decode(json);
	in.config = config;
	in.criu_config = "/c";
	r = restore_plan(&in, &q, &err);
	if (r == 0 && mounts) {
		struct criu_mounts m = plan_mounts(&p);

		r = criu_mounts_restore(&m, &q, &err);
		buf_done(&p.flat);
	}
	print(&q, r);
	return r;
}

#define MOUNTS                                                                                                  \
	",\"mounts\":[{\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"/d\",\"options\":[\"rbind\"]}," \
	"{\"destination\":\"/link/x\",\"type\":\"bind\",\"source\":\"/e\",\"options\":[\"bind\"]},"             \
	"{\"destination\":\"/tmp\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}]"

TEST(dump_names_what_is_outside)
{
	CHECK_INT(dump(DOCUMENT(OWN_NETWORK, MOUNTS), (struct masu_checkpoint_options){ 0 }), 0);
	CHECK_STR(text, "dump\norphan-pts-master\nempty-ns net\ncgroups soft\nroot /b/rootfs\nfreeze /sys/fs/cgroup/x\n"
			"config /c\n"
			"mount /data = /data\nmount /real/x = /real/x\nmount /proc/kcore = /dev/null\n"
			"external net[11]:extRootNetNS\nexternal pid[12]:extRootPidNS\n");
}

TEST(pre_dump_asks_for_memory_only)
{
	struct masu_checkpoint_options o = { .flags = MASU_CHECKPOINT_PRE_DUMP, .parent_path = "../p" };

	CHECK_INT(dump(DOCUMENT(NAMESPACES, MOUNTS), o), 0);
	CHECK_STR(text, "pre-dump\ntrack-mem\norphan-pts-master\ncgroups soft\nroot /b/rootfs\nparent ../p\n"
			"freeze /sys/fs/cgroup/x\nconfig /c\n");
	o.parent_path = "/p";
	CHECK_ERR(dump(DOCUMENT(NAMESPACES, ""), o), -EINVAL);
}

TEST(dump_flags)
{
	struct masu_checkpoint_options o = {
		.flags = MASU_CHECKPOINT_LEAVE_RUNNING | MASU_CHECKPOINT_TCP_ESTABLISHED |
			 MASU_CHECKPOINT_TCP_SKIP_IN_FLIGHT | MASU_CHECKPOINT_EXT_UNIX_SK | MASU_CHECKPOINT_SHELL_JOB |
			 MASU_CHECKPOINT_FILE_LOCKS | MASU_CHECKPOINT_LINK_REMAP | MASU_CHECKPOINT_AUTO_DEDUP |
			 MASU_CHECKPOINT_LAZY_PAGES,
		.cgroups_mode = "full",
		.page_server = "[::1]:9",
	};

	CHECK_INT(dump(DOCUMENT(NAMESPACES, ""), o), 0);
	CHECK(strstr(text,
		     "dump\nleave-running\ntcp-established\ntcp-skip-in-flight\next-unix-sk\nshell-job\nfile-locks\n"
		     "link-remap\nauto-dedup\norphan-pts-master\nlazy-pages\ncgroups full\n"));
	CHECK(strstr(text, "page-server ::1 9\n"));
	o.flags |= MASU_CHECKPOINT_PRE_DUMP;
	CHECK_ERR(dump(DOCUMENT(NAMESPACES, ""), o), -EINVAL);
}

TEST(restore_names)
{
	struct masu_restore_options o = { .flags = MASU_CHECKPOINT_TCP_CLOSE, .lsm_profile = "apparmor:p" };

	CHECK_INT(
		restore(DOCUMENT(
				"{\"type\":\"mount\"},{\"type\":\"ipc\",\"path\":\"/i\"},{\"type\":\"uts\",\"path\":\"/u\"}",
				MOUNTS),
			o, true),
		0);
	CHECK_STR(text, "restore\ntcp-close\nevasive-devices\norphan-pts-master\ncgroups soft\nroot /b/rootfs\n"
			"cgroup-root /x\nlsm-profile apparmor:p\nconfig /c\n"
			"mount /data = /d\nmount /real/x = /e\nmount /link/x = /e\nmount /dev/null = /dev/null\n"
			"mount /proc/kcore = /dev/null\nmount /proc/acpi = /dev/null\nmount /proc/none = /dev/null\n");
}

TEST(what_cannot_be_done_is_refused)
{
	struct masu_checkpoint_options o = { 0 };
	struct masu_restore_options ro = { 0 };
	static char kind[] = "pid", *const kinds[] = { kind, NULL };

	CHECK_ERR(dump("{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"}}", o), -EOPNOTSUPP);
	CHECK_ERR(dump(DOCUMENT(NAMESPACES ",{\"type\":\"user\",\"path\":\"/u\"}", ""), o), -EOPNOTSUPP);
	CHECK_STR(err.pointer, "/linux/namespaces/4/path");
	o.cgroups_mode = "loose";
	CHECK_ERR(dump(DOCUMENT(NAMESPACES, ""), o), -EINVAL);
	o = (struct masu_checkpoint_options){ .network_lock = "none" };
	CHECK_ERR(dump(DOCUMENT(NAMESPACES, ""), o), -EINVAL);
	o = (struct masu_checkpoint_options){ .empty_ns = kinds };
	CHECK_ERR(dump(DOCUMENT(NAMESPACES, ""), o), -EINVAL);
	ro.cgroups_mode = "strict";
	CHECK_ERR(restore(DOCUMENT(NAMESPACES, ""), ro, false), -EOPNOTSUPP);
}

TEST(flags_of_the_other_call_are_refused)
{
	struct masu_checkpoint_options o = { .flags = MASU_CHECKPOINT_TCP_CLOSE };
	struct masu_restore_options ro = { .flags = MASU_CHECKPOINT_LINK_REMAP };

	CHECK_ERR(dump(DOCUMENT(NAMESPACES, ""), o), -EINVAL);
	CHECK_ERR(restore(DOCUMENT(NAMESPACES, ""), ro, false), -EINVAL);
	o.flags = 1u << 31;
	CHECK_ERR(dump(DOCUMENT(NAMESPACES, ""), o), -EINVAL);
}

TEST(a_status_fd_needs_lazy_pages)
{
	struct masu_checkpoint_options o = { .status_fd = 7 };

	CHECK_ERR(dump(DOCUMENT(NAMESPACES, ""), o), -EINVAL);
	o.flags = MASU_CHECKPOINT_LAZY_PAGES;
	CHECK_INT(dump(DOCUMENT(NAMESPACES, ""), o), 0);
}

TEST(without_a_cgroup_no_mode_of_it)
{
	static const char *const modes[] = { "soft", "full", "strict" };
	struct masu_checkpoint_options o = { 0 };
	struct masu_restore_options ro = { 0 };

	has_cgroup = false;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		o.cgroups_mode = ro.cgroups_mode = modes[i];
		CHECK_ERR(dump(DOCUMENT(NAMESPACES, ""), o), -EINVAL);
		CHECK_ERR(restore(DOCUMENT(NAMESPACES, ""), ro, false), -EINVAL);
	}
	o.cgroups_mode = ro.cgroups_mode = "ignore";
	CHECK_INT(restore(DOCUMENT(NAMESPACES, ""), ro, false), 0);
	CHECK_INT(dump(DOCUMENT(NAMESPACES, ""), o), 0);
	CHECK(strstr(text, "cgroups ignore\n"));
	o.cgroups_mode = NULL;
	CHECK_INT(dump(DOCUMENT(NAMESPACES, ""), o), 0);
	CHECK(strstr(text, "cgroups ignore\n"));
	has_cgroup = true;
}

TEST(page_servers)
{
	static const char *const bad[] = { "", ":", "a", "a:", ":1", "a:0", "a:65536", "a:x", "::1:9", "[]:9" };
	AUTO(arena_done) struct arena a = { 0 };
	const char *address;
	int port;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_ERR(criu_parse_page_server(&a, bad[i], &address, &port, NULL), -EINVAL);
	CHECK_INT(criu_parse_page_server(&a, "10.0.0.1:65535", &address, &port, NULL), 0);
	CHECK_STR(address, "10.0.0.1");
	CHECK_INT(port, 65535);
}

TEST(first_error_of_a_log)
{
	char line[64];

	CHECK(!criu_log_first_error("(00.1) Warn  (criu/a.c:1): no Error here\n", line, sizeof(line)));
	CHECK(criu_log_first_error(
		"(00.1) fine\n(00.2)     12: Error (criu/a.c:1): first\x1b\n(00.3) Error (criu/b.c:2): x\n", line,
		sizeof(line)));
	CHECK_STR(line, "Error (criu/a.c:1): first?");
	CHECK(criu_log_first_error(
		"Error (criu/a.c:1): a line that is much longer than the place for it, and then some", line, 20));
	CHECK_STR(line, "Error (criu/a.c:1):");
}

TEST(configuration_of_what_has_no_call)
{
	struct criu_request q = CRIU_REQUEST_INIT;
	AUTO(buf_done) struct buf out = { 0 };

	q.flags = CRIU_LAZY_PAGES | CRIU_EMPTY_NETWORK;
	criu_request_config(&q, false, &out);
	CHECK_STR(out.data, "lazy-pages\nempty-ns net\n");
	buf_done(&out);
	out = (struct buf){ 0 };
	criu_request_config(&q, true, &out);
	CHECK_STR(out.data, "lazy-pages\n");
}

TEST(options_of_cgroup2)
{
	static const char info[] = "26 1 0:24 / /sys/fs/cgroup/x rw - cgroup2 cgroup rw,other\n"
				   "25 1 0:23 / /sys/fs/cgroup rw shared:9 - tmpfs tmpfs rw\n"
				   "27 1 0:24 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup rw,nsdelegate\n";
	char options[64];

	CHECK(criu_cgroup2_parse(info, "/sys/fs/cgroup", options, sizeof(options)));
	CHECK_STR(options, "rw,nsdelegate");
	CHECK(!criu_cgroup2_parse(info, "/sys/fs", options, sizeof(options)));
	CHECK(!criu_cgroup2_parse(info, "/sys/fs/cgroup", options, 5));
	CHECK(!criu_cgroup2_parse("26 1", "/sys/fs/cgroup", options, sizeof(options)));
}

CHECK_MAIN();
