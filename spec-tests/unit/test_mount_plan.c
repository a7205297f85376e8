/* SPDX-License-Identifier: Apache-2.0 */
/* The mount planner: documents by hand in, the printed plan out. No privileges, no file system. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "check.h"
#include "kernel/mount/plan.h"

struct words {
	const char *const *list;
	size_t len;
};
#define WORDS(...)                                                   \
	({                                                           \
		static const char *const words_[] = { __VA_ARGS__ }; \
		(struct words){ words_, ARRAY_SIZE(words_) };        \
	})
#define NONE ((struct words){ NULL, 0 })

static struct spec_config config;
static struct spec_root root;
static struct spec_linux_ lnx;
static struct spec_mount mounts[16];
static struct mount_inputs in;
static struct mount_plan plan;
static struct err err;
static char text[16384], warned[1024];

static void reset(void)
{
	memset(&config, 0, sizeof(config));
	memset(&lnx, 0, sizeof(lnx));
	root = (struct spec_root){ .path = "rootfs" };
	config.root = &root;
	config.lnx = &lnx;
	config.mounts = mounts;
	in = (struct mount_inputs){ .config = &config, .bundle = "/b", .mount_ns = MOUNT_NS_NEW };
}

static struct spec_mount *add(const char *type, const char *source, const char *destination, struct words options)
{
	struct spec_mount *m = &mounts[config.mounts_len++];

	*m = (struct spec_mount){ .type = type,
				  .source = source,
				  .destination = destination,
				  .options = options.list,
				  .options_len = options.len };
	return m;
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
	r = mount_plan_build(&in, &b, &plan, &err);
	text[0] = '\0';
	if (r)
		return r;
	flat = (struct flat){ b.data, b.len };
	mount_plan_print(&flat, &plan, &out);
	snprintf(text, sizeof(text), "%s", out.data);
	return 0;
}

/* What stands behind the line of the root. */
static const char *lines(void)
{
	const char *p = strchr(text, '\n');

	return p ? p + 1 : text;
}

static void check_one(const char *want)
{
	CHECK_INT(build(), 0);
	if (err.text[0])
		printf("# %s\n", err.text);
	CHECK_STR(lines(), want);
}

static void check_fails(const char *pointer, const char *part)
{
	CHECK_ERR(build(), -EINVAL);
	CHECK_STR(err.pointer, pointer);
	if (!CHECK(strstr(err.text, part)))
		printf("# %s\n", err.text);
}

TEST(root)
{
	reset();
	check_one("");
	CHECK_STR(text, "root /b/rootfs mount-ns=new\n");
	root.path = "/abs/x y";
	root.readonly = (struct opt_bool){ true, true };
	in.no_pivot = in.user_ns = true;
	lnx.rootfs_propagation = (struct opt_i64){ true, SPEC_PROPAGATION_RSHARED };
	check_one("");
	CHECK_STR(text, "root /abs/x\\040y mount-ns=new propagation=shared flags=no-pivot,readonly,user-ns\n");
	root.path = "";
	check_fails("/root/path", "required");
	config.root = NULL;
	check_fails("/root", "required");
}

TEST(without_linux)
{
	reset();
	config.lnx = NULL;
	check_one("");
}

