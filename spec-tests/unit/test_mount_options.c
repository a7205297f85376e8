/* SPDX-License-Identifier: Apache-2.0 */
/* The table of mount option words: every word of the specification is there and means what mount(2) says; later words win. */
#include <errno.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "check.h"
#include "kernel/mount/options.h"

#define LAZYTIME (1u << 25)
#define NOSYMFOLLOW 256
#define ATIME SYS_MOUNT_ATTR__ATIME

static struct mount_options parsed;
static char data[256];

static int take_data(void *arg, size_t index, const char *word, struct err *err)
{
	(void)arg;
	(void)err;
	snprintf(data + strlen(data), sizeof(data) - strlen(data), "%zu:%s ", index, word);
	return 0;
}

static int parse(const char *const *words, size_t n)
{
	data[0] = '\0';
	return mount_options_parse(words, n, &parsed, take_data, NULL, NULL);
}
#define PARSE(...)                                                                      \
	CHECK_INT(parse((const char *const[]){ __VA_ARGS__ },                           \
			sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)), \
		  0)

/* word, class, set, recursive, MS_ flag, attributes set and cleared */
static const struct mount_option expected[] = {
	{ "async", MOUNT_OPTION_SB, 0, false, false, MS_SYNCHRONOUS, 0, 0 },
	{ "atime", MOUNT_OPTION_ATTR, 0, false, false, MS_NOATIME, 0, 0 },
	{ "bind", MOUNT_OPTION_SPECIAL, 0, true, false, MOUNT_SPECIAL_BIND, 0, 0 },
	{ "defaults", MOUNT_OPTION_SPECIAL, 0, true, false, MOUNT_SPECIAL_DEFAULTS, 0, 0 },
	{ "dev", MOUNT_OPTION_ATTR, 0, false, false, MS_NODEV, 0, 4 },
	{ "diratime", MOUNT_OPTION_ATTR, 0, false, false, MS_NODIRATIME, 0, 0x80 },
	{ "dirsync", MOUNT_OPTION_SB, 0, true, false, MS_DIRSYNC, 0, 0 },
	{ "exec", MOUNT_OPTION_ATTR, 0, false, false, MS_NOEXEC, 0, 8 },
	{ "iversion", MOUNT_OPTION_SB, 0, true, false, MS_I_VERSION, 0, 0 },
	{ "lazytime", MOUNT_OPTION_SB, 0, true, false, LAZYTIME, 0, 0 },
	{ "loud", MOUNT_OPTION_SB, 0, false, false, MS_SILENT, 0, 0 },
	{ "mand", MOUNT_OPTION_SB, 0, true, false, MS_MANDLOCK, 0, 0 },
	{ "noatime", MOUNT_OPTION_ATTR, 0, true, false, MS_NOATIME, 0x10, 0x70 },
	{ "nodev", MOUNT_OPTION_ATTR, 0, true, false, MS_NODEV, 4, 0 },
	{ "nodiratime", MOUNT_OPTION_ATTR, 0, true, false, MS_NODIRATIME, 0x80, 0 },
	{ "noexec", MOUNT_OPTION_ATTR, 0, true, false, MS_NOEXEC, 8, 0 },
	{ "noiversion", MOUNT_OPTION_SB, 0, false, false, MS_I_VERSION, 0, 0 },
	{ "nolazytime", MOUNT_OPTION_SB, 0, false, false, LAZYTIME, 0, 0 },
	{ "nomand", MOUNT_OPTION_SB, 0, false, false, MS_MANDLOCK, 0, 0 },
	{ "norelatime", MOUNT_OPTION_ATTR, 0, false, false, MS_RELATIME, 0, 0 },
	{ "nostrictatime", MOUNT_OPTION_ATTR, 0, false, false, MS_STRICTATIME, 0, 0 },
	{ "nosuid", MOUNT_OPTION_ATTR, 0, true, false, MS_NOSUID, 2, 0 },
	{ "nosymfollow", MOUNT_OPTION_ATTR, 0, true, false, NOSYMFOLLOW, 0x200000, 0 },
	{ "private", MOUNT_OPTION_PROPAGATION, 0, true, false, MS_PRIVATE, 0, 0 },
	{ "ratime", MOUNT_OPTION_ATTR, 0, false, true, MS_NOATIME, 0, 0x70 },
	{ "rbind", MOUNT_OPTION_SPECIAL, 0, true, false, MOUNT_SPECIAL_RBIND, 0, 0 },
	{ "rdev", MOUNT_OPTION_ATTR, 0, false, true, MS_NODEV, 0, 4 },
	{ "rdiratime", MOUNT_OPTION_ATTR, 0, false, true, MS_NODIRATIME, 0, 0x80 },
	{ "relatime", MOUNT_OPTION_ATTR, 0, true, false, MS_RELATIME, 0, 0x70 },
	{ "remount", MOUNT_OPTION_SPECIAL, 0, true, false, MOUNT_SPECIAL_REMOUNT, 0, 0 },
	{ "rexec", MOUNT_OPTION_ATTR, 0, false, true, MS_NOEXEC, 0, 8 },
	{ "rnoatime", MOUNT_OPTION_ATTR, 0, true, true, MS_NOATIME, 0x10, 0x70 },
	{ "rnodev", MOUNT_OPTION_ATTR, 0, true, true, MS_NODEV, 4, 0 },
	{ "rnodiratime", MOUNT_OPTION_ATTR, 0, true, true, MS_NODIRATIME, 0x80, 0 },
	{ "rnoexec", MOUNT_OPTION_ATTR, 0, true, true, MS_NOEXEC, 8, 0 },
	{ "rnorelatime", MOUNT_OPTION_ATTR, 0, false, true, MS_RELATIME, 0, 0 },
	{ "rnostrictatime", MOUNT_OPTION_ATTR, 0, false, true, MS_STRICTATIME, 0, 0x70 },
	{ "rnosuid", MOUNT_OPTION_ATTR, 0, true, true, MS_NOSUID, 2, 0 },
	{ "rnosymfollow", MOUNT_OPTION_ATTR, 0, true, true, NOSYMFOLLOW, 0x200000, 0 },
	{ "ro", MOUNT_OPTION_ATTR, 0, true, false, MS_RDONLY, 1, 0 },
	{ "rprivate", MOUNT_OPTION_PROPAGATION, 0, true, true, MS_PRIVATE | MS_REC, 0, 0 },
	{ "rrelatime", MOUNT_OPTION_ATTR, 0, true, true, MS_RELATIME, 0, 0x70 },
	{ "rro", MOUNT_OPTION_ATTR, 0, true, true, MS_RDONLY, 1, 0 },
	{ "rrw", MOUNT_OPTION_ATTR, 0, false, true, MS_RDONLY, 0, 1 },
	{ "rshared", MOUNT_OPTION_PROPAGATION, 0, true, true, MS_SHARED | MS_REC, 0, 0 },
	{ "rslave", MOUNT_OPTION_PROPAGATION, 0, true, true, MS_SLAVE | MS_REC, 0, 0 },
	{ "rstrictatime", MOUNT_OPTION_ATTR, 0, true, true, MS_STRICTATIME, 0x20, 0x70 },
	{ "rsuid", MOUNT_OPTION_ATTR, 0, false, true, MS_NOSUID, 0, 2 },
	{ "rsymfollow", MOUNT_OPTION_ATTR, 0, false, true, NOSYMFOLLOW, 0, 0x200000 },
	{ "runbindable", MOUNT_OPTION_PROPAGATION, 0, true, true, MS_UNBINDABLE | MS_REC, 0, 0 },
	{ "rw", MOUNT_OPTION_ATTR, 0, false, false, MS_RDONLY, 0, 1 },
	{ "shared", MOUNT_OPTION_PROPAGATION, 0, true, false, MS_SHARED, 0, 0 },
	{ "silent", MOUNT_OPTION_SB, 0, true, false, MS_SILENT, 0, 0 },
	{ "slave", MOUNT_OPTION_PROPAGATION, 0, true, false, MS_SLAVE, 0, 0 },
	{ "strictatime", MOUNT_OPTION_ATTR, 0, true, false, MS_STRICTATIME, 0x20, 0x70 },
	{ "suid", MOUNT_OPTION_ATTR, 0, false, false, MS_NOSUID, 0, 2 },
	{ "symfollow", MOUNT_OPTION_ATTR, 0, false, false, NOSYMFOLLOW, 0, 0x200000 },
	{ "sync", MOUNT_OPTION_SB, 0, true, false, MS_SYNCHRONOUS, 0, 0 },
	{ "tmpcopyup", MOUNT_OPTION_SPECIAL, 0, true, false, MOUNT_SPECIAL_COPYUP, 0, 0 },
	{ "unbindable", MOUNT_OPTION_PROPAGATION, 0, true, false, MS_UNBINDABLE, 0, 0 },
	{ "idmap", MOUNT_OPTION_SPECIAL, 0, true, false, MOUNT_SPECIAL_IDMAP, 0, 0 },
	{ "ridmap", MOUNT_OPTION_SPECIAL, 0, true, false, MOUNT_SPECIAL_RIDMAP, 0, 0 },
};

