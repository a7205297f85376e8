/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping the options of the host's cgroup2. */

#include "container/checkpoint/criu_cgroup2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/procfs.h"
#include "base/sys.h"

#define MOUNTINFO_MAX (16 << 20)

/* id parent major:minor root PATH options ... - TYPE source SUPER-OPTIONS */
bool criu_cgroup2_parse(const char *mountinfo, const char *path, char *out, size_t len)
{
	size_t n = strlen(path);

	for (const char *line = mountinfo; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		const char *end = line + strcspn(line, "\n"), *at = line, *type;

		for (int i = 0; at && i < 4; i++)
			at = (at = memchr(at, ' ', (size_t)(end - at))) ? at + 1 : NULL;
		if (!at || (size_t)(end - at) <= n || strncmp(at, path, n) != 0 || at[n] != ' ')
			continue;
		type = memmem(at, (size_t)(end - at), " - cgroup2 ", 11);
		at = type ? memchr(type + 11, ' ', (size_t)(end - type - 11)) : NULL;
		if (!at || (size_t)(end - at) > len)
			continue;
		snprintf(out, len, "%.*s", (int)(end - at - 1), at + 1);
		return true;
	}
	return false;
}

static bool look(const char *mount, int proc_fd, char *out, size_t len)
{
	AUTO(buf_done) struct buf text = { 0 };
	autoclose int fd = procfs_open_file(proc_fd, "self/mountinfo", O_RDONLY);

	return fd >= 0 && io_read_all(fd, MOUNTINFO_MAX, &text) >= 0 && text.data &&
	       criu_cgroup2_parse(text.data, mount, out, len);
}

void criu_cgroup2_look(const struct cgroup_facts *f, int proc_fd, struct criu_cgroup2 *ret)
{
	ret->mount = f->unified >= 0 ? f->hierarchies[f->unified].mount : NULL;
	if (ret->mount && !look(ret->mount, proc_fd, ret->options, sizeof(ret->options)))
		ret->mount = NULL;
}

int criu_cgroup2_put_back(const struct criu_cgroup2 *was, int proc_fd, struct err *err)
{
	char now[sizeof(was->options)], word[64];
	autoclose int fd = -EBADF;

	if (!was->mount || !look(was->mount, proc_fd, now, sizeof(now)) || strcmp(now, was->options) == 0)
		return 0;
	log_debug("criu left cgroup2 with options `%s`: back to `%s`", now, was->options);
	fd = sys_fspick(AT_FDCWD, was->mount, SYS_FSPICK_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open cgroup2 at `%s`", was->mount);
	for (const char *o = was->options; *o; o += strspn(o, ",")) {
		size_t n = strcspn(o, ",");

		snprintf(word, sizeof(word), "%.*s", (int)n, o);
		o += n;
		if (strcmp(word, "rw") != 0 && strcmp(word, "ro") != 0 &&
		    sys_fsconfig(fd, SYS_FSCONFIG_SET_FLAG, word, NULL, 0) < 0)
			return err_sys(err, "set option `%s` of cgroup2", word);
	}
	if (sys_fsconfig(fd, SYS_FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return err_sys(err, "set the options of cgroup2");
	return 0;
}
