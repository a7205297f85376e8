/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup ownership. Only cgroup v2 can be handed to a user safely, and only the files that the kernel lists. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "kernel/cgroup/delegate.h"
#include "kernel/cgroup/internal.h"

#define DELEGATE_LIST "/sys/kernel/cgroup/delegate"

int delegate_files(int dir_fd, const char *list, uid_t uid, struct err *err)
{
	char names[4096], *save = NULL;

	if (strlen(list) >= sizeof(names))
		return err_set(err, E2BIG, "read `" DELEGATE_LIST "`: too long");
	strcpy(names, list);
	for (char *f = strtok_r(names, "\n", &save); f; f = strtok_r(NULL, "\n", &save)) {
		if (strchr(f, '/'))
			return err_set(err, EINVAL, "read `" DELEGATE_LIST "`: `%s` is not a file name", f);
		if (fchownat(dir_fd, f, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return err_sys(err, "change owner of cgroup file `%s`", f);
	}
	if (fchownat(dir_fd, "", uid, (gid_t)-1, AT_EMPTY_PATH) < 0)
		return err_sys(err, "change owner of cgroup");
	return 0;
}

int cgroup_delegate(struct cgroup *cg, uid_t uid, struct err *err)
{
	char list[4096];
	ssize_t n;
	int fd, r;

	if (cgroup_is_disabled(cg) || cg->facts->layout != CGROUP_LAYOUT_V2)
		return 0;
	fd = cgroup_fd(cg, cg->facts->unified);
	if (fd < 0)
		return err_code(err, fd, "open cgroup `%s`", cg->path);
	n = io_read_file_at(AT_FDCWD, DELEGATE_LIST, list, sizeof(list));
	if (n == -ENOENT)
		strcpy(list, DELEGATE_FALLBACK);
	else if (n < 0)
		return err_code(err, (int)n, "read `" DELEGATE_LIST "`");
	r = delegate_files(fd, list, uid, err);
	return r < 0 ? err_wrap(err, r, "delegate cgroup `%s` to user %u", cg->path, (unsigned)uid) : 0;
}
