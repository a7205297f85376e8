/* SPDX-License-Identifier: Apache-2.0 */
/* Reads /proc/self/mountinfo line by line without a heap. Only for what no system call of Linux 5.14 tells: the propagation
 * of a mount, and the list of mounts. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/procfs.h"
#include "kernel/mount/apply_internal.h"

/* Fields up to the file system type fit, root and mount point with every byte as \ooo; the super block's options behind them may be
 * cut off. Static: too large for a stack, and masu-init has one thread. */
#define INFO_LINE (2 * 4 * PATH_MAX + 1024)

static char *info_field(char **p)
{
	char *start = *p, *end = start ? strchr(start, ' ') : NULL;

	if (end)
		*end++ = '\0';
	*p = end;
	return start;
}

/* id parent major:minor root path options optional... - type source super-options */
static int info_line(char *line, mount_info_fn *fn, void *arg)
{
	struct mount_info info = { 0 };
	char *p = line, *sep;

	info.id = strtoull(info_field(&p), NULL, 10);
	for (int i = 0; i < 3 && p; i++)
		info_field(&p);
	info.path = info_field(&p);
	info_field(&p);
	if (!info.path || !p)
		return -EPROTO;
	sep = *p == '-' ? p : strstr(p, " - ");
	if (!sep)
		return -EPROTO;
	info.optional = p;
	info.fstype = sep + (*p == '-' && sep == p ? 2 : 3);
	*sep = '\0';
	info.fstype[strcspn(info.fstype, " ")] = '\0';
	return fn(arg, &info);
}

int mount_info_scan(int proc_fd, mount_info_fn *fn, void *arg)
{
	autoclose int fd = procfs_open_file(proc_fd, "self/mountinfo", O_RDONLY);
	static char line[INFO_LINE];
	char chunk[4096];
	size_t len = 0;
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		for (ssize_t i = 0; i < n; i++) {
			if (chunk[i] != '\n') {
				if (len < sizeof(line) - 1)
					line[len++] = chunk[i];
				continue;
			}
			line[len] = '\0';
			len = 0;
			r = info_line(line, fn, arg);
			if (r)
				return r < 0 ? r : 0;
		}
	}
	return 0;
}

struct info_find {
	uint64_t id, propagation;
	bool found;
};

static int info_find(void *arg, const struct mount_info *info)
{
	struct info_find *f = arg;

	if (info->id != f->id)
		return 0;
	f->found = true;
	f->propagation = (strstr(info->optional, "shared:") ? MS_SHARED : 0u) |
			 (strstr(info->optional, "master:") ? MS_SLAVE : 0u) |
			 (strstr(info->optional, "unbindable") ? MS_UNBINDABLE : 0u);
	if (!f->propagation)
		f->propagation = MS_PRIVATE;
	return 1;
}

int mount_info_propagation(int proc_fd, uint64_t mount_id, uint64_t *ret)
{
	struct info_find f = { .id = mount_id };
	int r = mount_info_scan(proc_fd, info_find, &f);

	if (r < 0)
		return r;
	*ret = f.propagation;
	return f.found ? 0 : -ENOENT;
}
