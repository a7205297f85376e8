/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of mounts[]: its words, its kind, what the kernel cannot do for that kind. Pure; what only the file system
 * can tell (links, types of sources) is left to the applier by a flag. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mutation.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/sys.h"
#include "kernel/mount/plan_internal.h"

/* fsconfig(2) takes strings of at most 255 bytes. */
#define FSCONFIG_STRING_MAX 255

int plan_mount_error(struct plan_build *b, const struct plan_mount *m, const char *member, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	err_pointer(b->err, "/mounts/%zu%s%s", m->index, member[0] ? "/" : "", member);
	return err_set(b->err, EINVAL, "plan mount `%.512s`: %s", m->spec->destination, why);
}

/* Points at the last use of the word. */
int plan_option_error(struct plan_build *b, const struct plan_mount *m, const char *word, const char *why)
{
	size_t at = 0;

	for (size_t i = 0; i < m->spec->options_len; i++)
		if (!strcmp(m->spec->options[i], word))
			at = i;
	err_pointer(b->err, "/mounts/%zu/options/%zu", m->index, at);
	return err_set(b->err, EINVAL, "plan mount `%.512s`: option `%.256s`: %s", m->spec->destination, word, why);
}

struct plan_data_arg {
	struct plan_build *b;
	struct plan_mount *m;
};

static int plan_datum(struct plan_data_arg *a, const char *s, size_t len)
{
	char text[4096];
	struct mount_datum d = { 0 };
	char *eq;

	if (!len)
		return 0;
	if (len >= sizeof(text))
		return plan_mount_error(a->b, a->m, "options", "an option is longer than %zu bytes", sizeof(text) - 1);
	memcpy(text, s, len);
	text[len] = '\0';
	eq = strchr(text, '=');
	if (eq)
		*eq = '\0';
	d.key = flat_add_str(a->b->flat, text);
	d.value = flat_add_str(a->b->flat, eq ? eq + 1 : NULL);
	return buf_add(&a->m->data, &d, sizeof(d));
}

/* A word may hold several options ("size=64k,mode=700"), since the list as a whole is what mount(2) would get joined by
 * commas. Quotes (LSM contexts) and backslashes (overlay) keep a comma together. */
static int plan_data(void *arg, size_t index, const char *word, struct err *err)
{
	struct plan_data_arg *a = arg;
	const char *start = word, *p = word;
	bool quoted = false;
	int r = 0;

	(void)err;
	(void)index;
	if (!a->m->data_word)
		a->m->data_word = word;
	for (; *p && !r; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == '\\' && p[1])
			p++;
		else if (*p == ',' && !quoted) {
			r = plan_datum(a, start, (size_t)(p - start));
			start = p + 1;
		}
	}
	return r ? r : plan_datum(a, start, (size_t)(p - start));
}

void plan_rec_init(struct plan_build *b, const struct plan_mount *m, const char *destination, uint32_t kind,
		   struct mount_rec *rec)
{
	const struct mount_options *o = &m->options;

	memset(rec, 0, sizeof(*rec));
	rec->destination = flat_add_str(b->flat, destination);
	rec->kind = kind;
	rec->index = (uint32_t)m->index;
	rec->attr_set = o->attr_set;
	rec->attr_clr = o->attr_clr;
	rec->rattr_set = o->rattr_set;
	rec->rattr_clr = o->rattr_clr;
	rec->sb_set = o->sb_set;
	rec->sb_clr = o->sb_clr;
	rec->propagation = flat_add_arr(b->flat, o->propagation, o->propagation_len, sizeof(o->propagation[0]));
	rec->flags = (o->nofail ? MOUNT_REC_NOFAIL : 0u) | (o->dest_nofollow ? MOUNT_REC_DEST_NOFOLLOW : 0u) |
		     (o->drop_noatime ? MOUNT_REC_DROP_NOATIME : 0u) |
		     (o->drop_strictatime ? MOUNT_REC_DROP_STRICTATIME : 0u);
}

