/* SPDX-License-Identifier: Apache-2.0 */
/* The words of mounts[].options and what they mean. Later words win, as with mount(8). Which word cannot be had for which
 * kind of mount is the planner's matter. */
#include "kernel/mount/options.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/sys.h"

#define RDONLY SYS_MOUNT_ATTR_RDONLY
#define NOSUID SYS_MOUNT_ATTR_NOSUID
#define NODEV SYS_MOUNT_ATTR_NODEV
#define NOEXEC SYS_MOUNT_ATTR_NOEXEC
#define ATIME SYS_MOUNT_ATTR__ATIME
#define NODIRATIME SYS_MOUNT_ATTR_NODIRATIME
#define NOSYMFOLLOW SYS_MOUNT_ATTR_NOSYMFOLLOW

#define S MOUNT_OPTION_SPEC
#define R MOUNT_OPTION_RUNTIME
#define M MOUNT_OPTION_MOUNT8
#define SB(w, set, ms)                                      \
	{                                                   \
		w, MOUNT_OPTION_SB, S, set, false, ms, 0, 0 \
	}
#define ATTR(w, set, rec, ms, a, c)                         \
	{                                                   \
		w, MOUNT_OPTION_ATTR, S, set, rec, ms, a, c \
	}
#define PROP(w, ms)                                                                \
	{                                                                          \
		w, MOUNT_OPTION_PROPAGATION, S, true, ((ms)&MS_REC) != 0, ms, 0, 0 \
	}
#define SPECIAL(w, o, x)                                                         \
	{                                                                        \
		w, MOUNT_OPTION_SPECIAL, o, true, false, MOUNT_SPECIAL_##x, 0, 0 \
	}
#define NONE(w, o)                                            \
	{                                                     \
		w, MOUNT_OPTION_NONE, o, true, false, 0, 0, 0 \
	}

/* Sorted by strcmp(3). The recursive atime words name the whole atime field: the kernel refuses to set a value without
 * clearing the field. */
