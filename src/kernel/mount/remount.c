/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of what is mounted already: `remount`, and entries that name only attributes or a propagation. Unlike a bare
 * mount(2) only what is named changes, as mount(8) does it. Init side. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sys.h"
#include "kernel/mount/apply_internal.h"

#define RDONLY ((uint64_t)SYS_MOUNT_ATTR_RDONLY)
#define CHANGE_SB (MS_SYNCHRONOUS | MS_DIRSYNC | SYS_MS_LAZYTIME | MS_MANDLOCK)
/* f_flags of statfs(2) that have the value of their MS_ flag: ro nosuid nodev noexec sync mand, then the times. */
#define CHANGE_STATFS_SAME 0x5fu
#define CHANGE_STATFS_TIMES 0x1c00u

/* Only mount(2) can set MS_I_VERSION, and it replaces all flags: those of now go along. */
static int change_iversion(const struct mount_job *job, int fd)
{
	char data[4096];
	struct statfs st;
	unsigned long flags;
	int r = mount_fs_data(job, data, sizeof(data));
	autoclose int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (r < 0)
		return r;
	if (fstatfs(fd, &st) < 0 || fchdir(fd) < 0)
		return err_sys(job->err, "remount `%s`", job->destination);
	flags = (unsigned long)st.f_flags & (CHANGE_STATFS_SAME | CHANGE_STATFS_TIMES);
	if (flags & 0x1000) /* ST_RELATIME is no MS_ value */
		flags = (flags & ~0x1000ul) | MS_RELATIME;
	if (!(flags & 0x400) && !(flags & MS_RELATIME))
		flags |= MS_STRICTATIME;
	flags = (flags | (unsigned long)job->rec->sb_set) & ~(unsigned long)job->rec->sb_clr;
	r = mount(NULL, ".", NULL, MS_REMOUNT | flags, data) < 0 ? -errno : 0;
	if ((back < 0 || fchdir(back) < 0) && chdir("/") < 0)
		return err_sys(job->err, "remount `%s`: leave it", job->destination);
	return r < 0 ? err_code(job->err, r, "remount `%s`", job->destination) : 0;
}

static int change_super_block(const struct mount_job *job, int fd, uint64_t set, uint64_t clr)
{
	autoclose int fs = sys_fspick(fd, "", SYS_FSPICK_CLOEXEC | SYS_FSPICK_EMPTY_PATH);
	char message[256];
	int r;

	if (fs < 0)
		return err_sys(job->err, "remount `%s`", job->destination);
	r = mount_fs_parameters(job, fs, set, clr);
	if (r < 0)
		return r;
	if (!sys_fsconfig(fs, SYS_FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0))
		return 0;
	r = -errno;
	if (!mount_fs_message(fs, message, sizeof(message)))
		return err_set(job->err, -r, "remount `%s`: %s", job->destination, message);
	return err_code(job->err, r, "remount `%s`", job->destination);
}

/* `ro` and `rw` are matters of the mount: the super block may be shared with the host. Only one that is read-only itself
 * has to be changed for `rw`. */
static int change_remount(const struct mount_job *job, int fd)
{
	const struct mount_rec *rec = job->rec;
	uint64_t set = rec->sb_set & CHANGE_SB, clr = rec->sb_clr & CHANGE_SB;

	if ((rec->sb_set | rec->sb_clr) & MS_I_VERSION)
		return change_iversion(job, fd);
	if (((rec->attr_clr | rec->rattr_clr) & RDONLY) && mount_is_readonly(fd))
		clr |= MS_RDONLY;
	if (!set && !clr && !rec->data.count)
		return 0;
	/* words that clear what a super block never had need no reconfiguration, which might be refused */
	if (!set && !(clr & MS_RDONLY) && !rec->data.count) {
		struct statfs st;

		if (!fstatfs(fd, &st) && !((unsigned long)st.f_flags & (MS_SYNCHRONOUS | MS_MANDLOCK)) &&
		    !(clr & SYS_MS_LAZYTIME))
			return 0;
	}
	return change_super_block(job, fd, set, clr);
}

int mount_job_change(const struct mount_job *job)
{
	const struct mount_rec *rec = job->rec;
	autoclose int fd = mount_dest_open_existing(job);
	bool defer = rec->flags & MOUNT_REC_DEFER_RO, was_readonly;
	int r;

	if (fd < 0)
		return fd;
	was_readonly = mount_is_readonly(fd);
	r = mount_job_attrs(job, fd);
	/* `rro`: below it now, of itself at the end */
	if (!r && defer && (rec->rattr_set & RDONLY) && !was_readonly) {
		r = mount_set_attr(fd, false, 0, RDONLY);
		if (r < 0)
			err_code(job->err, r, "mount `%s`: wait with `rro`", job->destination);
	}
	if (!r && rec->kind == MOUNT_KIND_REMOUNT)
		r = change_remount(job, fd);
	if (!r)
		r = mount_job_propagation(job, fd);
	if (r < 0)
		return r;
	if (!defer && ((rec->attr_set | (rec->rattr_set & ~rec->attr_clr)) & RDONLY) && !mount_is_readonly(fd))
		return err_set(job->err, EPERM, "verify mount `%s`: not read-only", job->destination);
	return mount_job_defer(job, fd);
}
