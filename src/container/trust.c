/* SPDX-License-Identifier: Apache-2.0 */
/* Owner, mode and kind of the files that masu believes. What is in them is not known here. */

#include "container/trust.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* In a sticky directory nobody replaces what is somebody else's, and the one group that is the caller's own is no stranger. */
static bool others_write(const struct stat *st, enum trust kind)
{
	if (kind != TRUST_ROOT)
		return st->st_mode & (S_IWGRP | S_IWOTH);
	if (st->st_mode & S_ISVTX)
		return false;
	return st->st_mode & S_IWOTH || (st->st_mode & S_IWGRP && st->st_gid != getegid());
}

int trust_check(int fd, enum trust kind, const char *name, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "look at `%s`", name);
	if (kind == TRUST_FILE && !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "read %s: not a regular file", name);
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		err_set(err, EPERM, "use `%s`: it belongs to user %u, not to user %u", name, st.st_uid, geteuid());
		err_hint(err, "run masu as that user, or give it to yourself with chown");
		return -EPERM;
	}
	if (!others_write(&st, kind))
		return 0;
	err_set(err, EPERM, "use `%s`: others may write to it (mode %04o)", name, st.st_mode & 07777);
	err_hint(err, "take that right away with chmod go-w");
	return -EPERM;
}
