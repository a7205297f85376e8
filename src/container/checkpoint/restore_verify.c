/* SPDX-License-Identifier: Apache-2.0 */
/* The posture of the restored processes, read from the kernel while they are still stopped and compared with the plan of a create. Of the
 * first one the namespaces, the root and the masks are looked at; of all of them the rights. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inroot.h"
#include "base/pidref.h"
#include "base/procfs.h"
#include "container/checkpoint/restore.h"
#include "container/pids.h"
#include "kernel/ns/open.h"
#include "kernel/ns/plan.h"

struct look {
	const struct restore *r;
	const struct spec_config *config;
	pid_t pid;
	int proc_fd, root_fd;
};

static int weaker(struct err *err, const char *pointer, const char *what)
{
	if (*pointer)
		err_pointer(err, "%s", pointer);
	err_set(err, EPERM, "check the restored process: %s", what);
	err_hint(err, "the images are not those of a container with this document");
	return -EPERM;
}

/* ---- surroundings ---- */

static int join_fd(const struct ns_plan *p, uint32_t flag)
{
	for (uint32_t i = 0; i < p->joins_len; i++)
		if (p->joins[i].clone_flag == flag)
			return p->joins[i].fd;
	return -EBADF;
}

static int verify_namespaces(struct look *l, struct err *err)
{
	char pointer[64];

	for (size_t i = 0; i < l->config->lnx->namespaces_len; i++) {
		const struct spec_namespace *ns = &l->config->lnx->namespaces[i];
		const char *name = ns_proc_name(ns->type.value);
		struct stat theirs, other;
		bool same;
		int r = procfs_stat_ns(l->proc_fd, l->pid, name, &theirs);

		if (r >= 0 && !ns->path)
			r = procfs_stat_ns(l->proc_fd, 0, name, &other);
		else if (r >= 0 &&
			 fstat(join_fd(&l->r->create.plan.plan.ns, ns_clone_flag(ns->type.value)), &other) < 0)
			r = -errno;
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

static bool is_empty(int fd)
{
	autoclose int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclosedir DIR *d = again < 0 ? NULL : fdopendir(again);
	const struct dirent *e;

	if (!d)
		return false;
	take_fd(&again);
	errno = 0;
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return false;
	return errno == 0;
}

/* Hidden is what shows the null device, or a read-only file system in which nothing is. */
static bool is_hidden(int fd)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0)
		return false;
	if (S_ISCHR(st.stx_mode))
		return st.stx_rdev_major == 1 && st.stx_rdev_minor == 3;
	return S_ISDIR(st.stx_mode) && st.stx_attributes & STATX_ATTR_MOUNT_ROOT && is_readonly(fd) && is_empty(fd);
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

static void look_open(const struct restore *r, struct look *l)
{
	*l = (struct look){ .r = r,
			    .config = r->create.bundle.config,
			    .pid = r->create.init.pid,
			    .proc_fd = r->create.rt->proc_fd,
			    .root_fd = -EBADF };
}

int restore_verify_surroundings(const struct restore *r, struct err *err)
{
	struct look l;
	int e;

	look_open(r, &l);
	l.root_fd = pidref_open_root(l.proc_fd, &r->create.init);
	if (l.root_fd < 0)
		return err_code(err, l.root_fd, "open the root of the restored process");
	e = verify_namespaces(&l, err);
	if (e >= 0)
		e = verify_paths(&l, err);
	cleanup_close(&l.root_fd);
	return e;
}

/* ---- rights: of all processes, since each has its own, and of all threads ---- */

static bool status_line(const char *status, const char *key, int base, uint64_t *ret)
{
	const char *at = strstr(status, key);

	if (!at)
		return false;
	*ret = strtoull(at + strlen(key), NULL, base);
	return true;
}

static int verify_status(const struct look *l, const char *status, struct err *err)
{
	const struct plan *p = &l->r->create.plan.plan;
	uint64_t now = 0;

	if (p->caps.no_new_privs && (!status_line(status, "\nNoNewPrivs:", 10, &now) || now != 1))
		return weaker(err, "/process/noNewPrivileges", "it may gain privileges");
	if (l->config->lnx && l->config->lnx->seccomp && (!status_line(status, "\nSeccomp:", 10, &now) || now != 2))
		return weaker(err, "/linux/seccomp", "it has no seccomp filter");
	if (!status_line(status, "\nCapBnd:", 16, &now) || now & ~p->caps.bounding)
		return weaker(err, "/process/capabilities/bounding", "its bounding set is larger");
	if (!status_line(status, "\nCapPrm:", 16, &now) || now & ~(p->caps.permitted | p->caps.bounding))
		return weaker(err, "/process/capabilities/permitted", "it has more capabilities");
	if (!status_line(status, "\nCapInh:", 16, &now) || now & ~(p->caps.inheritable | p->caps.bounding))
		return weaker(err, "/process/capabilities/inheritable", "it can hand on more capabilities");
	return 0;
}

/* What an AppArmor label says behind the profile: its mode, or the profile below it that a child changed to. */
static bool is_label(const char *now, const char *want)
{
	size_t n = strlen(want);

	return strncmp(now, want, n) == 0 && (!now[n] || now[n] == ' ' || strncmp(now + n, "//", 2) == 0);
}

/* "docker-default (enforce)"; the option lsm_profile says "apparmor:docker-default" or "selinux:LABEL". */
static int verify_label(const struct look *l, const char *thread, struct err *err)
{
	const struct spec_process *p = l->config->process;
	const char *other = l->r->o->lsm_profile, *colon = other ? strchr(other, ':') : NULL;
	const char *want = colon ? colon + 1 : other, *pointer = "";
	char path[64], now[1024] = "";
	ssize_t n;

	if (!want && p && p->apparmor_profile && *p->apparmor_profile) {
		want = p->apparmor_profile;
		pointer = "/process/apparmorProfile";
	} else if (!want && p) {
		want = p->selinux_label;
		pointer = "/process/selinuxLabel";
	}
	if (!want || !*want)
		return 0;
	snprintf(path, sizeof(path), "%d/task/%s/attr/current", l->pid, thread);
	n = procfs_read(l->proc_fd, path, now, sizeof(now));
	if (n < 0)
		return err_code(err, (int)n, "check the label of the restored process %d", l->pid);
	now[strcspn(now, "\n")] = '\0';
	return is_label(now, want)
		       ? 0
		       : weaker(err, pointer,
				other ? "it has another label than lsm_profile says" : "it has another label");
}

/* A process that has ended and waits for its parent has no rights to speak of. */
static int verify_thread(const struct look *l, const char *name, struct err *err)
{
	char path[64], status[8192];
	ssize_t n;

	snprintf(path, sizeof(path), "%d/task/%s/status", l->pid, name);
	n = procfs_read(l->proc_fd, path, status, sizeof(status));
	if (n < 0)
		return err_code(err, (int)n, "look at the restored process %d", l->pid);
	if (strstr(status, "\nState:\tZ"))
		return 0;
	n = verify_status(l, status, err);
	return n < 0 ? (int)n : verify_label(l, name, err);
}

static int verify_threads(const struct look *l, struct err *err)
{
	autoclosedir DIR *d = NULL;
	autoclose int fd = -EBADF;
	const struct dirent *e;
	char path[32];
	int r = 0;

	snprintf(path, sizeof(path), "%d/task", l->pid);
	fd = procfs_open_file(l->proc_fd, path, O_RDONLY | O_DIRECTORY);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return err_code(err, fd < 0 ? fd : -errno, "look at the restored process %d", l->pid);
	take_fd(&fd);
	while (r >= 0 && (e = readdir(d)))
		if (e->d_name[0] != '.')
			r = verify_thread(l, e->d_name, err);
	return r;
}

int restore_verify_rights(struct restore *r, struct err *err)
{
	struct create *c = &r->create;
	autofree pid_t *pids = NULL;
	struct look l;
	size_t n = 0;
	int e;

	look_open(r, &l);
	e = verify_threads(&l, err);
	if (e >= 0 && c->has_cgroup && !cgroup_is_disabled(&c->cgroup))
		e = cgroup_procs(&c->cgroup, true, &pids, &n, err);
	else if (e >= 0)
		e = pids_find(l.proc_fd, &c->state, &pids, &n, err);
	for (size_t i = 0; e >= 0 && i < n; i++) {
		l.pid = pids[i];
		e = verify_threads(&l, err);
	}
	return e;
}
