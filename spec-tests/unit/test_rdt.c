/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt on a tree that plays resctrl: the mkdirat and unlinkat below fill and empty a group, as the kernel does, and
 * write() notes what goes into schemata files. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/rdt/rdt.h"
#include "kernel/rdt/schema.h"

static char root[64], writes[1024];
static const char *write_error; /* the beginning of what the kernel refuses */
static int mon_error;

static void put(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	syscall(SYS_write, fd, text, strlen(text));
	close(fd);
}

static const char *get(const char *name)
{
	static char text[256];
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return NULL;
	n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return text;
}

static bool exists(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return access(path, F_OK) == 0;
}

int mkdirat(int dir_fd, const char *path, mode_t mode)
{
	bool monitor = strstr(path, "/mon_groups/");
	char sub[PATH_MAX];

	if (monitor && mon_error) {
		put(root, "info/last_cmd_status", "Out of RMIDs\n");
		errno = mon_error;
		return -1;
	}
	if (syscall(SYS_mkdirat, dir_fd, path, mode) < 0)
		return -1;
	put(path, "tasks", "");
	if (monitor)
		return 0;
	put(path, "schemata", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n");
	snprintf(sub, sizeof(sub), "%s/mon_groups", path);
	return (int)syscall(SYS_mkdirat, AT_FDCWD, sub, 0755);
}

int unlinkat(int dir_fd, const char *path, int flags)
{
	static const char *const files[] = { "tasks", "schemata" };
	char sub[PATH_MAX];

	if (access(path, F_OK) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
			snprintf(sub, sizeof(sub), "%s/%s", path, files[i]);
			unlink(sub);
		}
	snprintf(sub, sizeof(sub), "%s/mon_groups", path);
	rmdir(sub);
	return (int)syscall(SYS_unlinkat, dir_fd, path, flags);
}

ssize_t write(int fd, const void *p, size_t n)
{
	char link[64], path[PATH_MAX] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (write_error && !strncmp(p, write_error, strlen(write_error))) {
		errno = EINVAL;
		return -1;
	}
	if (readlink(link, path, sizeof(path) - 1) > 0 && strstr(path, "/schemata"))
		snprintf(writes + strlen(writes), sizeof(writes) - strlen(writes), "%.*s", (int)n, (const char *)p);
	return syscall(SYS_write, fd, p, n);
}

static void begin(void)
{
	char path[PATH_MAX];

	snprintf(root, sizeof(root), "/tmp/masu-rdt-XXXXXX");
	if (!mkdtemp(root))
		exit(1);
	snprintf(path, sizeof(path), "%s/info", root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/mon_groups", root);
	mkdir(path, 0755);
	put(root, "tasks", "1\n");
	put(root, "info/last_cmd_status", "ok\n");
	put(root, "schemata", "    L3:0=7ff;1=0ff\n    MB:0=100;1= 50\n");
	writes[0] = '\0';
	mon_error = 0;
	write_error = NULL;
}

static void end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	CHECK_INT(system(command), 0);
}

static int make(const struct spec_intel_rdt *s, struct rdt *r, struct err *err)
{
	int e = rdt_probe(root, s, "cid", r, err);

	return e < 0 ? e : rdt_make(root, s, r, err);
}

static const struct opt_bool on = { .set = true, .value = true };

TEST(RDT_07_RDT_19_RDT_26_named_after_the_container)
{
	struct spec_intel_rdt s = { 0 };
	struct err err = { 0 };
	struct rdt r;

	begin();
	CHECK_INT(make(&s, &r, &err), 0);
	CHECK(exists("cid") && r.own_group && r.made_group && !r.monitor[0]);
	CHECK_STR(writes, "");
	CHECK_INT(rdt_place(&r, 4711, &err), 0);
	CHECK_STR(get("cid/tasks"), "4711\n");
	CHECK_INT(rdt_remove(r.group, r.monitor, &err), 0);
	CHECK(!exists("cid"));
	CHECK_INT(rdt_remove(r.group, NULL, &err), 0);
	end();
}

TEST(RDT_05_default_class)
{
	struct spec_intel_rdt s = { .clos_id = "/" };
	struct err err = { 0 };
	struct rdt r;

	begin();
	CHECK_INT(make(&s, &r, &err), 0);
	CHECK(!r.own_group && !r.made_group);
	CHECK_INT(rdt_place(&r, 4711, &err), 0);
	CHECK_STR(get("tasks"), "4711\n");
	end();
}

TEST(RDT_14_RDT_15_RDT_18_RDT_20_order_of_schemata)
{
	static const char *const lines[] = { "L2:0=f", "MB:0=30" };
	struct spec_intel_rdt s = { .clos_id = "c",
				    .l3_cache_schema = "L3:0=f",
				    .mem_bw_schema = "MB:0=20",
				    .schemata = lines,
				    .schemata_len = 2 };
	struct err err = { 0 };
	struct rdt r;

	begin();
	CHECK_INT(make(&s, &r, &err), 0);
	CHECK_STR(writes, "L3:0=f\nMB:0=20\nL2:0=f\nMB:0=30\n");
	CHECK(r.made_group && !r.own_group);
	rdt_undo(&r);
	CHECK(!exists("c"));
	end();
}

TEST(RDT_04_RDT_16_one_schema_alone_in_the_named_class)
{
	struct spec_intel_rdt s = { .clos_id = "c", .l3_cache_schema = "L3:0=f" };
	struct err err = { 0 };
	char dir[PATH_MAX];
	struct rdt r;

	begin();
	CHECK_INT(make(&s, &r, &err), 0);
	CHECK(exists("c") && !exists("cid"));
	CHECK_STR(writes, "L3:0=f\n");
	CHECK_INT(rdt_place(&r, 4711, &err), 0);
	CHECK_STR(get("c/tasks"), "4711\n");
	snprintf(dir, sizeof(dir), "%s/c", root);
	put(dir, "tasks", "");
	rdt_undo(&r);
	CHECK(!exists("c"));
	writes[0] = '\0';
	s = (struct spec_intel_rdt){ .clos_id = "c", .mem_bw_schema = "MB:0=20" };
	CHECK_INT(make(&s, &r, &err), 0);
	CHECK_STR(writes, "MB:0=20\n");
	rdt_undo(&r);
	end();
}

/* A class with the container's name that was there before is used and stays. */
TEST(RDT_27_what_is_not_ours_stays)
{
	struct spec_intel_rdt s = { 0 };
	struct err err = { 0 };
	char dir[PATH_MAX];
	struct rdt r;

	begin();
	snprintf(dir, sizeof(dir), "%s/cid", root);
	mkdirat(AT_FDCWD, dir, 0755);
	CHECK_INT(make(&s, &r, &err), 0);
	CHECK(!r.made_group);
	rdt_undo(&r);
	CHECK(exists("cid"));
	end();
}

static void make_class(char (*ret)[PATH_MAX])
{
	snprintf(*ret, sizeof(*ret), "%s/c", root);
	/* mkdir(3) would not be seen. */
	mkdirat(AT_FDCWD, *ret, 0755);
}

TEST(RDT_21_RDT_22_existing_class_is_compared)
{
	struct spec_intel_rdt s = { .clos_id = "c", .l3_cache_schema = "L3:1=7ff;0=07ff", .mem_bw_schema = "MB:0=100" };
	struct err err = { 0 };
	char dir[PATH_MAX];
	struct rdt r;

	begin();
	make_class(&dir);
	CHECK_INT(make(&s, &r, &err), 0);
	CHECK(!r.made_group && !err.code && !err.pointer[0]);
	rdt_undo(&r);
	CHECK(exists("c"));
	put(dir, "schemata", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n");
	writes[0] = '\0';
	s.mem_bw_schema = "MB:0=90";
	CHECK_ERR(make(&s, &r, &err), -EEXIST);
	CHECK_STR(err.pointer, "/linux/intelRdt/memBwSchema");
	CHECK_STR(writes, "");
	CHECK(exists("c"));
	end();
}

/* A later step that fails: what was changed of a class that others are in is changed back. */
TEST(a_class_of_others_gets_its_schemata_back)
{
	const char *schemata[] = { "L3:0=f", "XX:0=1" };
	struct spec_intel_rdt s = { .clos_id = "c", .schemata = schemata, .schemata_len = 2 };
	struct err err = { 0 };
	char dir[PATH_MAX];
	struct rdt r;

	begin();
	make_class(&dir);
	put(dir, "schemata", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n");
	CHECK_INT(make(&s, &r, &err), 0);
	CHECK_STR(writes, "L3:0=f\nXX:0=1\n");
	rdt_undo(&r);
	CHECK_STR(writes, "L3:0=f\nXX:0=1\nL3:0=7ff;1=7ff\n");
	writes[0] = '\0';
	write_error = "XX:0=1";
	put(dir, "schemata", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n");
	CHECK_ERR(make(&s, &r, &err), -EINVAL);
	CHECK_STR(writes, "L3:0=f\nL3:0=7ff;1=7ff\n");
	end();
}

TEST(RDT_23_RDT_24_RDT_25_class_without_schema_must_exist)
{
	struct spec_intel_rdt s = { .clos_id = "c" };
	struct err err = { 0 };
	char dir[PATH_MAX];
	struct rdt r;

	begin();
	CHECK_ERR(make(&s, &r, &err), -ENOENT);
	CHECK_STR(err.pointer, "/linux/intelRdt/closID");
	CHECK(!exists("c"));
	make_class(&dir);
	CHECK_INT(make(&s, &r, &err), 0);
	CHECK_STR(writes, "");
	end();
}

/* Only the lines that are asked for, cache first; what they replace is kept. */
TEST(change_of_a_class)
{
	AUTO(buf_done) struct buf before = { 0 };
	struct err err = { 0 };
	char dir[PATH_MAX];

	begin();
	make_class(&dir);
	CHECK_INT(rdt_change(dir, NULL, "MB:0=20", &before, &err), 0);
	CHECK_STR(writes, "MB:0=20\n");
	CHECK_STR(before.data, "MB:0=100;1=100\n");
	put(dir, "schemata", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n");
	before.len = writes[0] = 0;
	CHECK_INT(rdt_change(dir, "L3:0=f", "MB:1=30", &before, &err), 0);
	CHECK_STR(writes, "L3:0=f\nMB:1=30\n");
	CHECK_STR(before.data, "L3:0=7ff;1=7ff\nMB:0=100;1=100\n");
	writes[0] = '\0';
	CHECK_INT(rdt_restore(dir, &before, &err), 0);
	CHECK_STR(writes, "L3:0=7ff;1=7ff\nMB:0=100;1=100\n");
	end();
}

TEST(change_that_fails)
{
	AUTO(buf_done) struct buf before = { 0 };
	struct err err = { 0 };
	char dir[PATH_MAX];

	begin();
	CHECK_ERR(rdt_change(root, "L3:0=f", NULL, &before, &err), -EPERM);
	CHECK_STR(writes, "");
	make_class(&dir);
	put(dir, "schemata", "    L3:0=7ff;1=7ff\n");
	CHECK_ERR(rdt_change(dir, "L3:0=f", "MB:0=10", &before, &err), -EINVAL);
	CHECK_STR(err.pointer, "/linux/intelRdt/memBwSchema");
	CHECK_STR(writes, "");
	put(dir, "schemata", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n");
	put(root, "info/last_cmd_status", "MB value 5 out of range [10,100]\n");
	write_error = "MB:0=5";
	before.len = 0;
	err = (struct err){ 0 };
	CHECK_ERR(rdt_change(dir, "L3:0=f", "MB:0=5", &before, &err), -EINVAL);
	CHECK_STR(err.pointer, "/linux/intelRdt/memBwSchema");
	CHECK_STR(err.hint, "resctrl: MB value 5 out of range [10,100]");
	CHECK_STR(writes, "L3:0=f\nL3:0=7ff;1=7ff\nMB:0=100;1=100\n");
	end();
}

TEST(RDT_06_names_of_the_file_system)
{
	static const char *const names[] = { "info", "mon_groups", "mon_data", ".", "..", "a/b", "" };
	struct spec_intel_rdt s = { 0 };
	struct rdt r;

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		s.clos_id = names[i];
		CHECK_ERR(make(&s, &r, NULL), -EINVAL);
	}
	s.clos_id = NULL;
	CHECK_ERR(rdt_probe(root, &s, "info", &r, NULL), -EINVAL);
	end();
}

TEST(RDT_28_RDT_29_RDT_30_monitoring)
{
	struct spec_intel_rdt s = { .clos_id = "/", .enable_monitoring = on };
	struct err err = { 0 };
	struct rdt r;

	begin();
	CHECK_INT(make(&s, &r, &err), 0);
	CHECK(exists("mon_groups/cid"));
	CHECK_INT(rdt_place(&r, 12, &err), 0);
	CHECK_STR(get("tasks"), "12\n");
	CHECK_STR(get("mon_groups/cid/tasks"), "12\n");
	CHECK_ERR(make(&s, &r, &err), -EEXIST);
	CHECK_INT(rdt_remove(NULL, r.monitor, &err), 0);
	CHECK(!exists("mon_groups/cid"));
	end();
}

TEST(RDT_31_RDT_33_no_monitoring_group_left)
{
	struct spec_intel_rdt s = { .clos_id = "c", .mem_bw_schema = "MB:0=10", .enable_monitoring = on };
	struct err err = { 0 };
	struct rdt r;

	begin();
	mon_error = ENOSPC;
	CHECK_ERR(make(&s, &r, &err), -ENOSPC);
	CHECK_STR(err.pointer, "/linux/intelRdt/enableMonitoring");
	CHECK_STR(err.hint, "resctrl: Out of RMIDs");
	CHECK(!exists("c"));
	end();
}

TEST(matching)
{
	static const char text[] = "    L3:0=007ff;1=0ff\n    MB:0= 100;1=  50\n";

	CHECK(rdt_schema_matches(text, "L3:0=7ff;1=ff"));
	CHECK(rdt_schema_matches(text, "L3:1=ff;0=7FF"));
	CHECK(rdt_schema_matches(text, "L3:1=ff"));
	CHECK(rdt_schema_matches(text, "MB:0=100;1=050"));
	CHECK(!rdt_schema_matches(text, "L3:0=7fe"));
	CHECK(!rdt_schema_matches(text, "L3:2=ff"));
	CHECK(!rdt_schema_matches(text, "L2:0=ff"));
	CHECK(!rdt_schema_matches(text, "L3:"));
	CHECK(!rdt_schema_matches(text, "L3"));
	CHECK(!rdt_schema_matches(text, ""));
	CHECK(!rdt_schema_matches(text, "L3:0=7ff;x"));
	CHECK(!rdt_schema_matches(text, "MB:0=100MB"));
	CHECK(!rdt_schema_matches("", "L3:0=1"));
}

CHECK_MAIN();