int plan_rec_add(struct plan_build *b, struct mount_rec *rec)
{
	if ((rec->flags & MOUNT_REC_HOST_SOURCE) ||
	    (rec->kind == MOUNT_KIND_BIND && (b->in->host_can_open_sources || (rec->flags & MOUNT_REC_IDMAP)))) {
		rec->flags |= MOUNT_REC_HOST_SOURCE;
		rec->source_fd = ++b->host_sources;
	}
	return buf_add(&b->recs, rec, sizeof(*rec));
}

static int plan_id_map(struct plan_build *b, const struct plan_mount *m, const char *member,
		       const struct spec_id_mapping *map, size_t n, struct flat_arr *ret)
{
	AUTO(buf_done) struct buf list = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct mount_id_range range = { (uint32_t)map[i].container_id.value, (uint32_t)map[i].host_id.value,
						(uint32_t)map[i].size.value, 0 };

		if (!range.size)
			return plan_mount_error(b, m, member, "a mapping of size 0");
		buf_add(&list, &range, sizeof(range));
	}
	*ret = flat_add_arr(b->flat, list.data, n, sizeof(struct mount_id_range));
	return list.error;
}

static int plan_idmap(struct plan_build *b, const struct plan_mount *m, struct mount_rec *rec)
{
	const struct spec_mount *s = m->spec;
	bool mapped = s->uid_mappings_len || s->gid_mappings_len;
	const char *word = m->options.ridmap ? "ridmap" : "idmap";
	int r;

	if (!mapped && !m->options.idmap)
		return 0;
	if (!s->uid_mappings_len != !s->gid_mappings_len)
		return plan_mount_error(b, m, s->uid_mappings_len ? "uidMappings" : "gidMappings",
					"uidMappings and gidMappings belong together");
	if (rec->kind != MOUNT_KIND_BIND)
		return m->options.idmap ? plan_option_error(b, m, word, "only bind mounts can be id-mapped")
					: plan_mount_error(b, m, "uidMappings", "only bind mounts can be id-mapped");
	if (!mapped && !b->in->user_ns)
		return plan_option_error(b, m, word,
					 "no uidMappings and gidMappings, and no user namespace to take them from");
	rec->flags |= MOUNT_REC_IDMAP | (m->options.ridmap ? MOUNT_REC_IDMAP_RECURSIVE : 0u) |
		      (mapped ? 0u : MOUNT_REC_IDMAP_CONTAINER);
	if (!mapped)
		return 0;
	r = plan_id_map(b, m, "uidMappings", s->uid_mappings, s->uid_mappings_len, &rec->uid_map);
	return r ? r : plan_id_map(b, m, "gidMappings", s->gid_mappings, s->gid_mappings_len, &rec->gid_map);
}

/* The words that need a super block of its own, or change one. NULL when there is none. */
static const char *plan_sb_word(const struct plan_mount *m)
{
	for (size_t i = 0; i < m->spec->options_len; i++) {
		const struct mount_option *row = mount_option_find(m->spec->options[i]);

		if (row && row->class_ == MOUNT_OPTION_SB && row->set && row->flag != MS_SILENT &&
		    (m->options.sb_set & row->flag))
			return row->word;
	}
	return NULL;
}

static int plan_no_super_block(struct plan_build *b, const struct plan_mount *m)
{
	const char *word = plan_sb_word(m);

	if (word)
		return plan_option_error(b, m, word, "belongs to a file system, a bind mount cannot change it");
	if (m->data_word) {
		err_hint(b->err, "file system options have no meaning for bind mounts");
		return plan_option_error(b, m, m->data_word,
					 "not a mount option, and a bind mount takes no file system data");
	}
	return 0;
}