static const struct mount_option mount_options_table[] = {
	NONE("_netdev", M),
	SB("async", false, MS_SYNCHRONOUS),
	ATTR("atime", false, false, MS_NOATIME, 0, 0),
	NONE("auto", M),
	SPECIAL("bind", S, BIND),
	SPECIAL("copy-symlink", R, COPY_SYMLINK),
	SPECIAL("defaults", S, DEFAULTS),
	SPECIAL("dest-nofollow", R, DEST_NOFOLLOW),
	ATTR("dev", false, false, MS_NODEV, 0, NODEV),
	ATTR("diratime", false, false, MS_NODIRATIME, 0, NODIRATIME),
	SB("dirsync", true, MS_DIRSYNC),
	ATTR("exec", false, false, MS_NOEXEC, 0, NOEXEC),
	SPECIAL("group", M, OWNERSECURE),
	SPECIAL("idmap", S, IDMAP),
	SB("iversion", true, MS_I_VERSION),
	SB("lazytime", true, SYS_MS_LAZYTIME),
	SB("loud", false, MS_SILENT),
	SB("mand", true, MS_MANDLOCK),
	ATTR("noatime", true, false, MS_NOATIME, SYS_MOUNT_ATTR_NOATIME, ATIME),
	NONE("noauto", M),
	ATTR("nodev", true, false, MS_NODEV, NODEV, 0),
	ATTR("nodiratime", true, false, MS_NODIRATIME, NODIRATIME, 0),
	ATTR("noexec", true, false, MS_NOEXEC, NOEXEC, 0),
	SPECIAL("nofail", M, NOFAIL),
	NONE("nogroup", M),
	SB("noiversion", false, MS_I_VERSION),
	SB("nolazytime", false, SYS_MS_LAZYTIME),
	SB("nomand", false, MS_MANDLOCK),
	NONE("noowner", M),
	ATTR("norelatime", false, false, MS_RELATIME, 0, 0),
	ATTR("nostrictatime", false, false, MS_STRICTATIME, 0, 0),
	ATTR("nosuid", true, false, MS_NOSUID, NOSUID, 0),
	ATTR("nosymfollow", true, false, SYS_MS_NOSYMFOLLOW, NOSYMFOLLOW, 0),
	NONE("nouser", M),
	NONE("nousers", M),
	SPECIAL("owner", M, OWNERSECURE),
	PROP("private", MS_PRIVATE),
	ATTR("ratime", false, true, MS_NOATIME, 0, ATIME),
	SPECIAL("rbind", S, RBIND),
	ATTR("rdev", false, true, MS_NODEV, 0, NODEV),
	ATTR("rdiratime", false, true, MS_NODIRATIME, 0, NODIRATIME),
	ATTR("relatime", true, false, MS_RELATIME, SYS_MOUNT_ATTR_RELATIME, ATIME),
	SPECIAL("remount", S, REMOUNT),
	ATTR("rexec", false, true, MS_NOEXEC, 0, NOEXEC),
	SPECIAL("ridmap", S, RIDMAP),
	ATTR("rnoatime", true, true, MS_NOATIME, SYS_MOUNT_ATTR_NOATIME, ATIME),
	ATTR("rnodev", true, true, MS_NODEV, NODEV, 0),
	ATTR("rnodiratime", true, true, MS_NODIRATIME, NODIRATIME, 0),
	ATTR("rnoexec", true, true, MS_NOEXEC, NOEXEC, 0),
	ATTR("rnorelatime", false, true, MS_RELATIME, 0, 0),
	ATTR("rnostrictatime", false, true, MS_STRICTATIME, 0, ATIME),
	ATTR("rnosuid", true, true, MS_NOSUID, NOSUID, 0),
	ATTR("rnosymfollow", true, true, SYS_MS_NOSYMFOLLOW, NOSYMFOLLOW, 0),
	ATTR("ro", true, false, MS_RDONLY, RDONLY, 0),
	PROP("rprivate", MS_PRIVATE | MS_REC),
	ATTR("rrelatime", true, true, MS_RELATIME, SYS_MOUNT_ATTR_RELATIME, ATIME),
	ATTR("rro", true, true, MS_RDONLY, RDONLY, 0),
	ATTR("rrw", false, true, MS_RDONLY, 0, RDONLY),
	PROP("rshared", MS_SHARED | MS_REC),
	PROP("rslave", MS_SLAVE | MS_REC),
	ATTR("rstrictatime", true, true, MS_STRICTATIME, SYS_MOUNT_ATTR_STRICTATIME, ATIME),
	ATTR("rsuid", false, true, MS_NOSUID, 0, NOSUID),
	ATTR("rsymfollow", false, true, SYS_MS_NOSYMFOLLOW, 0, NOSYMFOLLOW),
	PROP("runbindable", MS_UNBINDABLE | MS_REC),
	ATTR("rw", false, false, MS_RDONLY, 0, RDONLY),
	PROP("shared", MS_SHARED),
	SB("silent", true, MS_SILENT),
	PROP("slave", MS_SLAVE),
	SPECIAL("src-nofollow", R, SRC_NOFOLLOW),
	ATTR("strictatime", true, false, MS_STRICTATIME, SYS_MOUNT_ATTR_STRICTATIME, ATIME),
	ATTR("suid", false, false, MS_NOSUID, 0, NOSUID),
	ATTR("symfollow", false, false, SYS_MS_NOSYMFOLLOW, 0, NOSYMFOLLOW),
	SB("sync", true, MS_SYNCHRONOUS),
	SPECIAL("tmpcopyup", S, COPYUP),
	PROP("unbindable", MS_UNBINDABLE),
	SPECIAL("user", M, SECURE),
	SPECIAL("users", M, SECURE),
};

const struct mount_option *mount_option_at(size_t i)
{
	return i < ARRAY_SIZE(mount_options_table) ? &mount_options_table[i] : NULL;
}

