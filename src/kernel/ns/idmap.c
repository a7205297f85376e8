/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps of user namespaces (host side): writing them directly with rights, through newuidmap(1) and newgidmap(1)
 * without. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/procfs.h"
#include "kernel/ns/open.h"

static int write_map(int proc_fd, pid_t pid, const char *file, const struct spec_id_mapping *m, size_t n,
		     struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	char path[64];
	int r;

	for (size_t i = 0; i < n; i++)
		buf_addf(&text, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", m[i].container_id.value, m[i].host_id.value,
			 m[i].size.value);
	if (text.error)
		return err_code(err, text.error, "write id map");
	snprintf(path, sizeof(path), "%d/%s", pid, file);
	r = procfs_write(proc_fd, path, text.data ? text.data : "");
	if (r < 0) {
		err_code(err, r, "write /proc/%s", path);
		err_pointer(err, strcmp(file, "uid_map") == 0 ? "/linux/uidMappings" : "/linux/gidMappings");
	}
	return r;
}

static const char *find_helper(const char *name, char *path, size_t len)
{
	static const char *const dirs[] = { "/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, len, "%s/%s", dirs[i], name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

static int helper_argv(struct arena *a, const char *name, pid_t pid, const struct spec_id_mapping *m, size_t n,
		       char ***ret)
{
	char **argv = arena_new(a, char *, 3 * n + 3);
	size_t k = 0;

	if (!argv)
		return -ENOMEM;
	argv[k++] = arena_strdup(a, name);
	argv[k++] = arena_printf(a, "%d", pid);
	for (size_t i = 0; i < n; i++) {
		argv[k++] = arena_printf(a, "%" PRIu64, m[i].container_id.value);
		argv[k++] = arena_printf(a, "%" PRIu64, m[i].host_id.value);
		argv[k++] = arena_printf(a, "%" PRIu64, m[i].size.value);
	}
	for (size_t i = 0; i < k; i++)
		if (!argv[i])
			return -ENOMEM;
	*ret = argv;
	return 0;
}

static int run_helper(const char *name, pid_t pid, const struct spec_id_mapping *m, size_t n, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	char path[128], **argv;
	struct child_spec c = {
		.path = path, .cwd_fd = -1, .out_fd = -1, .err_fd = STDERR_FILENO, .timeout_ms = 10000
	};
	int r = helper_argv(&a, name, pid, m, n, &argv);

	if (r < 0)
		return err_code(err, r, "run %s", name);
	if (!find_helper(name, path, sizeof(path))) {
		r = err_set(err, ENOENT, "map ids: no right to do so directly and no %s(1) found", name);
		err_hint(err, "install the package uidmap (shadow-utils), or map only your own id with size 1");
		return r;
	}
	c.argv = argv;
	r = child_run(&c, err);
	if (r < 0)
		return err_wrap(err, r, "run %s", path);
	if (r > CHILD_SIGNALED)
		return err_set(err, EPERM, "map ids: %s was killed by signal %d", path, r - CHILD_SIGNALED);
	if (r > 0) {
		r = err_set(err, EPERM, "map ids: %s refused the mapping (exit code %d)", path, r);
		err_hint(err, "the ranges must be listed for this user in /etc/subuid and /etc/subgid");
		return r;
	}
	return 0;
}

/* The kernel lets a process without rights map exactly one id: its own. */
static bool is_own_id(const struct spec_id_mapping *m, size_t n, uint64_t id)
{
	return n == 1 && m[0].size.value == 1 && m[0].host_id.value == id;
}

static int place_gids(int proc_fd, pid_t pid, const struct spec_id_mapping *m, size_t n, int privileged,
		      struct err *err)
{
	char path[64];
	int r;

	if (!privileged && !is_own_id(m, n, getegid()))
		return run_helper("newgidmap", pid, m, n, err);
	if (!privileged) {
		/* Since Linux 3.19 (CVE-2014-8989): groups may not be dropped by who could not drop them outside. */
		snprintf(path, sizeof(path), "%d/setgroups", pid);
		r = procfs_write(proc_fd, path, "deny");
		if (r < 0)
			return err_code(err, r, "write /proc/%s", path);
	}
	return write_map(proc_fd, pid, "gid_map", m, n, err);
}

int ns_place_maps(int proc_fd, pid_t pid, const struct spec_id_mapping *uids, size_t uids_len,
		  const struct spec_id_mapping *gids, size_t gids_len, int privileged, struct err *err)
{
	int r = place_gids(proc_fd, pid, gids, gids_len, privileged, err);

	if (r < 0)
		return r;
	if (!privileged && !is_own_id(uids, uids_len, geteuid()))
		return run_helper("newuidmap", pid, uids, uids_len, err);
	return write_map(proc_fd, pid, "uid_map", uids, uids_len, err);
}

static int open_of(int proc_fd, pid_t pid, const char *kind, struct err *err)
{
	int fd = procfs_open_ns(proc_fd, pid, kind);

	return fd < 0 ? err_code(err, fd, "open /proc/%d/ns/%s", pid, kind) : fd;
}

int ns_open_user_of(int proc_fd, pid_t pid, struct err *err)
{
	return open_of(proc_fd, pid, "user", err);
}

int ns_open_net_of(int proc_fd, pid_t pid, struct err *err)
{
	return open_of(proc_fd, pid, "net", err);
}
