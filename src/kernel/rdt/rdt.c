/* SPDX-License-Identifier: Apache-2.0 */
/* A group is a directory that the kernel fills: `tasks`, `schemata`, `mon_groups`. Removing it moves its processes to the parent. */
#include "kernel/rdt/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/procfs.h"
#include "kernel/rdt/schema.h"

#define SCHEMATA_MAX 65536
#define SCHEMA_LINE_MAX 16384
#define MOUNTINFO_MAX (16 << 20)

/* ---- where it is ---- */

/* The fifth field of a line of mountinfo. */
static bool take_mountpoint(const char *line, char ret[PATH_MAX])
{
	size_t len;

	for (int i = 0; i < 4 && line; i++) {
		line = strchr(line, ' ');
		line = line ? line + 1 : NULL;
	}
	len = line ? strcspn(line, " ") : PATH_MAX;
	if (len >= PATH_MAX)
		return false;
	memcpy(ret, line, len);
	ret[len] = '\0';
	path_unescape(ret);
	return true;
}

int rdt_find(int proc_fd, char ret[PATH_MAX], struct err *err)
{
	autoclose int fd = procfs_open_file(proc_fd, "self/mountinfo", O_RDONLY);
	AUTO(buf_done) struct buf text = { 0 };
	int r = fd < 0 ? fd : io_read_all(fd, MOUNTINFO_MAX, &text);
	char *end;

	if (r < 0)
		return err_code(err, r, "read /proc/self/mountinfo");
	for (char *line = text.data; line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (strstr(line, " - resctrl ") && take_mountpoint(line, ret))
			return 0;
	}
	err_pointer(err, "/linux/intelRdt");
	err_hint(err, "mount -t resctrl resctrl /sys/fs/resctrl, on hardware that has it");
	return err_set(err, EOPNOTSUPP, "use a class of service: no resctrl file system is mounted");
}

/* ---- names ---- */

static int name_error(const char *member, int code, const char *name, const char *why, struct err *err)
{
	err_pointer(err, "/linux/intelRdt%s", member);
	return err_set(err, code, "use resctrl group `%s`: %s", name, why);
}

/* An id is checked elsewhere to be one component; these are the kernel's own. */
static bool is_taken(const char *name)
{
	static const char *const taken[] = { ".",    "..",        "info",     "mon_groups", "mon_data", "tasks",
					     "cpus", "cpus_list", "schemata", "mode",       "size" };

	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (!strcmp(name, taken[i]))
			return true;
	return !*name || strpbrk(name, "/\n");
}