TEST(every_word_of_the_specification)
{
	size_t spec = 0;

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct mount_option *e = &expected[i], *o = mount_option_find(e->word);

		if (!o) {
			CHECK_STR(NULL, e->word);
			continue;
		}
		CHECK_STR(o->word, e->word);
		if (o->class_ != e->class_ || o->set != e->set || o->recursive != e->recursive || o->flag != e->flag ||
		    o->attr_set != e->attr_set || o->attr_clr != e->attr_clr || o->origin != MOUNT_OPTION_SPEC)
			CHECK_STR("another meaning", e->word);
	}
	for (size_t i = 0; mount_option_at(i); i++)
		spec += mount_option_at(i)->origin == MOUNT_OPTION_SPEC;
	CHECK_INT(spec, ARRAY_SIZE(expected));
}

TEST(sorted)
{
	for (size_t i = 1; mount_option_at(i); i++)
		CHECK(strcmp(mount_option_at(i - 1)->word, mount_option_at(i)->word) < 0);
	CHECK(!mount_option_find("nosuch"));
	CHECK(!mount_option_find(""));
	CHECK(!mount_option_find("RO"));
	CHECK(!mount_option_at(10000));
}

/* Alone, no word of ours is data, and each changes something unless it names a default. */
TEST(every_word_parses)
{
	for (size_t i = 0; mount_option_at(i); i++) {
		const char *word = mount_option_at(i)->word;

		CHECK_INT(parse(&word, 1), 0);
		CHECK_STR(data, "");
	}
}