static int plan_bind(struct plan_build *b, const struct plan_mount *m, struct mount_rec *rec)
{
	const char *source = m->spec->source;
	char path[PATH_MAX], clean[PATH_MAX];
	int r = plan_no_super_block(b, m);

	if (r)
		return r;
	if (!source || !source[0])
		return plan_mount_error(b, m, "source", "a bind mount needs a source");
	r = snprintf(path, sizeof(path), "%s%s%s", source[0] == '/' ? "" : b->in->bundle, source[0] == '/' ? "" : "/",
		     source);
	if (r < 0 || (size_t)r >= sizeof(path) || path_clean(NULL, path, clean, sizeof(clean)) < 0)
		return plan_mount_error(b, m, "source", "the path is too long");
	rec->source = flat_add_str(b->flat, path);
	rec->sb_set = rec->sb_clr = 0;
	rec->flags |= (m->options.rbind ? MOUNT_REC_RECURSIVE : 0u) |
		      (m->options.copy_symlink ? MOUNT_REC_COPY_SYMLINK : 0u) |
		      (m->options.src_nofollow ? MOUNT_REC_SRC_NOFOLLOW : 0u);
	/* a read-only clone of all of sysfs must not hand out the host's control groups */
	if (m->options.rbind && !MUTATION(A16) && path_is_below("/sys/fs/cgroup", clean) &&
	    path_is_below(clean, "/sys") && strcmp(clean, "/sys/fs/cgroup") && (rec->attr_set & SYS_MOUNT_ATTR_RDONLY))
		rec->flags |= MOUNT_REC_SHIELD_CGROUP;
	return 0;
}

static bool plan_id_mapped(const struct spec_id_mapping *map, size_t n, uint64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= map[i].container_id.value && id - map[i].container_id.value < map[i].size.value)
			return true;
	return !n; /* a joined namespace: the kernel knows */
}

/* devpts cannot give terminals to an id that the user namespace does not have; templates made for root say gid=5. */
static void plan_devpts_ids(struct plan_build *b, struct plan_mount *m)
{
	const struct spec_linux_ *l = b->in->config->lnx;
	struct mount_datum *d = (struct mount_datum *)m->data.data;
	size_t n = m->data.len / sizeof(*d), kept = 0;

	if (!b->in->user_ns || !l)
		return;
	for (size_t i = 0; i < n; i++) {
		const char *key = b->flat->data + d[i].key.off,
			   *value = flat_has(d[i].value) ? b->flat->data + d[i].value.off : "";
		bool gid = !strcmp(key, "gid");
		uint64_t id;

		if ((gid || !strcmp(key, "uid")) && !parse_u64(value, UINT32_MAX, &id) &&
		    !plan_id_mapped(gid ? l->gid_mappings : l->uid_mappings,
				    gid ? l->gid_mappings_len : l->uid_mappings_len, id)) {
			log_warn("/mounts/%zu: `%s=%s` is not mapped in the user namespace: left out", m->index, key,
				 value);
			continue;
		}
		d[kept++] = d[i];
	}
	m->data.len = kept * sizeof(*d);
}

static bool plan_fs_is_classic(const struct plan_mount *m)
{
	const struct mount_datum *d = (const struct mount_datum *)m->data.data;

	if (m->options.sb_set & (MS_I_VERSION | MS_SILENT))
		return true;
	if (m->spec->source && strlen(m->spec->source) > FSCONFIG_STRING_MAX)
		return true;
	for (size_t i = 0; i < m->data.len / sizeof(*d); i++)
		if (d[i].key.len > FSCONFIG_STRING_MAX || d[i].value.len > FSCONFIG_STRING_MAX)
			return true;
	return false;
}

