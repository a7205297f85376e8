/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup ownership. Only cgroup v2 can be handed to a user safely, and only the files that the kernel lists. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
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

static int delegate_dir(int fd, uid_t uid, struct err *err)
{
	char list[4096];
	ssize_t n = io_read_file_at(AT_FDCWD, DELEGATE_LIST, list, sizeof(list));

	if (n == -ENOENT)
		strcpy(list, DELEGATE_FALLBACK);
	else if (n < 0)
		return err_code(err, (int)n, "read `" DELEGATE_LIST "`");
	return delegate_files(fd, list, uid, err);
}

int cgroup_delegate(struct cgroup *cg, uid_t uid, struct err *err)
{
	int fd, r;

	if (cg->facts->layout != CGROUP_LAYOUT_V2 || !cgroup_is_new(cg))
		return 0;
	fd = cgroup_fd(cg, cg->facts->unified);
	if (fd < 0)
		return err_code(err, fd, "open cgroup `%s`", cg->path);
	r = delegate_dir(fd, uid, err);
	return r < 0 ? err_wrap(err, r, "delegate cgroup `%s` to user %u", cg->path, (unsigned)uid) : 0;
}

/* Opens the last part of the path, an owned fd. */
static int make_sub(int dir_fd, const char *sub, struct err *err)
{
	char parts[CGROUP_PATH_MAX], *save = NULL;
	int at;

	if (strlen(sub) >= sizeof(parts))
		return err_set(err, ENAMETOOLONG, "make cgroup `%s`", sub);
	at = openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return err_sys(err, "open the cgroup");
	strcpy(parts, sub);
	for (char *part = strtok_r(parts, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		autoclose int up = at;

		if (mkdirat(up, part, 0755) < 0 && errno != EEXIST)
			return err_sys(err, "make cgroup `%s`", sub);
		at = openat(up, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (at < 0)
			return err_sys(err, "open cgroup `%s`", sub);
	}
	return at;
}

/* Every controller of a directory for those below it, each by itself: one that does not go must not keep the others. */
static void hand_down(int dir_fd)
{
	char list[1024], word[256], *save = NULL;

	if (io_read_file_at(dir_fd, "cgroup.controllers", list, sizeof(list)) < 0)
		return;
	for (char *name = strtok_r(list, " \n", &save); name; name = strtok_r(NULL, " \n", &save)) {
		snprintf(word, sizeof(word), "+%s", name);
		if (io_write_file_at(dir_fd, "cgroup.subtree_control", word) < 0)
			log_debug("hand down controller `%s`: %m", name);
	}
}

int cgroup_delegate_sub(struct cgroup *cg, const char *sub, pid_t pid, uid_t uid, struct err *err)
{
	autoclose int leaf = -EBADF;
	char text[16];
	int fd, r;

	if (cgroup_is_disabled(cg) || cg->facts->layout != CGROUP_LAYOUT_V2)
		return err_set(err, EOPNOTSUPP, "delegate cgroup `%s`: only cgroup v2 can be handed on", sub);
	if (!cgroup_is_new(cg))
		return err_set(err, EEXIST, "delegate cgroup `%s`: the cgroup above it was there before the container",
			       sub);
	fd = cgroup_fd(cg, cg->facts->unified);
	if (fd < 0)
		return err_code(err, fd, "open cgroup `%s`", cg->path);
	leaf = make_sub(fd, sub, err);
	if (leaf < 0)
		return leaf;
	snprintf(text, sizeof(text), "%d", pid);
	r = io_write_file_at(leaf, "cgroup.procs", text);
	if (r < 0)
		return err_code(err, r, "move process %d into cgroup `%s/%s`", pid, cg->path, sub);
	/* The kernel lets a cgroup have processes or hand on controllers, not both: hence after the move. */
	hand_down(fd);
	r = delegate_dir(leaf, uid, err);
	return r < 0 ? err_wrap(err, r, "delegate cgroup `%s/%s` to user %u", cg->path, sub, (unsigned)uid) : 0;
}
