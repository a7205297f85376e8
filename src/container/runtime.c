/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime object: state directory, rights of this process, facts of the host, each looked up once. */

#include "container/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "container/api.h"
#include "container/trust.h"
#include "kernel/cgroup/sdbus.h"

#define CAP_BIT_SETGID 6
#define CAP_BIT_SETUID 7
#define CAP_BIT_SYS_ADMIN 21
#define USER_NS_INIT 0xeffffffdU

static bool has_rights(void)
{
	uint32_t eff[2], perm[2], inh[2];
	const uint32_t need = 1u << CAP_BIT_SETGID | 1u << CAP_BIT_SETUID | 1u << CAP_BIT_SYS_ADMIN;

	return sys_capget_raw(eff, perm, inh) == 0 && (eff[0] & need) == need;
}

/* Rights over ids count for the whole host only in the initial user namespace, whose inode number is fixed (USER_NS_INIT_INO of
 * linux/nsfs.h). A kernel without user namespaces has no other. */
static int find_nested(struct masu_runtime *rt, struct err *err)
{
	struct stat st;
	int r = procfs_stat_ns(rt->proc_fd, 0, "user", &st);

	rt->nested = r >= 0 && st.st_ino != USER_NS_INIT;
	return r < 0 && r != -ENOENT ? err_code(err, r, "look at own user namespace") : 0;
}

/* Who may not change groups can never be allowed to again, nor can the user namespaces that he makes. */
static bool setgroups_are_denied(int proc_fd)
{
	char text[16];

	return procfs_read(proc_fd, "self/setgroups", text, sizeof(text)) > 0 && strncmp(text, "deny", 4) == 0;
}

/* Root of a user namespace may be a user in it, and then /run is not his; or the root of a machine that is a container, who says so, as
 * with runc, by USER. */
static bool has_run(const struct masu_runtime *rt, const char *xdg)
{
	const char *user = getenv("USER");

	return rt->privileged ||
	       (geteuid() == 0 && (!rt->nested || !xdg || !*xdg || (user && strcmp(user, "root") == 0)));
}

static int choose_root(const char *asked, const struct masu_runtime *rt, char *out, size_t len, struct err *err)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	char cwd[4096], path[4096];
	int r;

	if (asked && *asked) {
		if (!path_is_absolute(asked) && !getcwd(cwd, sizeof(cwd)))
			return err_sys(err, "find the current directory");
		r = path_clean(path_is_absolute(asked) ? NULL : cwd, asked, out, len);
		if (r < 0)
			return err_code(err, r, "use state directory `%s`", asked);
		if (strcmp(out, "/") == 0)
			return err_set(err, EINVAL, "use state directory `/`: not allowed");
		return 0;
	}
	if (has_run(rt, xdg)) {
		snprintf(out, len, "/run/masu");
		return 0;
	}
	out[0] = '\0';
	if (!xdg || !*xdg)
		return 0; /* an error for who needs it: runtime_open_root */
	snprintf(path, sizeof(path), "%s/masu", xdg);
	r = path_clean(NULL, path, out, len);
	return r < 0 ? err_code(err, r, "use state directory `%s`", path) : 0;
}

static int copy_patterns(struct masu_runtime *rt, char *const *patterns, struct err *err)
{
	size_t n = 0;

	while (patterns && patterns[n])
		n++;
	if (n == 0)
		return 0;
	rt->allowed = calloc(n + 1, sizeof(*rt->allowed));
	for (size_t i = 0; rt->allowed && i < n; i++) {
		rt->allowed[i] = strdup(patterns[i]);
		if (!rt->allowed[i])
			return err_set(err, ENOMEM, "allocate the runtime");
	}
	return rt->allowed ? 0 : err_set(err, ENOMEM, "allocate the runtime");
}