static bool is_directory(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool has_schema(const struct spec_intel_rdt *s)
{
	return s->l3_cache_schema || s->mem_bw_schema || s->schemata_len;
}

int rdt_probe(const char *root, const struct spec_intel_rdt *s, const char *id, struct rdt *ret, struct err *err)
{
	const char *name = s->clos_id ? s->clos_id : id;
	bool is_default = s->clos_id && !strcmp(name, "/");

	memset(ret, 0, sizeof(*ret));
	if (!is_default && is_taken(name))
		return name_error(s->clos_id ? "/closID" : "", EINVAL, name,
				  "the file system has an entry of this name", err);
	if (snprintf(ret->group, sizeof(ret->group), "%s%s%s", root, is_default ? "" : "/", is_default ? "" : name) >=
	    PATH_MAX)
		return name_error("", ENAMETOOLONG, name, "the path is too long", err);
	ret->own_group = !s->clos_id;
	ret->made_group = !is_default && !is_directory(ret->group);
	if (ret->made_group && s->clos_id && !has_schema(s))
		return name_error("/closID", ENOENT, name, "it does not exist, and there is no schema to make it with",
				  err);
	if (!s->enable_monitoring.set || !s->enable_monitoring.value)
		return 0;
	if (is_taken(id))
		return name_error("/enableMonitoring", EINVAL, id, "the file system has an entry of this name", err);
	if (snprintf(ret->monitor, sizeof(ret->monitor), "%s/mon_groups/%s", ret->group, id) >= PATH_MAX)
		return name_error("", ENAMETOOLONG, id, "the path is too long", err);
	if (is_directory(ret->monitor))
		return name_error("/enableMonitoring", EEXIST, id, "there is a monitoring group of this name", err);
	ret->made_monitor = true;
	return 0;
}

/* ---- making ---- */

static int rdt_error(const char *root, const char *member, int r, struct err *err, const char *what, const char *name)
{
	char status[256], path[PATH_MAX];

	err_pointer(err, "/linux/intelRdt%s", member);
	err_code(err, r, "%s `%s`", what, name);
	/* the kernel says there what it did not like */
	snprintf(path, sizeof(path), "%.*s/info/last_cmd_status", PATH_MAX - 32, root);
	if (io_read_file_at(AT_FDCWD, path, status, sizeof(status)) > 0) {
		status[strcspn(status, "\n")] = '\0';
		if (*status && strcmp(status, "ok"))
			err_hint(err, "resctrl: %s", status);
	}
	return r;
}

static int make_directory(const char *root, const char *path, const char *member, struct err *err)
{
	if (mkdirat(AT_FDCWD, path, 0755) == 0)
		return 0;
	return rdt_error(root, member, -errno, err, "make resctrl group", path);
}

static int write_line(const char *root, const char *group, const char *member, const char *line, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	char path[PATH_MAX + 16];
	int r;

	snprintf(path, sizeof(path), "%s/schemata", group);
	buf_addf(&text, "%s\n", line);
	r = text.error ? text.error : io_write_file_at(AT_FDCWD, path, text.data);
	return r < 0 ? rdt_error(root, member, r, err, "write schema", line) : 0;
}

static int read_schemata(const char *group, const char *member, struct buf *ret, struct err *err)
{
	char path[PATH_MAX + 16];
	autoclose int fd = -EBADF;
	int r;

	snprintf(path, sizeof(path), "%s/schemata", group);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	r = fd < 0 ? -errno : io_read_all(fd, SCHEMATA_MAX, ret);
	if (r >= 0)
		return 0;
	err_pointer(err, "/linux/intelRdt%s", member);
	return err_code(err, r, "read `%s`", path);
}

static int check_line(const char *group, const char *member, const char *line, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	int r;

	if (!line)
		return 0;
	r = read_schemata(group, member, &text, err);
	if (r < 0 || rdt_schema_matches(text.data ? text.data : "", line))
		return r;
	err_pointer(err, "/linux/intelRdt%s", member);
	err_hint(err, "the class of service exists with another schema");
	return err_set(err, EEXIST, "use schema `%s`: `%s/schemata` has something else", line, group);
}

static int write_schemata(const char *root, const struct spec_intel_rdt *s, const struct rdt *r, struct err *err)
{
	char member[32];
	int e = 0;

	if (!r->made_group && s->clos_id) {
		e = check_line(r->group, "/l3CacheSchema", s->l3_cache_schema, err);
		if (e >= 0)
			e = check_line(r->group, "/memBwSchema", s->mem_bw_schema, err);
	}
	if (e >= 0 && s->l3_cache_schema)
		e = write_line(root, r->group, "/l3CacheSchema", s->l3_cache_schema, err);
	if (e >= 0 && s->mem_bw_schema)
		e = write_line(root, r->group, "/memBwSchema", s->mem_bw_schema, err);
	for (size_t i = 0; e >= 0 && i < s->schemata_len; i++) {
		snprintf(member, sizeof(member), "/schemata/%zu", i);
		e = write_line(root, r->group, member, s->schemata[i], err);
	}
	return e;
}

/* Of a class that is not ours alone, so that rdt_undo can give them back. */
static int keep_schemata(const struct spec_intel_rdt *s, struct rdt *r, struct err *err)
{
	AUTO(buf_done) struct buf now = { 0 };
	int e = read_schemata(r->group, "", &now, err);

	for (size_t i = 0; e >= 0 && i < s->schemata_len; i++) {
		size_t len = 0;
		const char *old = rdt_schema_find(now.data ? now.data : "", s->schemata[i], &len);

		e = old ? buf_addf(&r->before, "%.*s\n", (int)len, old) : 0;
	}
	return e;
}

int rdt_make(const char *root, const struct spec_intel_rdt *s, struct rdt *r, struct err *err)
{
	bool monitor = r->made_monitor;
	int e = r->made_group ? make_directory(root, r->group, "/closID", err) : 0;

	/* what is said to be made is what the undo removes */
	r->made_monitor = false;
	if (e < 0) {
		r->made_group = false;
		return e;
	}
	if (!r->made_group && s->schemata_len)
		e = keep_schemata(s, r, err);
	if (e >= 0)
		e = write_schemata(root, s, r, err);
	if (e >= 0 && monitor) {
		e = make_directory(root, r->monitor, "/enableMonitoring", err);
		r->made_monitor = e >= 0;
	}
	if (e < 0)
		rdt_undo(r);
	return e;
}

/* ---- changing ---- */

/* Only the root of the file system has this directory. */
static bool is_default_group(const char *group)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/info", group);
	return is_directory(path);
}