TEST(later_wins)
{
	PARSE("ro", "rw");
	CHECK_INT(parsed.attr_set, 0);
	CHECK_INT(parsed.attr_clr, SYS_MOUNT_ATTR_RDONLY);
	CHECK_INT(parsed.sb_set, 0);
	PARSE("rw", "ro");
	CHECK_INT(parsed.attr_set, SYS_MOUNT_ATTR_RDONLY);
	CHECK_INT(parsed.attr_clr, 0);
	CHECK_INT(parsed.sb_set, MS_RDONLY);
	PARSE("nosuid", "suid", "nodev", "dev", "nodev");
	CHECK_INT(parsed.attr_set, SYS_MOUNT_ATTR_NODEV);
	CHECK_INT(parsed.attr_clr, SYS_MOUNT_ATTR_NOSUID);
	PARSE("bind", "rbind");
	CHECK(parsed.bind && parsed.rbind);
	PARSE("rbind", "bind");
	CHECK(parsed.bind && !parsed.rbind);
	PARSE("sync", "async", "lazytime");
	CHECK_INT(parsed.sb_set, LAZYTIME);
	CHECK_INT(parsed.sb_clr, MS_SYNCHRONOUS);
	PARSE("idmap", "ridmap");
	CHECK(parsed.idmap && parsed.ridmap);
	PARSE("ro", "defaults");
	CHECK_INT(parsed.attr_set, SYS_MOUNT_ATTR_RDONLY);
}

