/* SPDX-License-Identifier: Apache-2.0 */
/* The posture of a restored process, read from the kernel while it is still stopped and compared with the plan of a create. What the
 * document forbids, images cannot bring back. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inroot.h"
#include "base/procfs.h"
#include "container/restore.h"
#include "kernel/ns/plan.h"

struct look {
	const struct restore *r;
	const struct spec_config *config;
	pid_t pid;
	int proc_fd, root_fd;
	char status[8192];
};

static int weaker(struct err *err, const char *pointer, const char *what)
{
	err_pointer(err, "%s", pointer);
	err_set(err, EPERM, "check the restored process: %s", what);
	err_hint(err, "the images are not those of a container with this document");
	return -EPERM;
}

static bool status_line(const struct look *l, const char *key, int base, uint64_t *ret)
{
	const char *at = strstr(l->status, key);

	if (!at)
		return false;
	*ret = strtoull(at + strlen(key), NULL, base);
	return true;
}

static int verify_rights(struct look *l, struct err *err)
{
	const struct plan *p = &l->r->create.plan.plan;
	uint64_t now = 0;

	if (p->caps.no_new_privs && (!status_line(l, "\nNoNewPrivs:", 10, &now) || now != 1))
		return weaker(err, "/process/noNewPrivileges", "it may gain privileges");
	if (l->config->lnx && l->config->lnx->seccomp && (!status_line(l, "\nSeccomp:", 10, &now) || now != 2))
		return weaker(err, "/linux/seccomp", "it has no seccomp filter");
	if (!status_line(l, "\nCapBnd:", 16, &now) || now & ~p->caps.bounding)
		return weaker(err, "/process/capabilities/bounding", "its bounding set is larger");
	if (!status_line(l, "\nCapPrm:", 16, &now) || now & ~(p->caps.permitted | p->caps.bounding))
		return weaker(err, "/process/capabilities/permitted", "it has more capabilities");
	return 0;
}

static int namespace_of(int proc_fd, const char *who, const char *name, struct stat *st)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/ns/%s", who, name);
	return fstatat(proc_fd, path, st, 0) < 0 ? -errno : 0;
}

static int verify_namespaces(struct look *l, struct err *err)
{
	static const char *const names[SPEC_NS__COUNT] = {
		[SPEC_NS_PID] = "pid", [SPEC_NS_NETWORK] = "net", [SPEC_NS_MOUNT] = "mnt",     [SPEC_NS_IPC] = "ipc",
		[SPEC_NS_UTS] = "uts", [SPEC_NS_USER] = "user",   [SPEC_NS_CGROUP] = "cgroup", [SPEC_NS_TIME] = "time",
	};
	char who[16], pointer[64];

	snprintf(who, sizeof(who), "%d", l->pid);
	for (size_t i = 0; i < l->config->lnx->namespaces_len; i++) {
		const struct spec_namespace *ns = &l->config->lnx->namespaces[i];
		const char *name = names[ns->type.value];
		struct stat theirs, other;
		bool same;
		int r = namespace_of(l->proc_fd, who, name, &theirs);

		if (r >= 0)
			r = !ns->path                    ? namespace_of(l->proc_fd, "self", name, &other)
			    : stat(ns->path, &other) < 0 ? -errno
							 : 0;
		if (r < 0)
			return err_code(err, r, "check the %s namespace of the restored process", name);
		same = theirs.st_ino == other.st_ino && theirs.st_dev == other.st_dev;
		snprintf(pointer, sizeof(pointer), "/linux/namespaces/%zu", i);
		/* A time namespace of its own has every restored container. */
		if (ns->path ? !same : same)
			return weaker(err, pointer,
				      ns->path ? "it is in another namespace" : "it shares a namespace with us");
	}
	return 0;
}

static bool is_readonly(int fd)
{
	struct statvfs v;

	return fstatvfs(fd, &v) == 0 && v.f_flag & ST_RDONLY;
}

/* Hidden is what shows the null device, or a read-only directory in which nothing is. */
static bool is_hidden(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if (S_ISCHR(st.st_mode))
		return st.st_rdev == makedev(1, 3);
	return S_ISDIR(st.st_mode) && st.st_nlink == 2 && is_readonly(fd);
}

static int verify_paths(struct look *l, struct err *err)
{
	const struct spec_linux_ *lnx = l->config->lnx;

	for (size_t i = 0; i < lnx->masked_paths_len; i++) {
		autoclose int fd = inroot_open(l->root_fd, lnx->masked_paths[i], O_PATH, 0);

		if (fd >= 0 && !is_hidden(fd))
			return weaker(err, "/linux/maskedPaths", lnx->masked_paths[i]);
	}
	for (size_t i = 0; i < lnx->readonly_paths_len; i++) {
		autoclose int fd = inroot_open(l->root_fd, lnx->readonly_paths[i], O_PATH, 0);

		if (fd >= 0 && !is_readonly(fd))
			return weaker(err, "/linux/readonlyPaths", lnx->readonly_paths[i]);
	}
	if (l->config->root->readonly.value && !is_readonly(l->root_fd))
		return weaker(err, "/root/readonly", "its root can be written to");
	return 0;
}

/* "docker-default (enforce)"; --lsm-profile says "apparmor:docker-default" or "selinux:LABEL". */
static int verify_label(struct look *l, struct err *err)
{
	const struct spec_process *p = l->config->process;
	const char *other = l->r->o->lsm_profile, *want = p ? p->apparmor_profile : NULL;
	const char *pointer = "/process/apparmorProfile";
	char path[64], now[1024] = "";
	ssize_t n;

	if (!want || !*want) {
		want = p ? p->selinux_label : NULL;
		pointer = "/process/selinuxLabel";
	}
	if (!want || !*want)
		return 0;
	if (other && strchr(other, ':'))
		want = strchr(other, ':') + 1;
	snprintf(path, sizeof(path), "%d/attr/current", l->pid);
	n = procfs_read(l->proc_fd, path, now, sizeof(now));
	if (n < 0)
		return err_code(err, (int)n, "check the label of the restored process");
	now[strcspn(now, "\n")] = '\0';
	if (strcmp(now, want) == 0 || (strncmp(now, want, strlen(want)) == 0 && now[strlen(want)] == ' '))
		return 0;
	return weaker(err, pointer, "it has another label");
}

static int look_open(const struct restore *r, struct look *l, struct err *err)
{
	char path[64];
	ssize_t n;

	*l = (struct look){ .r = r,
			    .config = r->create.bundle.config,
			    .pid = r->create.init.pid,
			    .proc_fd = r->create.rt->proc_fd,
			    .root_fd = -EBADF };
	snprintf(path, sizeof(path), "%d/status", l->pid);
	n = procfs_read(l->proc_fd, path, l->status, sizeof(l->status));
	return n < 0 ? err_code(err, (int)n, "look at the restored process") : 0;
}

int restore_verify_surroundings(const struct restore *r, struct err *err)
{
	struct look l;
	char path[64];
	int e = look_open(r, &l, err);

	if (e < 0)
		return e;
	snprintf(path, sizeof(path), "%d/root", l.pid);
	l.root_fd = openat(l.proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l.root_fd < 0)
		return err_sys(err, "open the root of the restored process");
	e = verify_namespaces(&l, err);
	if (e >= 0)
		e = verify_paths(&l, err);
	cleanup_close(&l.root_fd);
	return e;
}

int restore_verify_rights(const struct restore *r, struct err *err)
{
	struct look l;
	int e = look_open(r, &l, err);

	if (e >= 0)
		e = verify_rights(&l, err);
	return e < 0 ? e : verify_label(&l, err);
}