static int keep_line(const struct buf *now, const char *member, const char *line, struct buf *ret, struct err *err)
{
	size_t len = 0;
	const char *old = line ? rdt_schema_find(now->data ? now->data : "", line, &len) : NULL;

	if (!line)
		return 0;
	if (old)
		return buf_addf(ret, "%.*s\n", (int)len, old);
	err_pointer(err, "/linux/intelRdt%s", member);
	return err_set(err, EINVAL, "change schema `%s`: the class of service has no such resource", line);
}

int rdt_restore(const char *group, const struct buf *before, struct err *err)
{
	const char *line = before->data;
	int r = 0;

	for (size_t n; r >= 0 && line && *line; line += n + 1) {
		char text[SCHEMA_LINE_MAX];

		n = strcspn(line, "\n");
		snprintf(text, sizeof(text), "%.*s", (int)n, line);
		r = n < sizeof(text) ? write_line(group, group, "", text, err) : -E2BIG;
	}
	return r;
}

int rdt_change(const char *group, const char *l3_cache_schema, const char *mem_bw_schema, struct buf *ret_before,
	       struct err *err)
{
	AUTO(buf_done) struct buf now = { 0 };
	char root[PATH_MAX];
	int r;

	if (is_default_group(group))
		return err_set(err, EPERM, "change the default class of service: it is that of the whole machine");
	snprintf(root, sizeof(root), "%.*s", (int)(strrchr(group, '/') - group), group);
	r = read_schemata(group, "", &now, err);
	if (r >= 0)
		r = keep_line(&now, "/l3CacheSchema", l3_cache_schema, ret_before, err);
	if (r >= 0)
		r = keep_line(&now, "/memBwSchema", mem_bw_schema, ret_before, err);
	if (r >= 0 && l3_cache_schema)
		r = write_line(root, group, "/l3CacheSchema", l3_cache_schema, err);
	if (r < 0)
		return r;
	if (mem_bw_schema)
		r = write_line(root, group, "/memBwSchema", mem_bw_schema, err);
	if (r < 0 && l3_cache_schema && rdt_restore(group, ret_before, NULL) < 0)
		log_warn("resctrl group `%s`: the old schemata could not be written back", group);
	return r;
}

/* ---- placing ---- */

static int write_pid(const char *group, pid_t pid, struct err *err)
{
	char path[PATH_MAX + 16], text[16];
	int r;

	snprintf(path, sizeof(path), "%s/tasks", group);
	snprintf(text, sizeof(text), "%d\n", pid);
	r = io_write_file_at(AT_FDCWD, path, text);
	if (r >= 0)
		return 0;
	err_pointer(err, "/linux/intelRdt");
	return err_code(err, r, "write process %d to `%s`", pid, path);
}

/* In this order: a change of the class takes a process out of its monitoring group. */
int rdt_place(const struct rdt *r, pid_t pid, struct err *err)
{
	int e = r->group[0] ? write_pid(r->group, pid, err) : 0;

	return e >= 0 && r->monitor[0] ? write_pid(r->monitor, pid, err) : e;
}

/* ---- removing ---- */

static int remove_directory(const char *path, struct err *err)
{
	if (!path || !*path || unlinkat(AT_FDCWD, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return err_sys(err, "remove resctrl group `%s`", path);
}

static bool is_used(const char *group)
{
	char path[PATH_MAX + 16], text[8];

	snprintf(path, sizeof(path), "%s/tasks", group);
	return io_read_file_at(AT_FDCWD, path, text, sizeof(text)) != 0;
}

void rdt_undo(struct rdt *r)
{
	struct err err = { 0 };

	if (!r->made_group && r->before.len && rdt_restore(r->group, &r->before, &err) < 0)
		log_warn("undo: %s", err.text);
	buf_done(&r->before);
	if (r->made_monitor && remove_directory(r->monitor, &err) < 0)
		log_warn("undo: %s", err.text);
	/* a class that others may have joined meanwhile stays */
	if (r->made_group && (r->own_group || !is_used(r->group)) && remove_directory(r->group, &err) < 0)
		log_warn("undo: %s", err.text);
	r->made_monitor = r->made_group = false;
}

int rdt_remove(const char *group, const char *monitor, struct err *err)
{
	int r = remove_directory(monitor, err), e = remove_directory(group, r < 0 ? NULL : err);

	return r < 0 ? r : e;
}