TEST(recursive_and_top)
{
	PARSE("rro", "rw");
	CHECK_INT(parsed.rattr_set, SYS_MOUNT_ATTR_RDONLY);
	CHECK_INT(parsed.attr_clr, SYS_MOUNT_ATTR_RDONLY);
	PARSE("rw", "rro");
	CHECK_INT(parsed.rattr_set, SYS_MOUNT_ATTR_RDONLY);
	CHECK_INT(parsed.attr_clr, 0);
	CHECK_INT(parsed.sb_set, 0);
	PARSE("ro", "rrw");
	CHECK_INT(parsed.attr_set, 0);
	CHECK_INT(parsed.sb_set, 0);
	CHECK_INT(parsed.rattr_clr, SYS_MOUNT_ATTR_RDONLY);
	PARSE("noatime", "rrelatime");
	CHECK_INT(parsed.attr_set | parsed.attr_clr, 0);
	CHECK_INT(parsed.rattr_set, 0);
	CHECK_INT(parsed.rattr_clr, ATIME);
	PARSE("rnoatime", "strictatime");
	CHECK_INT(parsed.rattr_set, SYS_MOUNT_ATTR_NOATIME);
	CHECK_INT(parsed.attr_set, SYS_MOUNT_ATTR_STRICTATIME);
}

TEST(access_times)
{
	PARSE("noatime", "atime");
	CHECK_INT(parsed.attr_set, 0);
	CHECK_INT(parsed.attr_clr, ATIME);
	PARSE("atime");
	CHECK_INT(parsed.attr_set | parsed.attr_clr, 0);
	CHECK(parsed.drop_noatime);
	PARSE("strictatime", "atime");
	CHECK_INT(parsed.attr_set, SYS_MOUNT_ATTR_STRICTATIME);
	PARSE("strictatime", "nostrictatime");
	CHECK_INT(parsed.attr_set, 0);
	CHECK_INT(parsed.attr_clr, ATIME);
	PARSE("nostrictatime", "noatime");
	CHECK(!parsed.drop_strictatime);
	CHECK_INT(parsed.attr_set, SYS_MOUNT_ATTR_NOATIME);
	PARSE("relatime", "norelatime");
	CHECK_INT(parsed.attr_set, 0);
	PARSE("nodiratime", "noatime");
	CHECK_INT(parsed.attr_set, SYS_MOUNT_ATTR_NODIRATIME | SYS_MOUNT_ATTR_NOATIME);
}

TEST(propagation_in_order)
{
	PARSE("shared", "rslave", "private");
	CHECK_INT(parsed.propagation_len, 3);
	CHECK_INT(parsed.propagation[0], MS_SHARED);
	CHECK_INT(parsed.propagation[1], MS_SLAVE | MS_REC);
	CHECK_INT(parsed.propagation[2], MS_PRIVATE);
	const char *many[17];
	for (size_t i = 0; i < 17; i++)
		many[i] = "private";
	CHECK_ERR(parse(many, 17), -E2BIG);
	CHECK_ERR(parse(many, 16), 0);
}

TEST(unknown_words_are_data)
{
	PARSE("size=64k", "ro", "mode=700", "x-gvfs-hide", "X-mount.mkdir", "comment=hello", "_netdev", "", "user=me",
	      "idmapx");
	CHECK_STR(data, "0:size=64k 2:mode=700 8:user=me 9:idmapx ");
}

TEST(words_of_mount8)
{
	PARSE("nofail", "noauto", "auto", "_netdev", "nouser");
	CHECK(parsed.nofail);
	CHECK_INT(parsed.attr_set, 0);
	PARSE("user");
	CHECK_INT(parsed.attr_set, SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV | SYS_MOUNT_ATTR_NOEXEC);
	PARSE("user", "exec");
	CHECK_INT(parsed.attr_set, SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV);
	PARSE("owner");
	CHECK_INT(parsed.attr_set, SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV);
}

CHECK_MAIN();