static int plan_fs(struct plan_build *b, struct plan_mount *m, struct mount_rec *rec)
{
	const char *type = m->spec->type;
	bool proc = !strcmp(type, "proc"), sysfs = !strcmp(type, "sysfs");

	if (!strcmp(type, "bind"))
		return plan_mount_error(b, m, "options", "type `bind` needs the option `bind` or `rbind`");
	if (m->options.copy_symlink || m->options.src_nofollow)
		return plan_option_error(b, m, m->options.copy_symlink ? "copy-symlink" : "src-nofollow",
					 "only for bind mounts");
	if (!strcmp(type, "devpts"))
		plan_devpts_ids(b, m);
	if (plan_label_add(b, type, &m->data) < 0)
		return -ENOMEM;
	if (!strcmp(type, "mqueue") && b->in->config->lnx && b->in->config->lnx->mount_label &&
	    *b->in->config->lnx->mount_label)
		rec->flags |= MOUNT_REC_LABEL_ROOT;
	rec->fstype = flat_add_str(b->flat, type);
	rec->source = flat_add_str(b->flat, m->spec->source && m->spec->source[0] ? m->spec->source : type);
	rec->data = flat_add_arr(b->flat, m->data.data, m->data.len / sizeof(struct mount_datum),
				 sizeof(struct mount_datum));
	if (plan_fs_is_classic(m))
		rec->flags |= MOUNT_REC_CLASSIC;
	if (proc || sysfs)
		rec->flags |= MOUNT_REC_DEST_NO_LINKS;
	/* Another pid namespace's /proc is not what the outside's shows: where the kernel makes none (the outside's is partly covered, as in
	 * a container), there is none. */
	if ((sysfs || (proc && !spec_find_namespace(b->in->config->lnx, SPEC_NS_PID))) &&
	    (b->in->user_ns || b->in->nested)) {
		rec->flags |= MOUNT_REC_FALLBACK_BIND;
		rec->fallback = flat_add_str(b->flat, proc ? "/proc" : "/sys");
	}
	if (b->in->user_ns && (!strcmp(type, "mqueue") || !strcmp(type, "cgroup2")))
		rec->flags |= MOUNT_REC_OWN_ROOT;
	return 0;
}

/* In /proc only these may be covered (an LXCFS serves them); anything else could feed the runtime a false /proc. */
static bool plan_is_proc_entry(const char *path)
{
	static const char *const entries[] = { "cpuinfo",
					       "diskstats",
					       "loadavg",
					       "meminfo",
					       "slabinfo",
					       "stat",
					       "swaps",
					       "uptime",
					       "sys/crypto/fips_enabled",
					       "sys/kernel/ns_last_pid" };

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (!strcmp(path + strlen("/proc/"), entries[i]))
			return true;
	return false;
}

static int plan_over_proc(struct plan_build *b, const struct plan_mount *m, struct mount_rec *rec)
{
	if (MUTATION(A4))
		return 0;
	if (!path_is_below(m->destination, "/proc") || rec->kind == MOUNT_KIND_REMOUNT || rec->kind == MOUNT_KIND_ATTR)
		return 0;
	rec->flags |= MOUNT_REC_DEST_NO_LINKS;
	if (!strcmp(m->destination, "/proc")) {
		if (rec->kind == MOUNT_KIND_FS && !strcmp(m->spec->type, "proc"))
			return 0;
		if (rec->kind != MOUNT_KIND_BIND)
			return plan_mount_error(b, m, "destination", "only a proc file system may be mounted on /proc");
		rec->flags |= MOUNT_REC_SOURCE_PROC;
		return 0;
	}
	if (!plan_is_proc_entry(m->destination))
		return plan_mount_error(b, m, "destination",
					"nothing may be mounted below /proc but a few files such as /proc/meminfo");
	rec->flags |= MOUNT_REC_PROC_ENTRY;
	return 0;
}

/* A read-only /dev is written to once more: by the runtime, which makes the devices in it. */
static void plan_defer_readonly(const struct plan_mount *m, struct mount_rec *rec)
{
	uint64_t ro = SYS_MOUNT_ATTR_RDONLY;

	if (rec->kind == MOUNT_KIND_BIND || strcmp(m->destination, "/dev") ||
	    !((rec->attr_set | (rec->rattr_set & ~rec->attr_clr)) & ro))
		return;
	rec->flags |= MOUNT_REC_DEFER_RO;
	rec->attr_set &= ~ro;
	if (rec->kind == MOUNT_KIND_FS) /* of a mount that is there already what is below it becomes read-only now */
		rec->rattr_set &= ~ro;
	rec->sb_set &= ~(uint64_t)MS_RDONLY;
}