const struct mount_option *mount_option_find(const char *word)
{
	static const struct mount_option other = NONE("x-*", M);
	size_t low = 0, high = ARRAY_SIZE(mount_options_table);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = strcmp(word, mount_options_table[mid].word);

		if (!c)
			return &mount_options_table[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return !strncmp(word, "x-", 2) || !strncmp(word, "X-", 2) || !strncmp(word, "comment=", 8) ? &other : NULL;
}

/* A value of the atime field replaces whatever was said about it before. */
static void options_atime(struct mount_options *o, const struct mount_option *row)
{
	uint64_t *set = row->recursive ? &o->rattr_set : &o->attr_set;
	uint64_t *clr = row->recursive ? &o->rattr_clr : &o->attr_clr;
	uint64_t said = row->flag == MS_NOATIME ? SYS_MOUNT_ATTR_NOATIME : SYS_MOUNT_ATTR_STRICTATIME;

	if (row->set || (row->recursive && row->flag != MS_RELATIME)) {
		if (row->recursive)
			o->attr_set &= ~ATIME, o->attr_clr &= ~ATIME;
		*set = (*set & ~ATIME) | row->attr_set;
		*clr |= ATIME;
		o->drop_noatime = o->drop_strictatime = false;
		return;
	}
	if (row->flag == MS_RELATIME)
		return;     /* relatime is the kernel's default: there is nothing else to fall back to */
	if (*clr & ATIME) { /* said earlier in this list: take it back */
		if ((*set & ATIME) == said)
			*set &= ~ATIME;
		return;
	}
	if (row->flag == MS_NOATIME)
		o->drop_noatime = true;
	else
		o->drop_strictatime = true;
}

static void options_attr(struct mount_options *o, uint64_t set, uint64_t clr, bool recursive)
{
	if (recursive) {
		o->rattr_set = (o->rattr_set & ~clr) | set;
		o->rattr_clr = (o->rattr_clr & ~set) | clr;
		o->attr_set &= ~(set | clr); /* the top mount is one of them */
		o->attr_clr &= ~(set | clr);
	} else {
		o->attr_set = (o->attr_set & ~clr) | set;
		o->attr_clr = (o->attr_clr & ~set) | clr;
	}
}

static void options_sb(struct mount_options *o, uint64_t flag, bool set)
{
	o->sb_set = set ? o->sb_set | flag : o->sb_set & ~flag;
	o->sb_clr = set ? o->sb_clr & ~flag : o->sb_clr | flag;
}

static void options_special(struct mount_options *o, enum mount_option_special special)
{
	switch (special) {
	case MOUNT_SPECIAL_BIND:
	case MOUNT_SPECIAL_RBIND:
		o->bind = true;
		o->rbind = special == MOUNT_SPECIAL_RBIND;
		break;
	case MOUNT_SPECIAL_IDMAP:
	case MOUNT_SPECIAL_RIDMAP:
		o->idmap = true;
		o->ridmap = special == MOUNT_SPECIAL_RIDMAP;
		break;
	case MOUNT_SPECIAL_REMOUNT:
		o->remount = true;
		break;
	case MOUNT_SPECIAL_COPYUP:
		o->copyup = true;
		break;
	case MOUNT_SPECIAL_COPY_SYMLINK:
		o->copy_symlink = true;
		break;
	case MOUNT_SPECIAL_SRC_NOFOLLOW:
		o->src_nofollow = true;
		break;
	case MOUNT_SPECIAL_DEST_NOFOLLOW:
		o->dest_nofollow = true;
		break;
	case MOUNT_SPECIAL_NOFAIL:
		o->nofail = true;
		break;
	case MOUNT_SPECIAL_SECURE: /* what mount(8) says that `user` implies */
		options_attr(o, NOSUID | NODEV | NOEXEC, 0, false);
		break;
	case MOUNT_SPECIAL_OWNERSECURE:
		options_attr(o, NOSUID | NODEV, 0, false);
		break;
	case MOUNT_SPECIAL_DEFAULTS: /* rw,suid,dev,exec,async are what is there if nobody says otherwise; it undoes nothing */
		break;
	}
}

static void options_word(struct mount_options *o, const struct mount_option *row)
{
	switch (row->class_) {
	case MOUNT_OPTION_SB:
		options_sb(o, row->flag, row->set);
		break;
	case MOUNT_OPTION_ATTR:
		if (row->flag == MS_NOATIME || row->flag == MS_STRICTATIME || row->flag == MS_RELATIME) {
			options_atime(o, row);
			break;
		}
		options_attr(o, row->attr_set, row->attr_clr, row->recursive);
		if (row->flag == MS_RDONLY && !(row->recursive && row->set)) /* `rro` is a matter of the mounts alone */
			options_sb(o, MS_RDONLY, row->set);
		break;
	case MOUNT_OPTION_PROPAGATION:
		o->propagation[o->propagation_len++] = row->flag;
		break;
	case MOUNT_OPTION_SPECIAL:
		options_special(o, (enum mount_option_special)row->flag);
		break;
	default:
		break;
	}
}

int mount_options_parse(const char *const *words, size_t n, struct mount_options *ret, mount_option_data_fn *data,
			void *arg, struct err *err)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < n; i++) {
		const struct mount_option *row = mount_option_find(words[i]);

		if (!row) {
			int r = words[i][0] && data ? data(arg, i, words[i], err) : 0;

			if (r < 0)
				return r;
			continue;
		}
		if (row->class_ == MOUNT_OPTION_PROPAGATION && ret->propagation_len == ARRAY_SIZE(ret->propagation))
			return err_set(err, E2BIG, "read mount option `%s`: more than %zu propagation words", words[i],
				       ARRAY_SIZE(ret->propagation));
		options_word(ret, row);
	}
	return 0;
}
