/* SPDX-License-Identifier: Apache-2.0 */
/* The device planner: documents by hand in, the printed plan out. No privileges, no file system. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "check.h"
#include "kernel/dev/plan.h"

#define DEFAULTS                                                  \
	"device /dev/null c 1:3 mode=0666 owner=0:0 default\n"    \
	"device /dev/zero c 1:5 mode=0666 owner=0:0 default\n"    \
	"device /dev/full c 1:7 mode=0666 owner=0:0 default\n"    \
	"device /dev/random c 1:8 mode=0666 owner=0:0 default\n"  \
	"device /dev/urandom c 1:9 mode=0666 owner=0:0 default\n" \
	"device /dev/tty c 5:0 mode=0666 owner=0:0 default\n"
#define LINKS                                        \
	"link /dev/ptmx pts/ptmx\n"                  \
	"link /dev/fd /proc/self/fd if-proc\n"       \
	"link /dev/stdin /proc/self/fd/0 if-proc\n"  \
	"link /dev/stdout /proc/self/fd/1 if-proc\n" \
	"link /dev/stderr /proc/self/fd/2 if-proc\n"

static struct spec_config config;
static struct spec_linux_ lnx;
static struct spec_device devices[8];
static struct spec_mount mounts[4];
static struct dev_inputs in;
static struct dev_plan plan;
static struct err err;
static char text[8192], warned[1024];

static void reset(void)
{
	memset(&config, 0, sizeof(config));
	memset(&lnx, 0, sizeof(lnx));
	config.lnx = &lnx;
	config.mounts = mounts;
	lnx.devices = devices;
	in = (struct dev_inputs){ .config = &config };
}

static struct spec_device *add(char type, const char *path, int64_t maj, int64_t min)
{
	struct spec_device *d = &devices[lnx.devices_len++];

	*d = (struct spec_device){
		.type = { true, type }, .path = path, .major = { true, maj }, .minor = { true, min }
	};
	return d;
}

static void sink(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	snprintf(warned, sizeof(warned), "%s", line);
}

static int build(void)
{
	static const char header[16];
	AUTO(buf_done) struct buf b = { 0 };
	AUTO(buf_done) struct buf out = { 0 };
	struct flat flat;
	int r;

	warned[0] = '\0';
	log_set_sink(sink, NULL, LOG_LEVEL_WARN);
	err_clear(&err);
	buf_add(&b, header, sizeof(header));
	r = dev_plan_build(&in, &b, &plan, &err);
	text[0] = '\0';
	if (r)
		return r;
	flat = (struct flat){ b.data, b.len };
	dev_plan_print(&flat, &plan, &out);
	snprintf(text, sizeof(text), "%s", out.data);
	return 0;
}

static void check_plan(const char *want)
{
	CHECK_INT(build(), 0);
	CHECK_STR(text, want);
}

static void check_fails(const char *pointer, const char *part)
{
	CHECK_ERR(build(), -EINVAL);
	CHECK_STR(err.pointer, pointer);
	if (!CHECK(strstr(err.text, part)))
		printf("# %s\n", err.text);
}

TEST(defaults)
{
	reset();
	check_plan("devices mknod\n" DEFAULTS LINKS);
	config.lnx = NULL;
	check_plan("devices mknod\n" DEFAULTS LINKS);
	CHECK_INT(dev_defaults_len, 6);
}

TEST(configured)
{
	struct spec_device *d;

	reset();
	d = add('c', "/dev//fuse", 10, 229);
	d->file_mode = (struct opt_u64){ true, 0600 };
	d->uid = (struct opt_u64){ true, 7 };
	d->gid = (struct opt_u64){ true, 8 };
	add('b', "/devx/sda", 8, 0);
	add('u', "/dev/raw", 162, 1);
	d = add('p', "/dev/pipe", 0, 0);
	d->major.set = d->minor.set = false;
	check_plan("devices mknod\n" DEFAULTS "device /dev/fuse c 10:229 mode=0600 owner=7:8\n"
		   "device /devx/sda b 8:0 mode=0666 owner=0:0\n"
		   "device /dev/raw c 162:1 mode=0666 owner=0:0\n"
		   "device /dev/pipe p mode=0666 owner=0:0\n" LINKS);
}

TEST(configured_instead_of_default)
{
	reset();
	add('c', "/dev/null", 1, 3)->file_mode = (struct opt_u64){ true, 0600 };
	add('c', "/dev/ptmx", 5, 2);
	CHECK_INT(build(), 0);
	CHECK(!strstr(text, "/dev/null c 1:3 mode=0666"));
	CHECK(strstr(text, "/dev/null c 1:3 mode=0600"));
	CHECK(!strstr(text, "link /dev/ptmx"));
}

TEST(refusals)
{
	struct spec_device *d;

	reset();
	d = add('c', "/dev/x", 1, 3);
	d->major.set = false;
	check_fails("/linux/devices/0/major", "required");
	d->major.set = true;
	d->minor.set = false;
	check_fails("/linux/devices/0/minor", "required");
	*d = (struct spec_device){ .type = { true, 'z' }, .path = "/dev/x" };
	check_fails("/linux/devices/0/type", "c, b, u, p");
	reset();
	add('c', "dev/x", 1, 3);
	check_fails("/linux/devices/0/path", "absolute");
	reset();
	add('c', "/", 1, 3);
	check_fails("/linux/devices/0/path", "absolute");
	reset();
	add('c', "/dev/x", 4096, 3);
	check_fails("/linux/devices/0/major", "4095");
	reset();
	add('c', "/dev/x", 1, 1048576);
	check_fails("/linux/devices/0/minor", "1048575");
	reset();
	add('c', "/dev/x", 1, 3)->file_mode = (struct opt_u64){ true, 060666 }; /* a block device's */
	check_fails("/linux/devices/0/fileMode", "mode");
}

