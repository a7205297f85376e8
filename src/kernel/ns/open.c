/* SPDX-License-Identifier: Apache-2.0 */
/* Opening namespaces by path (host side): an nsfs file of the right type, or a clear error. */

#include "kernel/ns/open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/procfs.h"
#include "base/sys.h"

static int open_one(const char *path, uint32_t clone_flag, int *ret_fd, struct err *err)
{
	/* O_NONBLOCK: a fifo in the place of a namespace must not hang us. */
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int type;

	if (fd < 0)
		return err_sys(err, "open %s namespace `%s`", ns_flag_name(clone_flag), path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return err_set(err, EINVAL, "open %s namespace `%s`: not a namespace", ns_flag_name(clone_flag), path);
	if ((uint32_t)type != clone_flag)
		return err_set(err, EINVAL, "open %s namespace `%s`: it is a %s namespace", ns_flag_name(clone_flag),
			       path, ns_flag_name((uint32_t)type));
	*ret_fd = take_fd(&fd);
	return 0;
}

void ns_close_joins(struct ns_plan *p)
{
	for (uint32_t i = 0; i < p->joins_len; i++)
		cleanup_close(&p->joins[i].fd);
}

int ns_open_joins(const struct spec_config *c, struct ns_plan *p, struct err *err)
{
	for (uint32_t i = 0; i < p->joins_len; i++) {
		uint32_t index = (uint32_t)p->joins[i].fd;
		int r = open_one(c->lnx->namespaces[index].path, p->joins[i].clone_flag, &p->joins[i].fd, err);

		if (r < 0) {
			err_pointer(err, "/linux/namespaces/%u/path", index);
			p->joins_len = i;
			ns_close_joins(p);
			return r;
		}
	}
	return 0;
}

static const char *const proc_names[SPEC_NS__COUNT] = {
	[SPEC_NS_PID] = "pid", [SPEC_NS_NETWORK] = "net", [SPEC_NS_MOUNT] = "mnt",     [SPEC_NS_IPC] = "ipc",
	[SPEC_NS_UTS] = "uts", [SPEC_NS_USER] = "user",   [SPEC_NS_CGROUP] = "cgroup", [SPEC_NS_TIME] = "time",
};

unsigned ns_host_kinds(const struct spec_config *c)
{
	autoclose int proc_fd = -EBADF;
	unsigned kinds = 0;

	for (size_t i = 0; c->lnx && i < c->lnx->namespaces_len; i++) {
		const struct spec_namespace *ns = &c->lnx->namespaces[i];
		struct stat theirs, ours;

		if (!ns->path)
			continue;
		if (proc_fd < 0)
			proc_fd = procfs_open(NULL);
		if (stat(ns->path, &theirs) == 0 &&
		    procfs_stat_ns(proc_fd, 0, proc_names[ns->type.value], &ours) == 0 &&
		    theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
			kinds |= 1u << ns->type.value;
	}
	return kinds;
}

int ns_private_mounts(struct err *err)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, "make mounts private");
	return 0;
}

uint32_t ns_host_id(const struct spec_id_mapping *m, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= m[i].container_id.value && id - m[i].container_id.value < m[i].size.value)
			return (uint32_t)(m[i].host_id.value + (id - m[i].container_id.value));
	return n ? UINT32_MAX : id;
}