static int runtime_init(struct masu_runtime *rt, const struct masu_runtime_options *o, struct err *err)
{
	char root[4096];
	int r;

	rt->root_fd = rt->proc_fd = -EBADF;
	rt->cgroup_manager = o->cgroup_manager;
	if (o->cgroup_manager == MASU_CGROUP_SYSTEMD && !sdbus_is_built()) {
		r = err_set(err, EOPNOTSUPP, "use the systemd cgroup manager: this masu was built without libsystemd");
		err_hint(err, "use --cgroup-manager cgroupfs, or build it with the headers of libsystemd");
		return r;
	}
	r = runtime_proc(rt, err);
	if (r < 0)
		return r;
	r = find_nested(rt, err);
	if (r < 0)
		return r;
	rt->capable = has_rights();
	rt->privileged = rt->capable && !rt->nested;
	rt->setgroups_denied = rt->nested && setgroups_are_denied(rt->proc_fd);
	rt->rootless = o->rootless == MASU_ROOTLESS_TRUE || (o->rootless == MASU_ROOTLESS_AUTO && !rt->privileged);
	rt->default_root = !o->root || !*o->root;
	r = choose_root(o->root, rt, root, sizeof(root), err);
	if (r >= 0)
		r = copy_patterns(rt, o->allowed_annotations, err);
	if (r < 0)
		return r;
	rt->root = strdup(root);
	return rt->root ? 0 : err_set(err, ENOMEM, "allocate the runtime");
}

int masu_runtime_new(const struct masu_runtime_options *o, struct masu_runtime **ret, struct masu_error *error)
{
	struct masu_runtime_options copy;
	struct err err = { 0 };
	struct masu_runtime *rt = calloc(1, sizeof(*rt));
	int r;

	if (!rt)
		return api_return(-ENOMEM, &err, error);
	r = api_options(&copy, sizeof(copy), o, &err);
	if (r >= 0)
		r = runtime_init(rt, &copy, &err);
	if (r < 0) {
		masu_runtime_free(rt);
		return api_return(r, &err, error);
	}
	*ret = rt;
	return 0;
}

void masu_runtime_free(struct masu_runtime *rt)
{
	if (!rt)
		return;
	if (rt->facts_known)
		cgroup_facts_done(&rt->facts);
	cleanup_close(&rt->root_fd);
	cleanup_close(&rt->proc_fd);
	for (size_t i = 0; rt->allowed && rt->allowed[i]; i++)
		free(rt->allowed[i]);
	free(rt->allowed);
	free(rt->root);
	free(rt);
}

const char *masu_runtime_root(const struct masu_runtime *rt)
{
	return rt->root;
}

static int make_parents(const char *path)
{
	char part[4096];

	for (size_t i = 1; i < sizeof(part) && path[i]; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

int runtime_explain_root(const struct masu_runtime *rt, int r, struct err *err)
{
	if (r == -ENOSPC || r == -EDQUOT)
		err_hint(err,
			 "free space or inodes in the file system of `%s`, or choose another directory with --root",
			 rt->root);
	else if (r == -EROFS)
		err_hint(err, "choose a directory that can be written to with --root");
	return r;
}

int runtime_open_root(struct masu_runtime *rt, bool make, struct err *err)
{
	int fd, r;

	if (rt->root_fd >= 0)
		return 0;
	if (!rt->root[0]) {
		r = err_set(err, make ? EINVAL : ENOENT, "choose a state directory: XDG_RUNTIME_DIR is not set");
		err_hint(err, "set XDG_RUNTIME_DIR, or name a directory with --root");
		return r;
	}
	fd = open(rt->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make) {
		r = make_parents(rt->root);
		if (r < 0 || (mkdir(rt->root, 0700) < 0 && errno != EEXIST))
			return runtime_explain_root(rt, err_sys(err, "make state directory `%s`", rt->root), err);
		fd = open(rt->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return err_sys(err, "open state directory `%s`", rt->root);
	r = trust_check(fd, TRUST_ROOT, rt->root, err);
	if (r < 0) {
		cleanup_close(&fd);
		return err_wrap(err, r, "open state directory");
	}
	rt->root_fd = fd;
	return 0;
}

int runtime_proc(struct masu_runtime *rt, struct err *err)
{
	int fd, r;

	if (rt->proc_fd >= 0)
		return rt->proc_fd;
	fd = procfs_open(err);
	r = fd < 0 ? fd : procfs_check_pids(fd, err);
	if (r < 0)
		cleanup_close(&fd);
	else
		rt->proc_fd = fd;
	return r < 0 ? r : fd;
}

int runtime_cgroup_facts(struct masu_runtime *rt, const struct cgroup_facts **ret, struct err *err)
{
	if (!rt->facts_known) {
		int r = cgroup_facts_load(&rt->facts, err);

		if (r < 0)
			return r;
		rt->facts_known = true;
	}
	*ret = &rt->facts;
	return 0;
}