static bool plan_type_is_dummy(const char *type)
{
	return !type || !type[0] || !strcmp(type, "none");
}

static uint32_t plan_kind(const struct plan_mount *m)
{
	const struct mount_options *o = &m->options;

	if (o->remount)
		return o->bind ? MOUNT_KIND_ATTR : MOUNT_KIND_REMOUNT;
	if (o->bind)
		return MOUNT_KIND_BIND;
	if (plan_type_is_dummy(m->spec->type) && o->propagation_len)
		return MOUNT_KIND_ATTR; /* as mount(2) with nothing but a propagation: changes what is there */
	return MOUNT_KIND_FS;
}

static int plan_record(struct plan_build *b, struct plan_mount *m)
{
	struct mount_rec rec;
	int r = 0;

	plan_rec_init(b, m, m->destination, plan_kind(m), &rec);
	if (rec.kind == MOUNT_KIND_FS && plan_type_is_dummy(m->spec->type))
		return plan_mount_error(b, m, "type", "neither a file system type nor the option `bind`");
	if (m->options.copyup) {
		if (rec.kind != MOUNT_KIND_FS || strcmp(m->spec->type, "tmpfs"))
			return plan_option_error(b, m, "tmpcopyup", "only for type tmpfs");
		rec.flags |= MOUNT_REC_COPYUP;
		rec.sb_set &= ~(uint64_t)MS_RDONLY; /* it is filled first; the mount itself becomes read-only */
	}
	if (rec.kind == MOUNT_KIND_FS)
		r = plan_fs(b, m, &rec);
	else if (rec.kind == MOUNT_KIND_BIND)
		r = plan_bind(b, m, &rec);
	else if (rec.kind == MOUNT_KIND_ATTR)
		r = plan_no_super_block(b, m), rec.sb_set = rec.sb_clr = 0;
	else
		rec.data = flat_add_arr(b->flat, m->data.data, m->data.len / sizeof(struct mount_datum),
					sizeof(struct mount_datum));
	if (!b->in->live)
		plan_defer_readonly(m, &rec);
	else if (!r)
		r = plan_live_check(b, m, &rec);
	if (!r)
		r = plan_over_proc(b, m, &rec);
	if (!r)
		r = plan_idmap(b, m, &rec);
	return r ? r : plan_rec_add(b, &rec);
}

int plan_mount_add(struct plan_build *b, size_t index)
{
	struct plan_mount m = { .spec = &b->in->config->mounts[index], .index = index };
	struct plan_data_arg arg = { b, &m };
	int r;

	if (!m.spec->destination || path_clean("/", m.spec->destination, m.destination, sizeof(m.destination)) < 0) {
		err_pointer(b->err, "/mounts/%zu/destination", index);
		return err_set(b->err, EINVAL, "plan mount: a destination of at most %zu bytes is required",
			       sizeof(m.destination) - 1);
	}
	if (m.spec->destination[0] != '/')
		log_warn("/mounts/%zu/destination: `%s` is relative, taken as `%s`", index, m.spec->destination,
			 m.destination);
	r = mount_options_parse(m.spec->options, m.spec->options_len, &m.options, plan_data, &arg, b->err);
	if (r == -E2BIG)
		err_pointer(b->err, "/mounts/%zu/options", index);
	if (!r && !b->in->live && !m.options.bind && !m.options.remount && m.spec->type &&
	    !strcmp(m.spec->type, "cgroup"))
		r = plan_cgroup_add(b, &m);
	else if (!r)
		r = plan_record(b, &m);
	buf_done(&m.data);
	return r;
}
