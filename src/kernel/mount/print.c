/* SPDX-License-Identifier: Apache-2.0 */
/* The mount plan as text, one stable line per record, for people and for golden files. Pure. */
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "kernel/mount/plan.h"

struct print_word {
	uint64_t bit;
	const char *word;
};

static const struct print_word print_attrs[] = {
	{ SYS_MOUNT_ATTR_RDONLY, "ro" },
	{ SYS_MOUNT_ATTR_NOSUID, "nosuid" },
	{ SYS_MOUNT_ATTR_NODEV, "nodev" },
	{ SYS_MOUNT_ATTR_NOEXEC, "noexec" },
	{ SYS_MOUNT_ATTR_NODIRATIME, "nodiratime" },
	{ SYS_MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow" },
	{ SYS_MOUNT_ATTR_NOATIME, "noatime" },
	{ SYS_MOUNT_ATTR_STRICTATIME, "strictatime" },
};
static const struct print_word print_sb[] = {
	{ MS_RDONLY, "ro" },          { MS_SYNCHRONOUS, "sync" },
	{ MS_DIRSYNC, "dirsync" },    { SYS_MS_LAZYTIME, "lazytime" },
	{ MS_MANDLOCK, "mand" },      { MS_SILENT, "silent" },
	{ MS_I_VERSION, "iversion" },
};
static const struct print_word print_flags[] = {
	{ MOUNT_REC_RECURSIVE, "recursive" },
	{ MOUNT_REC_HOST_SOURCE, "host-source" },
	{ MOUNT_REC_IDMAP, "idmap" },
	{ MOUNT_REC_IDMAP_RECURSIVE, "idmap-recursive" },
	{ MOUNT_REC_IDMAP_CONTAINER, "idmap-container" },
	{ MOUNT_REC_COPYUP, "copyup" },
	{ MOUNT_REC_COPY_SYMLINK, "copy-symlink" },
	{ MOUNT_REC_SRC_NOFOLLOW, "src-nofollow" },
	{ MOUNT_REC_DEST_NOFOLLOW, "dest-nofollow" },
	{ MOUNT_REC_DEST_NO_LINKS, "no-links" },
	{ MOUNT_REC_PROC_ENTRY, "proc-entry" },
	{ MOUNT_REC_SOURCE_PROC, "source-is-proc" },
	{ MOUNT_REC_FALLBACK_BIND, "fallback-bind" },
	{ MOUNT_REC_NOFAIL, "nofail" },
	{ MOUNT_REC_CLASSIC, "classic" },
	{ MOUNT_REC_DEFER_RO, "ro-after-devices" },
	{ MOUNT_REC_SHIELD_CGROUP, "shield-cgroup" },
	{ MOUNT_REC_OWN_ROOT, "own-root" },
	{ MOUNT_REC_DROP_NOATIME, "drop-noatime" },
	{ MOUNT_REC_DROP_STRICTATIME, "drop-strictatime" },
};
static const struct print_word print_plan_flags[] = {
	{ MOUNT_PLAN_NO_PIVOT, "no-pivot" },
	{ MOUNT_PLAN_READONLY_ROOT, "readonly" },
	{ MOUNT_PLAN_USER_NS, "user-ns" },
};
static const struct print_word print_propagations[] = {
	{ MS_SHARED, "shared" },
	{ MS_SLAVE, "slave" },
	{ MS_PRIVATE, "private" },
	{ MS_UNBINDABLE, "unbindable" },
};

static void print_words(struct buf *out, const char *key, uint64_t bits, const struct print_word *words, size_t n)
{
	const char *sep = "";

	if (!bits)
		return;
	buf_addf(out, " %s=", key);
	for (size_t i = 0; i < n; i++)
		if (bits & words[i].bit) {
			buf_addf(out, "%s%s", sep, words[i].word);
			sep = ",";
		}
}

/* Blanks, control characters and backslashes as \ooo, as in mountinfo. */
static void print_text(struct buf *out, const char *s)
{
	for (s = s ? s : "?"; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c <= ' ' || c == '\\' || c == 0x7f)
			buf_addf(out, "\\%03o", c);
		else
			buf_add(out, s, 1);
	}
}

static void print_str(struct buf *out, const char *key, const struct flat *f, struct flat_str s)
{
	if (!flat_has(s))
		return;
	buf_addf(out, " %s=", key);
	print_text(out, flat_str(f, s));
}