TEST(default_file_systems)
{
	reset();
	add("proc", "proc", "/proc", NONE);
	add("tmpfs", "tmpfs", "/dev", WORDS("nosuid", "strictatime", "mode=755", "size=65536k"));
	add("devpts", "devpts", "/dev/pts",
	    WORDS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"));
	add("sysfs", "sysfs", "/sys", WORDS("nosuid", "noexec", "nodev", "ro"));
	check_one(
		"mount 0 fs /proc type=proc source=proc flags=no-links\n"
		"mount 1 fs /dev type=tmpfs source=tmpfs data=mode=755,size=65536k set=nosuid,strictatime\n"
		"mount 2 fs /dev/pts type=devpts source=devpts data=newinstance,ptmxmode=0666,mode=0620,gid=5 set=nosuid,noexec\n"
		"mount 3 fs /sys type=sysfs source=sysfs sb=ro set=ro,nosuid,nodev,noexec flags=no-links\n");
	in.user_ns = true;
	check_one(
		"mount 0 fs /proc type=proc source=proc fallback=/proc flags=no-links,fallback-bind\n"
		"mount 1 fs /dev type=tmpfs source=tmpfs data=mode=755,size=65536k set=nosuid,strictatime\n"
		"mount 2 fs /dev/pts type=devpts source=devpts data=newinstance,ptmxmode=0666,mode=0620,gid=5 set=nosuid,noexec\n"
		"mount 3 fs /sys type=sysfs source=sysfs fallback=/sys sb=ro set=ro,nosuid,nodev,noexec flags=no-links,fallback-bind\n");
}

TEST(devpts_group_not_mapped)
{
	static const struct spec_id_mapping one[] = { { { true, 0 }, { true, 1000 }, { true, 1 } } };

	reset();
	in.user_ns = true;
	lnx.uid_mappings = lnx.gid_mappings = one;
	lnx.uid_mappings_len = lnx.gid_mappings_len = 1;
	add("devpts", NULL, "/dev/pts", WORDS("gid=5", "mode=0620"));
	check_one("mount 0 fs /dev/pts type=devpts source=devpts data=mode=0620\n");
	CHECK(strstr(warned, "gid=5"));
}

TEST(destinations)
{
	reset();
	add("tmpfs", NULL, "data/./x/../y/", NONE);
	check_one("mount 0 fs /data/y type=tmpfs source=tmpfs\n");
	CHECK(strstr(warned, "relative"));
	mounts[0].destination = "//a//../b";
	check_one("mount 0 fs /b type=tmpfs source=tmpfs\n");
	CHECK_STR(warned, "");
	mounts[0].destination = "../../..";
	check_one("mount 0 fs / type=tmpfs source=tmpfs\n");
	mounts[0].destination = NULL;
	check_fails("/mounts/0/destination", "destination");
}

TEST(binds)
{
	reset();
	add("tmpfs", "/src", "/d", WORDS("bind", "ro"));
	check_one("mount 0 bind /d source=/src set=ro\n");
	mounts[0].options = WORDS("rbind", "rro", "rslave", "shared").list;
	mounts[0].options_len = 4;
	mounts[0].source = "rel/../x";
	check_one("mount 0 bind /d source=/b/rel/../x rset=ro propagation=rslave,shared flags=recursive\n");
	in.host_can_open_sources = in.user_ns = true;
	check_one(
		"mount 0 bind /d source=/b/rel/../x rset=ro propagation=rslave,shared flags=recursive,host-source fd=2\n");
	CHECK_INT(plan.host_sources, 2);
	CHECK_INT(plan.root_source_fd, 1);
	mounts[0].source = NULL;
	check_fails("/mounts/0/source", "source");
}

TEST(bind_words_of_other_kinds)
{
	static const char *const sb[] = { "sync", "dirsync", "lazytime", "mand", "iversion" };

	for (size_t i = 0; i < ARRAY_SIZE(sb); i++) {
		const char *words[] = { "bind", sb[i] };

		reset();
		add(NULL, "/s", "/d", (struct words){ words, 2 });
		check_fails("/mounts/0/options/1", sb[i]);
	}
	reset();
	add(NULL, "/s", "/d", WORDS("bind", "size=1k"));
	check_fails("/mounts/0/options/1", "size=1k");
	reset();
	add(NULL, "/s", "/d", WORDS("tmpcopyup", "bind"));
	check_fails("/mounts/0/options/0", "tmpcopyup");
	reset();
	add(NULL, "/s", "/d",
	    WORDS("bind", "async", "silent", "loud", "nomand", "noiversion", "defaults", "nolazytime", "sync",
		  "async"));
	check_one("mount 0 bind /d source=/s\n");
	reset();
	add(NULL, "/s", "/d",
	    WORDS("bind", "copy-symlink", "src-nofollow", "dest-nofollow", "nofail", "x-a", "atime", "nostrictatime"));
	check_one(
		"mount 0 bind /d source=/s flags=copy-symlink,src-nofollow,dest-nofollow,nofail,drop-noatime,drop-strictatime\n");
}

TEST(kinds)
{
	reset();
	add(NULL, NULL, "/d", WORDS("remount", "ro", "size=1k"));
	check_one("mount 0 remount /d data=size=1k sb=ro set=ro\n");
	reset();
	add(NULL, NULL, "/d", WORDS("remount", "bind", "ro", "nodev"));
	check_one("mount 0 attr /d set=ro,nodev\n");
	reset();
	add(NULL, NULL, "/d", WORDS("remount", "bind", "sync"));
	check_fails("/mounts/0/options/2", "sync");
	reset();
	add("none", NULL, "/", WORDS("rshared"));
	check_one("mount 0 attr / propagation=rshared\n");
	reset();
	add(NULL, "x", "/d", NONE);
	check_fails("/mounts/0/type", "type");
	reset();
	add("bind", "/x", "/d", WORDS("ro"));
	check_fails("/mounts/0/options", "bind");
	reset();
	add("nosuchfs", NULL, "/d", NONE);
	check_one("mount 0 fs /d type=nosuchfs source=nosuchfs\n");
}

TEST(data)
{
	reset();
	add("overlay", NULL, "/d",
	    WORDS("lowerdir=/a\\,b:/c", "upperdir=/u,workdir=/w", "context=\"a:b:c1,c2\"", "flag", "empty="));
	check_one("mount 0 fs /d type=overlay source=overlay "
		  "data=lowerdir=/a\\134,b:/c,upperdir=/u,workdir=/w,context=\"a:b:c1,c2\",flag,empty=\n");
	static char longer[400] = "lowerdir=";
	memset(longer + 9, 'x', 300);
	const char *words[] = { longer };
	reset();
	add("overlay", NULL, "/d", (struct words){ words, 1 });
	CHECK_INT(build(), 0);
	CHECK(strstr(text, "flags=classic"));
	reset();
	add("tmpfs", NULL, "/d", WORDS("iversion", "silent", "sync"));
	check_one("mount 0 fs /d type=tmpfs source=tmpfs sb=sync,silent,iversion flags=classic\n");
}

TEST(read_only_dev_waits)
{
	reset();
	add("tmpfs", NULL, "/dev/", WORDS("ro", "nosuid"));
	check_one("mount 0 fs /dev type=tmpfs source=tmpfs set=nosuid flags=ro-after-devices\n");
	reset();
	add(NULL, "/dev", "/dev", WORDS("rbind", "ro"));
	check_one("mount 0 bind /dev source=/dev set=ro flags=recursive\n");
}

TEST(copyup)
{
	reset();
	add("tmpfs", NULL, "/d", WORDS("tmpcopyup", "ro"));
	check_one("mount 0 fs /d type=tmpfs source=tmpfs set=ro flags=copyup\n");
	reset();
	add("proc", NULL, "/d", WORDS("tmpcopyup"));
	check_fails("/mounts/0/options/0", "tmpfs");
}

TEST(proc_is_guarded)
{
	static const char *const bad[] = { "/proc/self/attr", "/proc/1/fd",    "/x/../proc/sys",
					   "//proc//acpi",    "/proc/net/dev", "/proc/cpuinfo/x" };
	static const char *const good[] = { "/proc/cpuinfo",
					    "/proc/meminfo",
					    "/proc/stat",
					    "/proc/uptime",
					    "/proc/swaps",
					    "/proc/diskstats",
					    "/proc/loadavg",
					    "/proc/slabinfo",
					    "/proc/sys/kernel/ns_last_pid",
					    "/proc/sys/crypto/fips_enabled" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		reset();
		add(NULL, "/s", bad[i], WORDS("bind"));
		check_fails("/mounts/0/destination", "/proc");
		reset();
		add("tmpfs", NULL, bad[i], NONE);
		check_fails("/mounts/0/destination", "/proc");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		reset();
		add(NULL, "/s", good[i], WORDS("bind"));
		CHECK_INT(build(), 0);
		CHECK(strstr(text, "flags=no-links,proc-entry"));
	}
	reset();
	add("tmpfs", NULL, "/proc", NONE);
	check_fails("/mounts/0/destination", "/proc");
	reset();
	add(NULL, "/proc", "/x/../proc", WORDS("rbind"));
	check_one("mount 0 bind /proc source=/proc flags=recursive,no-links,source-is-proc\n");
	reset();
	add(NULL, "/s", "/process", WORDS("bind"));
	check_one("mount 0 bind /process source=/s\n");
}

TEST(sysfs_clone)
{
	reset();
	add(NULL, "/sys/", "/sys", WORDS("rbind", "ro"));
	check_one("mount 0 bind /sys source=/sys/ set=ro flags=recursive,shield-cgroup\n");
	mounts[0].source = "/sys/fs/cgroup";
	check_one("mount 0 bind /sys source=/sys/fs/cgroup set=ro flags=recursive\n");
	mounts[0].source = "/";
	check_one("mount 0 bind /sys source=/ set=ro flags=recursive\n");
}

TEST(idmap)
{
	static const struct spec_id_mapping map[] = { { { true, 0 }, { true, 1000 }, { true, 10 } },
						      { { true, 10 }, { true, 0 }, { true, 1 } } };
	static const struct spec_id_mapping empty[] = { { { true, 0 }, { true, 0 }, { true, 0 } } };
	struct spec_mount *m;

	reset();
	m = add(NULL, "/s", "/d", WORDS("bind", "idmap"));
	check_fails("/mounts/0/options/1", "user namespace");
	in.user_ns = true;
	check_one("mount 0 bind /d source=/s flags=host-source,idmap,idmap-container fd=1\n");
	m->uid_mappings = m->gid_mappings = map;
	m->uid_mappings_len = 2;
	check_fails("/mounts/0/uidMappings", "belong together");
	m->gid_mappings_len = 1;
	check_one("mount 0 bind /d source=/s uids=0-1000-10,10-0-1 gids=0-1000-10 flags=host-source,idmap fd=1\n");
	m->uid_mappings_len = 0;
	check_fails("/mounts/0/gidMappings", "belong together");
	m->uid_mappings_len = 1;
	m->options = WORDS("rbind", "ridmap").list;
	check_one(
		"mount 0 bind /d source=/s uids=0-1000-10 gids=0-1000-10 flags=recursive,host-source,idmap,idmap-recursive fd=1\n");
	m->options = WORDS("rbind", "ro").list;
	check_one(
		"mount 0 bind /d source=/s set=ro uids=0-1000-10 gids=0-1000-10 flags=recursive,host-source,idmap fd=1\n");
	m->uid_mappings = empty;
	check_fails("/mounts/0/uidMappings", "size 0");
	reset();
	in.user_ns = true;
	add("tmpfs", NULL, "/d", WORDS("idmap"));
	check_fails("/mounts/0/options/0", "bind");
}

TEST(no_mount_namespace)
{
	static const char *const paths[] = { "/x" };

	reset();
	in.mount_ns = MOUNT_NS_NONE;
	check_one("");
	add("tmpfs", NULL, "/d", NONE);
	check_fails("/mounts", "namespace");
	config.mounts_len = 0;
	lnx.masked_paths = paths;
	lnx.masked_paths_len = 1;
	check_fails("/linux/maskedPaths", "namespace");
	lnx.masked_paths_len = 0;
	lnx.readonly_paths = paths;
	lnx.readonly_paths_len = 1;
	check_fails("/linux/readonlyPaths", "namespace");
	lnx.readonly_paths_len = 0;
	root.readonly = (struct opt_bool){ true, true };
	check_fails("/root/readonly", "namespace");
	root.readonly.value = false;
	lnx.rootfs_propagation = (struct opt_i64){ true, SPEC_PROPAGATION_PRIVATE };
	check_fails("/linux/rootfsPropagation", "namespace");
}

TEST(masks)
{
	static const char *const masked[] = { "/proc/kcore", "/a/../b" }, *const readonly[] = { "/proc/sys" },
				 *const bad[] = { "/x", "rel" }, *const top[] = { "/.." };

	reset();
	lnx.masked_paths = masked;
	lnx.masked_paths_len = 2;
	lnx.readonly_paths = readonly;
	lnx.readonly_paths_len = 1;
	check_one("readonly /proc/sys\nmasked /proc/kcore\nmasked /b\n");
	lnx.masked_paths = bad;
	check_fails("/linux/maskedPaths/1", "absolute");
	lnx.masked_paths_len = 0;
	lnx.readonly_paths = top;
	check_fails("/linux/readonlyPaths/0", "root");
}

static const struct mount_cgroup_hierarchy v2[] = { { "unified", "/sys/fs/cgroup", "/c/1" } };
static const struct mount_cgroup_hierarchy v1[] = { { "memory", "/sys/fs/cgroup/memory", "/c" },
						    { "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "/c" },
						    { "name=systemd", "/sys/fs/cgroup/systemd", "/" },
						    { "unified", "/sys/fs/cgroup/unified", "/c" } };

TEST(cgroup_v2)
{
	reset();
	in.cgroup_layout = 3;
	in.hierarchies = v2;
	in.hierarchies_len = 1;
	add("cgroup", "cgroup", "/sys/fs/cgroup", WORDS("nosuid", "ro", "rslave"));
	check_one("mount 0 bind /sys/fs/cgroup source=/sys/fs/cgroup/c/1 set=ro,nosuid propagation=rslave\n");
	in.cgroup_ns = true;
	check_one("mount 0 fs /sys/fs/cgroup type=cgroup2 source=cgroup set=ro,nosuid propagation=rslave\n");
	in.user_ns = true;
	mounts[0].options_len = 2;
	check_one("mount 0 fs /sys/fs/cgroup type=cgroup2 source=cgroup set=ro,nosuid flags=own-root\n");
	in.hierarchies_len = 0;
	check_fails("/mounts/0/type", "hierarchy");
}

TEST(cgroup_v1)
{
	reset();
	in.cgroup_layout = 2;
	in.hierarchies = v1;
	in.hierarchies_len = 4;
	add("cgroup", "cgroup", "/cg", WORDS("nosuid", "ro"));
	check_one("mount 0 fs /cg type=tmpfs source=tmpfs data=mode=755 set=nosuid\n"
		  "mount 0 bind /cg/memory source=/sys/fs/cgroup/memory/c set=ro,nosuid\n"
		  "mount 0 bind /cg/cpu,cpuacct source=/sys/fs/cgroup/cpu,cpuacct/c set=ro,nosuid\n"
		  "mount 0 link /cg/cpu source=cpu,cpuacct\n"
		  "mount 0 link /cg/cpuacct source=cpu,cpuacct\n"
		  "mount 0 bind /cg/systemd source=/sys/fs/cgroup/systemd set=ro,nosuid\n"
		  "mount 0 bind /cg/unified source=/sys/fs/cgroup/unified/c set=ro,nosuid\n"
		  "mount 0 attr /cg set=ro\n");
	in.cgroup_ns = true;
	mounts[0].options_len = 1;
	check_one("mount 0 fs /cg type=tmpfs source=tmpfs data=mode=755 set=nosuid\n"
		  "mount 0 fs /cg/memory type=cgroup source=cgroup data=memory set=nosuid\n"
		  "mount 0 fs /cg/cpu,cpuacct type=cgroup source=cgroup data=cpu,cpuacct set=nosuid\n"
		  "mount 0 link /cg/cpu source=cpu,cpuacct\n"
		  "mount 0 link /cg/cpuacct source=cpu,cpuacct\n"
		  "mount 0 fs /cg/systemd type=cgroup source=cgroup data=name=systemd set=nosuid\n"
		  "mount 0 fs /cg/unified type=cgroup2 source=cgroup set=nosuid\n");
	add("cgroup", NULL, "/x", WORDS("memory"));
	check_fails("/mounts/1/options/0", "memory");
}

TEST(cgroup_without_a_cgroup)
{
	static const struct mount_cgroup_hierarchy none[] = { { "unified", "/sys/fs/cgroup", NULL } };

	reset();
	in.cgroup_layout = 3;
	in.hierarchies = none;
	in.hierarchies_len = 1;
	add("cgroup", NULL, "/cg", WORDS("ro"));
	check_fails("/mounts/0/type", "no cgroup of its own");
	in.cgroup_ns = true;
	CHECK_INT(build(), 0);
}

TEST(too_many_propagations)
{
	const char *words[20];

	for (size_t i = 0; i < 20; i++)
		words[i] = "private";
	reset();
	add("tmpfs", NULL, "/d", (struct words){ words, 20 });
	CHECK_ERR(build(), -E2BIG);
	CHECK_STR(err.pointer, "/mounts/0/options");
}

CHECK_MAIN();
