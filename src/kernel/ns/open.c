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

const char *ns_proc_name(enum spec_namespace_kind kind)
{
	static const char *const names[SPEC_NS__COUNT] = {
		[SPEC_NS_PID] = "pid", [SPEC_NS_NETWORK] = "net", [SPEC_NS_MOUNT] = "mnt",     [SPEC_NS_IPC] = "ipc",
		[SPEC_NS_UTS] = "uts", [SPEC_NS_USER] = "user",   [SPEC_NS_CGROUP] = "cgroup", [SPEC_NS_TIME] = "time",
	};

	return names[kind];
}

/* The plan was made for what the path named then: a name or a sysctl for a namespace of the container's own must not reach the host's. */
static int check_kind(const struct spec_namespace *ns, int fd, int proc_fd, unsigned host_kinds, struct err *err)
{
	const char *kind = ns_proc_name(ns->type.value);
	struct stat theirs, ours;
	int r = procfs_stat_ns(proc_fd, 0, kind, &ours);

	if (r >= 0 && fstat(fd, &theirs) < 0)
		r = -errno;
	if (r < 0)
		return err_code(err, r, "look at own %s namespace", kind);
	if ((theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino) == (host_kinds >> ns->type.value & 1))
		return 0;
	return err_set(err, EBUSY, "open %s namespace `%s`: it was another one a moment ago", kind, ns->path);
}

static int open_join(const struct spec_config *c, struct ns_join *j, int proc_fd, unsigned host_kinds, struct err *err)
{
	uint32_t index = ns_join_index(j);
	const struct spec_namespace *ns = &c->lnx->namespaces[index];
	int r = open_one(ns->path, j->clone_flag, &j->fd, err);

	if (r >= 0)
		r = check_kind(ns, j->fd, proc_fd, host_kinds, err);
	if (r >= 0 && j->clone_flag == SYS_CLONE_NEWUSER)
		r = ns_check_joined_maps(c->lnx, j->fd, ns->path, proc_fd, err);
	if (r < 0) {
		err_pointer(err, "/linux/namespaces/%u/path", index); /* where nothing tells more */
		cleanup_close(&j->fd);
	}
	return r;
}

int ns_open_joins(const struct spec_config *c, struct ns_plan *p, unsigned host_kinds, struct err *err)
{
	autoclose int proc_fd = p->joins_len ? procfs_open(err) : -EBADF;

	if (p->joins_len && proc_fd < 0)
		return proc_fd;
	for (uint32_t i = 0; i < p->joins_len; i++) {
		int r = open_join(c, &p->joins[i], proc_fd, host_kinds, err);

		if (r < 0) {
			p->joins_len = i;
			ns_close_joins(p);
			return r;
		}
	}
	return 0;
}

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
		    procfs_stat_ns(proc_fd, 0, ns_proc_name(ns->type.value), &ours) == 0 &&
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
