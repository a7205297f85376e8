/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the directories of criu once: what is used later are the descriptors. */

#include "container/checkpoint/criu_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/procfs.h"

static int make_with_parents(const char *path, struct err *err)
{
	char part[4096];

	if (strlen(path) >= sizeof(part))
		return err_code(err, -ENAMETOOLONG, "make directory `%s`", path);
	for (const char *p = path; *p; p += *p == '/') {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		if (part[0] && mkdir(part, 0700) < 0 && errno != EEXIST && errno != EROFS)
			return err_sys(err, "make directory `%s`", part);
	}
	return 0;
}

static int open_dir(const char *path, bool make, int *ret, struct err *err)
{
	int r = make ? make_with_parents(path, err) : 0;

	if (r < 0)
		return r;
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? err_sys(err, "open directory `%s`", path) : 0;
}

static int check_owner(const char *path, int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "look at directory `%s`", path);
	if (st.st_uid == 0 && !(st.st_mode & S_IWOTH) && (!(st.st_mode & S_IWGRP) || st.st_gid == 0))
		return 0;
	err_set(err, EPERM, "use images in `%s`: others than root may write there", path);
	err_hint(err, "what images say runs with all rights: chown root and chmod go-w, if you trust them");
	return -EPERM;
}

int criu_dirs_open(const char *image_path, const char *work_path, bool make, struct criu_dirs *ret, struct err *err)
{
	int r;

	ret->image_path = image_path && *image_path ? image_path : "checkpoint";
	ret->log_path = work_path && *work_path ? work_path : ret->image_path;
	r = open_dir(ret->image_path, make, &ret->images_fd, err);
	if (r >= 0 && !make)
		r = check_owner(ret->image_path, ret->images_fd, err);
	if (r >= 0 && ret->log_path != ret->image_path)
		r = open_dir(ret->log_path, true, &ret->work_fd, err);
	return r;
}

int criu_dirs_reopen(int proc_fd, int *fd, struct err *err)
{
	char path[4096];
	autoclose int now = -EBADF;
	struct stat then, st;
	int r;

	if (*fd < 0)
		return 0;
	r = procfs_fd_path(proc_fd, *fd, path, sizeof(path));
	if (r < 0)
		return err_code(err, r, "find criu's directory again");
	now = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (now < 0 || fstat(now, &st) < 0 || fstat(*fd, &then) < 0)
		return err_sys(err, "open directory `%s` again", path);
	if (st.st_dev != then.st_dev || st.st_ino != then.st_ino)
		return err_set(err, EBUSY, "open directory `%s` again: it is another one now", path);
	close(*fd);
	*fd = take_fd(&now);
	return 0;
}

const char *criu_dirs_config(const char *annotation)
{
	static const char *const usual[] = { "/etc/criu/masu.conf", "/etc/criu/runc.conf" };

	if (annotation)
		return *annotation ? annotation : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (access(usual[i], F_OK) == 0)
			return usual[i];
	return NULL;
}

void criu_dirs_done(struct criu_dirs *d)
{
	cleanup_close(&d->images_fd);
	cleanup_close(&d->work_fd);
}