/* The whole field cleared and nothing set is relatime. */
static void print_attr(struct buf *out, const char *prefix, uint64_t set, uint64_t clr)
{
	char key[16];
	uint64_t atime = SYS_MOUNT_ATTR__ATIME;

	strcpy(key, prefix);
	strcat(key, "set");
	print_words(out, key, set, print_attrs, ARRAY_SIZE(print_attrs));
	strcpy(key, prefix);
	strcat(key, "clear");
	print_words(out, key, clr & ~atime, print_attrs, ARRAY_SIZE(print_attrs));
	if ((clr & atime) && !(set & atime))
		buf_addf(out, " %satime=relatime", prefix);
}

static void print_data(struct buf *out, const struct flat *f, struct flat_arr arr)
{
	const struct mount_datum *d = flat_arr(f, arr, sizeof(*d));

	for (uint32_t i = 0; d && i < arr.count; i++) {
		buf_adds(out, i ? "," : " data=");
		print_text(out, flat_str(f, d[i].key));
		if (flat_has(d[i].value)) {
			buf_adds(out, "=");
			print_text(out, flat_str(f, d[i].value));
		}
	}
}

static void print_map(struct buf *out, const char *key, const struct flat *f, struct flat_arr arr)
{
	const struct mount_id_range *m = flat_arr(f, arr, sizeof(*m));

	for (uint32_t i = 0; m && i < arr.count; i++)
		buf_addf(out, "%s%s%s%u-%u-%u", i ? "" : " ", i ? "," : key, i ? "" : "=", m[i].inside, m[i].outside,
			 m[i].size);
}

static void print_propagation(struct buf *out, const struct flat *f, struct flat_arr arr)
{
	const uint64_t *p = flat_arr(f, arr, sizeof(*p));

	for (uint32_t i = 0; p && i < arr.count; i++) {
		buf_adds(out, i ? "," : " propagation=");
		for (size_t k = 0; k < ARRAY_SIZE(print_propagations); k++)
			if (p[i] & print_propagations[k].bit)
				buf_addf(out, "%s%s", p[i] & MS_REC ? "r" : "", print_propagations[k].word);
	}
}

static void print_rec(struct buf *out, const struct flat *f, const struct mount_rec *r)
{
	static const char *const kinds[] = { "?", "fs", "bind", "remount", "attr", "link", "remove" };

	buf_addf(out, "mount %u %s ", r->index, kinds[r->kind < ARRAY_SIZE(kinds) ? r->kind : 0]);
	print_text(out, flat_str(f, r->destination));
	print_str(out, "type", f, r->fstype);
	print_str(out, "source", f, r->source);
	print_str(out, "fallback", f, r->fallback);
	print_data(out, f, r->data);
	print_words(out, "sb", r->sb_set, print_sb, ARRAY_SIZE(print_sb));
	if (r->kind == MOUNT_KIND_REMOUNT)
		print_words(out, "sb-clear", r->sb_clr, print_sb, ARRAY_SIZE(print_sb));
	print_attr(out, "", r->attr_set, r->attr_clr);
	print_attr(out, "r", r->rattr_set, r->rattr_clr);
	print_propagation(out, f, r->propagation);
	print_map(out, "uids", f, r->uid_map);
	print_map(out, "gids", f, r->gid_map);
	print_words(out, "flags", r->flags, print_flags, ARRAY_SIZE(print_flags));
	if (r->source_fd)
		buf_addf(out, " fd=%u", r->source_fd);
	buf_adds(out, "\n");
}

static void print_paths(struct buf *out, const char *what, const struct flat *f, struct flat_arr arr)
{
	const struct flat_str *s = flat_arr(f, arr, sizeof(*s));

	for (uint32_t i = 0; s && i < arr.count; i++) {
		buf_addf(out, "%s ", what);
		print_text(out, flat_str(f, s[i]));
		buf_adds(out, "\n");
	}
}

void mount_plan_print(const struct flat *flat, const struct mount_plan *plan, struct buf *out)
{
	static const char *const namespaces[] = { "none", "new", "joined" };
	const struct mount_rec *recs = flat_arr(flat, plan->mounts, sizeof(*recs));

	buf_adds(out, "root ");
	print_text(out, flat_str(flat, plan->root_path));
	buf_addf(out, " mount-ns=%s", plan->mount_ns < ARRAY_SIZE(namespaces) ? namespaces[plan->mount_ns] : "?");
	print_words(out, "propagation", plan->propagation, print_propagations, ARRAY_SIZE(print_propagations));
	print_words(out, "flags", plan->flags, print_plan_flags, ARRAY_SIZE(print_plan_flags));
	if (plan->root_source_fd)
		buf_addf(out, " fd=%u", plan->root_source_fd);
	buf_adds(out, "\n");
	for (uint32_t i = 0; recs && i < plan->mounts.count; i++)
		print_rec(out, flat, &recs[i]);
	print_paths(out, "readonly", flat, plan->readonly);
	print_paths(out, "masked", flat, plan->masked);
}
