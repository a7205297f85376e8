/* SPDX-License-Identifier: Apache-2.0 */
/* Reading limits back. Most files hold one value; some have a line for each device, and only the line of the device that is
 * about to change matters. */
#include "kernel/cgroup/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/io.h"

#define FILE_MAX (1 << 20)

/* Files with one line per key, and what stands for a key that has no line. */
static const struct {
	const char *file, *none;
} keyed[] = {
	{ "io.max", "rbps=max wbps=max riops=max wiops=max" },
	{ "io.latency", "target=0" },
	{ "rdma.max", "hca_handle=max hca_object=max" },
	{ "misc.max", "max" },
	{ "blkio.throttle.read_bps_device", "0" },
	{ "blkio.throttle.write_bps_device", "0" },
	{ "blkio.throttle.read_iops_device", "0" },
	{ "blkio.throttle.write_iops_device", "0" },
	{ "blkio.weight_device", "0" },
	{ "blkio.leaf_weight_device", "0" },
	{ "blkio.bfq.weight_device", "0" },
	{ "net_prio.ifpriomap", "0" },
	{ "io.weight", "default" },
	{ "io.bfq.weight", "default" },
	{ "memory.oom_control", "0" },
};

static const char *line_of(const char *now, const char *key, size_t len)
{
	for (const char *p = now; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strncmp(p, key, len) == 0 && p[len] == ' ')
			return p;
	return NULL;
}

const char *cgroup_saved_value(const char *file, const char *now, const char *value, struct arena *a)
{
	const char *none = NULL, *line, *key = value;
	size_t len = strcspn(value, " ");

	for (size_t i = 0; i < ARRAY_SIZE(keyed); i++)
		if (strcmp(keyed[i].file, file) == 0)
			none = keyed[i].none;
	if (!none) {
		len = strlen(now);
		while (len > 0 && now[len - 1] == '\n')
			len--;
		return len ? arena_strndup(a, now, len) : "\n"; /* an empty list needs a write that is not empty */
	}
	if (strcmp(file, "memory.oom_control") == 0) {
		line = line_of(now, "oom_kill_disable", 16);
		return line ? arena_strndup(a, line + 17, strcspn(line + 17, "\n")) : none;
	}
	if (strstr(file, "weight") && !memchr(value, ':', len)) { /* "100" and "default 100" */
		key = "default";
		len = 7;
	}
	line = line_of(now, key, len);
	if (line)
		return arena_strndup(a, line, strcspn(line, "\n"));
	if (strcmp(key, "default") == 0) /* a file with a bare number */
		return arena_strndup(a, now, strcspn(now, "\n"));
	return arena_printf(a, "%.*s %s", (int)len, key, none);
}

static int read_text(int dir_fd, const char *file, struct buf *ret)
{
	autoclose int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int r = fd < 0 ? -errno : io_read_all(fd, FILE_MAX, ret);

	return r < 0 ? r : buf_adds(ret, "");
}

/* 1: nothing to bring back. */
static int save_one(int dir_fd, const struct cgroup_write *w, struct arena *a, struct cgroup_write *ret)
{
	AUTO(buf_done) struct buf now = { 0 };
	const char *value = w->value;
	int r = read_text(dir_fd, w->file, &now);

	*ret = *w;
	ret->flags = 0;
	ret->alt_file = ret->alt_value = NULL;
	if (r == -ENOENT && w->alt_file && !(w->flags & CGROUP_WRITE_OR_FAIL)) {
		ret->file = w->alt_file;
		value = w->alt_value ? w->alt_value : w->value;
		r = read_text(dir_fd, ret->file, &now);
	}
	if (r == -ENOENT || r == -EACCES || r == -EOPNOTSUPP || r == -EINVAL) /* not there, or write-only */
		return 1;
	if (r < 0)
		return r;
	if (strcmp(ret->file, "cpu.weight") == 0 && strcmp(now.data, "0\n") == 0) /* idle: not a weight */
		return 1;
	ret->value = cgroup_saved_value(ret->file, now.data ? now.data : "", value, a);
	return ret->value ? 0 : -ENOMEM;
}

int cgroup_save(const int *dir_fds, const struct cgroup_writes *w, struct arena *a, struct cgroup_writes *ret,
		struct err *err)
{
	*ret = (struct cgroup_writes){ .v = arena_new(a, struct cgroup_write, w->len + 1), .cap = w->len + 1 };
	if (!ret->v)
		return err_set(err, ENOMEM, "read the limits that are in force");
	for (size_t i = 0; i < w->len; i++) {
		int r = save_one(dir_fds[w->v[i].hierarchy], &w->v[i], a, &ret->v[ret->len]);

		if (r < 0)
			return err_code(err, r, "read `%s`, which is about to change", w->v[i].file);
		ret->len += r == 0;
	}
	return 0;
}