TEST(modes_with_a_type)
{
	reset();
	add('c', "/dev/x", 1, 3)->file_mode = (struct opt_u64){ true, 020640 };
	add('b', "/dev/y", 1, 3)->file_mode = (struct opt_u64){ true, 060640 };
	CHECK_INT(build(), 0);
	CHECK(strstr(text, "/dev/x c 1:3 mode=0640") && strstr(text, "/dev/y b 1:3 mode=0640"));
}

TEST(duplicates_warn)
{
	reset();
	add('c', "/dev/x", 1, 3);
	add('c', "/dev/y", 1, 3);
	CHECK_INT(build(), 0);
	CHECK(strstr(warned, "/linux/devices/1"));
	devices[1].type.value = 'b';
	CHECK_INT(build(), 0);
	CHECK_STR(warned, "");
}

TEST(bound_dev)
{
	static const char *const rbind[] = { "rbind", "ro" }, *const remount[] = { "remount", "ro" };

	reset();
	mounts[0] = (struct spec_mount){ .destination = "/dev/", .source = "/dev", .options = rbind, .options_len = 2 };
	config.mounts_len = 1;
	add('c', "/dev/fuse", 10, 229);
	add('c', "/devx", 10, 229);
	check_plan("devices mknod\n"
		   "device /dev/fuse c 10:229 mode=0666 owner=0:0 existing\n"
		   "device /devx c 10:229 mode=0666 owner=0:0\n");
	mounts[1] = (struct spec_mount){ .destination = "/dev", .options = remount, .options_len = 2 };
	config.mounts_len = 2;
	CHECK_INT(build(), 0);
	CHECK(strstr(text, "existing"));
	mounts[1] = (struct spec_mount){ .destination = "/dev", .type = "tmpfs" }; /* hides the bound one */
	CHECK_INT(build(), 0);
	CHECK(!strstr(text, "existing") && strstr(text, "/dev/null"));
}

TEST(user_namespace)
{
	static const struct spec_id_mapping map[] = { { { true, 0 }, { true, 100000 }, { true, 10 } },
						      { { true, 10 }, { true, 500 }, { true, 1 } } };

	reset();
	in.user_ns = true;
	CHECK_INT(build(), 0);
	CHECK_INT(plan.method, DEV_METHOD_BIND);
	CHECK_INT(plan.host_nodes, 0);
	in.host_can_make_nodes = true;
	lnx.uid_mappings = lnx.gid_mappings = map;
	lnx.uid_mappings_len = lnx.gid_mappings_len = 2;
	add('c', "/dev/x", 10, 229)->uid = (struct opt_u64){ true, 10 };
	add('p', "/dev/p", 0, 0);
	CHECK_INT(build(), 0);
	CHECK_INT(plan.host_nodes, 7);
	CHECK(strstr(text, "device /dev/null c 1:3 mode=0666 owner=0:0 host-owner=100000:100000 default fd=1\n"));
	CHECK(strstr(text, "device /dev/x c 10:229 mode=0666 owner=10:0 host-owner=500:100000 fd=7\n"));
	CHECK(strstr(text, "device /dev/p p mode=0666 owner=0:0 host-owner=100000:100000\n"));
	devices[0].uid.value = 11;
	check_fails("/linux/devices/0/uid", "not mapped");
	devices[0].uid.value = 0;
	devices[0].gid = (struct opt_u64){ true, 4000000000u };
	check_fails("/linux/devices/0/gid", "not mapped");
}

CHECK_MAIN();
