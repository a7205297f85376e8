/* SPDX-License-Identifier: Apache-2.0 */
/* /dev/console: the container's terminal bound on a file of the container's root, in masu-init. The source is an fd, never
 * a path below /dev/pts; the target is never followed. */
#include "kernel/dev/dev.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/inroot.h"
#include "base/mutation.h"
#include "base/sys.h"

#define DEVPTS_MAGIC 0x1cd1
#define PTS_MAJOR_FIRST 136
#define PTS_MAJOR_LAST 143

static bool console_is_pts(int fd, struct stat *st)
{
	return !fstat(fd, st) && S_ISCHR(st->st_mode) && major(st->st_rdev) >= PTS_MAJOR_FIRST &&
	       major(st->st_rdev) <= PTS_MAJOR_LAST && fd_is_fstype(fd, DEVPTS_MAGIC);
}

static int console_target(int parent, const char *name, struct err *err)
{
	autoclose int made =
		openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
	autoclose int fd = -1;
	struct stat st;

	if (made < 0 && errno != EEXIST)
		return err_sys(err, "make `/dev/console`");
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open `/dev/console`");
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return err_set(err, EEXIST, "mount `/dev/console`: there is %s",
			       S_ISLNK(st.st_mode) ? "a symbolic link" : "neither a file nor a device");
	return take_fd(&fd);
}

#ifdef MASU_MUTATIONS
static int console_by_path(unsigned n, int target)
{
	char path[32];
	autoclose int fd = -1;

	snprintf(path, sizeof(path), "/dev/pts/%u", n);
	fd = sys_open_tree(AT_FDCWD, path, SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC);
	return sys_move_mount(fd, "", target, "", SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH);
}
#else
#define console_by_path(n, target) (-1)
#endif

int dev_apply_console(int root_fd, int slave_fd, struct err *err)
{
	char name[NAME_MAX + 1];
	autoclose int parent = -1, target = -1, clone = -1, seen = -1;
	struct stat want, st;

	if (!console_is_pts(slave_fd, &want))
		return err_set(err, EINVAL, "mount `/dev/console`: the terminal is not a pseudo terminal on devpts");
	parent = inroot_open_parent(root_fd, "/dev/console", true, name, sizeof(name));
	if (parent < 0)
		return err_code(err, parent, "open the directory of `/dev/console`");
	if (MUTATION(CONSOLE) && faccessat(parent, name, F_OK, 0) == 0) /* whatever stands there */
		return 0;
	target = console_target(parent, name, err);
	if (target < 0)
		return target;
	if (MUTATION(A24))
		return console_by_path(minor(want.st_rdev), target);
	clone = sys_open_tree(slave_fd, "", SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (clone < 0)
		return err_sys(err, "clone the terminal for `/dev/console`");
	if (sys_move_mount(clone, "", target, "", SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(err, "mount `/dev/console`");
	seen = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (seen < 0)
		return err_sys(err, "verify `/dev/console`");
	if (!console_is_pts(seen, &st) || st.st_dev != want.st_dev || st.st_ino != want.st_ino)
		return err_set(err, EBUSY, "verify `/dev/console`: the terminal does not show");
	return 0;
}
