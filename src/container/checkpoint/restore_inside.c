/* SPDX-License-Identifier: Apache-2.0 */
/* What a restore does in processes of its own: mount namespaces that vanish with them, so that neither success nor failure leaves a
 * mount behind; and the namespaces of the new container, entered for a moment. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inroot.h"
#include "base/log.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "container/checkpoint/criu_look.h"
#include "container/checkpoint/criu_mounts.h"
#include "container/checkpoint/restore.h"
#include "kernel/ns/ns.h"
#include "kernel/ns/sysctl.h"
#include "kernel/proc/keyring.h"
#include "kernel/security/caps.h"

static struct flat view(const struct restore *r)
{
	return (struct flat){ .base = r->create.plan.flat.data, .len = r->create.plan.flat.len };
}

/* ---- what mounts are made on ---- */

static bool is_below_made(const struct flat *f, const struct mount_rec *recs, uint32_t n, const char *path)
{
	for (uint32_t i = 0; i < n; i++) {
		const char *other = flat_str(f, recs[i].destination);

		if (recs[i].kind == MOUNT_KIND_FS && other && strcmp(other, path) != 0 && path_is_below(path, other))
			return true;
	}
	return false;
}

/* The mount itself is made too: the next one may lie in it. */
static int make_point(int root_fd, const char *path, const char *source, bool bind, struct err *err)
{
	autoclose int from = -EBADF, to = -EBADF;
	struct stat st = { .st_mode = S_IFDIR };

	if (bind) {
		from = sys_open_tree(AT_FDCWD, source, SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | SYS_AT_RECURSIVE);
		if (from < 0 || fstat(from, &st) < 0)
			return err_sys(err, "open source `%s` of `%s`", source, path);
	}
	to = S_ISDIR(st.st_mode) ? inroot_mkdir_p(root_fd, path, 0755, (uid_t)-1, (gid_t)-1, NULL)
				 : inroot_mkfile_p(root_fd, path, 0644, (uid_t)-1, (gid_t)-1, NULL);
	if (to < 0)
		return err_code(err, to, "make mount point `%s`", path);
	if (bind && sys_move_mount(from, "", to, "", SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(err, "mount `%s`", path);
	return 0;
}

/* What lies in a file system of the container comes with it; only its own mount point has to be there. */
static int make_points(const struct restore *r, int root_fd, struct err *err)
{
	struct flat f = view(r);
	const struct mount_plan *p = &r->create.plan.plan.mount;
	const struct mount_rec *recs = flat_arr(&f, p->mounts, sizeof(*recs));

	for (uint32_t i = 0; recs && i < p->mounts.count; i++) {
		const char *path = flat_str(&f, recs[i].destination), *source = flat_str(&f, recs[i].source);
		bool bind = recs[i].kind == MOUNT_KIND_BIND;
		int e;

		if ((!bind && recs[i].kind != MOUNT_KIND_FS) || !path || (bind && !source) ||
		    is_below_made(&f, recs, p->mounts.count, path))
			continue;
		e = make_point(root_fd, path, source, bind, err);
		if (e == -ENOENT && recs[i].flags & MOUNT_REC_NOFAIL)
			continue;
		if (e < 0) {
			err_pointer(err, "/mounts/%u", recs[i].index);
			return e;
		}
	}
	return 0;
}

/* Mounts are looked up where they were made, then this mount namespace is left for a clean one. */
static int look_at_mounts(struct restore *r, struct criu_request *q, struct err *err)
{
	autoclose int root_fd = open(r->create.rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct flat f = view(r);
	char prefix[4096];
	struct criu_look look = { .proc_fd = r->create.rt->proc_fd, .root_fd = root_fd, .prefix = prefix };
	struct criu_mounts m = {
		.config = r->create.bundle.config,
		.flat = &f,
		.mounts = &r->create.plan.plan.mount,
		.devices = &r->create.plan.plan.dev,
		.look = criu_look,
		.arg = &look,
	};
	int e;

	if (root_fd < 0)
		return err_sys(err, "open root `%s`", r->create.rootfs);
	e = procfs_fd_path(r->create.rt->proc_fd, root_fd, prefix, sizeof(prefix));
	if (e < 0)
		return err_code(err, e, "find root `%s`", r->create.rootfs);
	if (strcmp(prefix, "/") == 0)
		prefix[0] = '\0';
	e = make_points(r, root_fd, err);
	return e < 0 ? e : criu_mounts_restore(&m, q, err);
}

/* A slave of the host's: nothing travels back, and mounts of the container that were slaves of the host's become so again, for which
 * criu copies the propagation of their sources. */
static int new_mounts(struct err *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(err, "make a mount namespace");
	return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ? err_sys(err, "make mounts slaves") : 0;
}

/* criu takes a mount point for the new root, whose own place nothing may cover. */
static int mount_root(const struct restore *r, struct err *err)
{
	if (mount(r->create.rootfs, r->create.rootfs, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_sys(err, "mount root `%s`", r->create.rootfs);
	return 0;
}

static int join_keyring(const struct restore *r, struct err *err)
{
	uint32_t perm = r->create.plan.plan.ns.user ? KEYRING_OTHER_SEARCH : KEYRING_USER_SEARCH;
	char name[300];

	if (r->options.flags & MASU_CREATE_NO_NEW_KEYRING)
		return 0;
	snprintf(name, sizeof(name), "_ses.%s", r->create.id);
	return keyring_apply_session(name, perm, err);
}

/* Older criu (3.17 is one) neither saves nor restores no_new_privs. It is inherited: criu has it too, then. */
static int drop_privileges(const struct restore *r, struct err *err)
{
	return caps_apply_no_new_privs(&r->create.plan.plan.caps, err);
}

int restore_prepare(void *arg, struct criu_request *q, struct err *err)
{
	struct restore *r = arg;
	int proc_fd = r->create.rt->proc_fd;
	autoclose int host = procfs_open_ns(proc_fd, 0, "mnt");
	int e = host < 0 ? err_code(err, host, "open the mount namespace") : new_mounts(err);

	if (e >= 0)
		e = look_at_mounts(r, q, err);
	if (e >= 0 && setns(host, CLONE_NEWNS) < 0)
		e = err_sys(err, "go back to the mount namespace");
	if (e >= 0)
		e = new_mounts(err);
	if (e >= 0)
		e = criu_dirs_reopen(proc_fd, &q->images_fd, err);
	if (e >= 0)
		e = criu_dirs_reopen(proc_fd, &q->work_fd, err);
	if (e >= 0)
		e = mount_root(r, err);
	if (e >= 0)
		e = join_keyring(r, err);
	return e < 0 ? e : drop_privileges(r, err);
}

/* ---- the namespaces of the new container ---- */

static int up(const struct restore *r, struct err *err)
{
	(void)r;
	return ns_apply_loopback(err);
}

static int set_sysctls(const struct restore *r, struct err *err)
{
	struct flat f = view(r);

	return sysctl_apply(&f, &r->create.plan.plan.sysctl, r->create.rt->proc_fd, err);
}

static int inside(const struct restore *r, int kinds, int (*fn)(const struct restore *r, struct err *err),
		  struct err *err)
{
	struct wire mine, theirs;
	int pair[2], e = frame_pair(pair);
	pid_t pid;

	if (e < 0)
		return err_code(err, e, "make socket pair");
	mine = (struct wire){ .sock = pair[0] };
	theirs = (struct wire){ .sock = pair[1] };
	pid = fork();
	if (pid == 0) {
		struct err inner = { 0 };

		e = setns(r->create.init.pidfd, kinds) < 0 ? err_sys(&inner, "enter the container's namespaces")
							   : fn(r, &inner);
		if (e < 0)
			wire_report(&theirs, &inner);
		_exit(e < 0);
	}
	cleanup_close(&pair[1]);
	e = pid < 0 ? err_sys(err, "fork to enter the container's namespaces") : wire_hear_end(&mine, err);
	cleanup_close(&pair[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return e;
}

int restore_loopback(const struct restore *r, struct err *err)
{
	return r->create.plan.plan.ns.new_net ? inside(r, CLONE_NEWNET, up, err) : 0;
}

/* Only keys of namespaces that are not the host's are in the plan. */
int restore_sysctls(const struct restore *r, struct err *err)
{
	int kinds = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

	return r->create.plan.plan.sysctl.rows.count ? inside(r, kinds, set_sysctls, err) : 0;
}
