/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows libcriu: it is opened when a request is carried out, so that no other command pays for it. Its calls are
 * declared here, since its header would need protobuf-c's to build; they are libcriu.so.2's, which does not change. */

#include "container/checkpoint/criu.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/sys.h"

#ifndef MASU_CRIU
#define MASU_CRIU 1
#endif
#define CRIU_LIBRARY "libcriu.so.2"
#define CRIU_MIN_VERSION 31500 /* external pid namespaces, status notification */
#define CRIU_CONFIG_MAX (1 << 20)

struct criu_notify; /* libcriu's */

#define CALLS(X)                                                                 \
	X(int, init_opts, (void))                                                \
	X(int, check_version, (int minimum))                                     \
	X(int, dump, (void))                                                     \
	X(int, pre_dump, (void))                                                 \
	X(int, restore_child, (void))                                            \
	X(void, set_pid, (int pid))                                              \
	X(void, set_images_dir_fd, (int fd))                                     \
	X(void, set_work_dir_fd, (int fd))                                       \
	X(void, set_log_level, (int level))                                      \
	X(int, set_log_file, (const char *name))                                 \
	X(int, set_root, (const char *path))                                     \
	X(int, set_parent_images, (const char *path))                            \
	X(int, set_page_server_address_port, (const char *address, int port))    \
	X(void, set_manage_cgroups, (bool on))                                   \
	X(void, set_manage_cgroups_mode, (int mode))                             \
	X(int, set_freeze_cgroup, (const char *path))                            \
	X(int, add_cg_root, (const char *controller, const char *path))          \
	X(int, set_lsm_profile, (const char *label))                             \
	X(int, set_lsm_mount_context, (const char *label))                       \
	X(int, add_ext_mount, (const char *key, const char *value))              \
	X(int, add_external, (const char *external))                             \
	X(int, add_inherit_fd, (int fd, const char *key))                        \
	X(void, set_notify_cb, (int (*cb)(char *action, struct criu_notify *n))) \
	X(int, notify_pid, (struct criu_notify * n))                             \
	X(int, get_orphan_pts_master_fd, (void))                                 \
	FLAGS(FLAG_CALL)

/* Newer than the oldest libcriu.so.2. */
#define MAYBE(X)                                                                     \
	X(int, join_ns_add, (const char *kind, const char *path, const char *extra)) \
	X(int, set_network_lock, (int method))                                       \
	X(int, set_config_file, (const char *path))                                  \
	X(void, set_empty_ns, (int namespaces))

#define FLAGS(X)                                           \
	X(CRIU_LEAVE_RUNNING, set_leave_running)           \
	X(CRIU_TCP_ESTABLISHED, set_tcp_established)       \
	X(CRIU_TCP_SKIP_IN_FLIGHT, set_tcp_skip_in_flight) \
	X(CRIU_TCP_CLOSE, set_tcp_close)                   \
	X(CRIU_EXT_UNIX_SK, set_ext_unix_sk)               \
	X(CRIU_SHELL_JOB, set_shell_job)                   \
	X(CRIU_FILE_LOCKS, set_file_locks)                 \
	X(CRIU_LINK_REMAP, set_link_remap)                 \
	X(CRIU_AUTO_DEDUP, set_auto_dedup)                 \
	X(CRIU_TRACK_MEM, set_track_mem)                   \
	X(CRIU_EVASIVE_DEVICES, set_evasive_devices)       \
	X(CRIU_ORPHAN_PTS_MASTER, set_orphan_pts_master)

#define FLAG_CALL(flag, name) CALL_MEMBER(void, name, (bool on))
#define CALL_MEMBER(ret, name, args) ret(*name) args;

static struct {
	CALLS(CALL_MEMBER)
	MAYBE(CALL_MEMBER)
} lib;

static struct {
	criu_notify_fn *fn;
	void *arg;
} told;

bool criu_is_built_in(void)
{
	return MASU_CRIU;
}

static int load_symbol(void *handle, const char *name, bool required, void *to, struct err *err)
{
	void *p = dlsym(handle, name);

	memcpy(to, &p, sizeof(p));
	return p || !required ? 0 : err_set(err, EOPNOTSUPP, "load `%s`: it has no `%s`", CRIU_LIBRARY, name);
}

static int load_library(struct err *err)
{
	void *handle = dlopen(CRIU_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	int r = 0;

	if (!handle) {
		r = err_set(err, EOPNOTSUPP, "load `%s`: %s", CRIU_LIBRARY, dlerror());
		err_hint(err, "install criu and its library (libcriu2, criu-libs)");
		return r;
	}
#undef CALL_MEMBER
#define CALL_MEMBER(ret, name, args) \
	if (r == 0)                  \
		r = load_symbol(handle, "criu_" #name, true, (void *)&lib.name, err);
	CALLS(CALL_MEMBER)
#undef CALL_MEMBER
#define CALL_MEMBER(ret, name, args) \
	if (r == 0)                  \
		r = load_symbol(handle, "criu_" #name, false, (void *)&lib.name, err);
	MAYBE(CALL_MEMBER)
	return r;
}

/* libcriu starts criu by its name, and of a name that is not there it says only that nobody answers. */
static int find_program(struct err *err)
{
	const char *path = getenv("PATH");
	char file[4096];

	for (size_t n; path && *path; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		if (n > 0 && snprintf(file, sizeof(file), "%.*s/criu", (int)n, path) < (int)sizeof(file) &&
		    access(file, X_OK) == 0)
			return 0;
	}
	err_set(err, ENOENT, "run criu: it is not in PATH");
	err_hint(err, "install criu");
	return -ENOENT;
}

static int append_file(const char *path, struct buf *text, struct err *err)
{
	AUTO(buf_done) struct buf more = { 0 };
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0 && errno == ENOENT) {
		log_warn("criu configuration `%s`: %s", path, strerror(ENOENT));
		return 0;
	}
	r = fd < 0 ? -errno : io_read_all(fd, CRIU_CONFIG_MAX, &more);
	if (r < 0)
		return err_code(err, r, "read criu configuration `%s`", path);
	buf_add(text, more.data ? more.data : "", more.len);
	return buf_adds(text, "\n");
}

/* criu reads the file that CRIU_CONFIG_FILE names before it looks at a request. The memory behind it is inherited by criu. */
static int set_config(const struct criu_request *q, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	const char *given = getenv("CRIU_CONFIG_FILE");
	char path[64];
	int fd, r = 0;

	criu_request_config(q, lib.set_empty_ns, &text);
	if (q->config_file && !lib.set_config_file)
		r = append_file(q->config_file, &text, err);
	if (r < 0 || text.len == 0)
		return r;
	if (given && *given)
		r = append_file(given, &text, err);
	if (r < 0 || text.error)
		return r < 0 ? r : err_code(err, text.error, "write criu configuration");
	fd = sys_memfd_create("criu.conf", 0);
	if (fd < 0)
		return err_sys(err, "make memfd for criu's configuration");
	r = io_write_full(fd, text.data, text.len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (r >= 0 && setenv("CRIU_CONFIG_FILE", path, 1) < 0)
		r = -errno;
	return r < 0 ? err_code(err, r, "write criu's configuration") : 0;
}

static int set_lists(const struct criu_request *q, struct err *err)
{
	const struct criu_pair *m = (const struct criu_pair *)(const void *)q->mounts.data;
	const char *const *e = (const char *const *)(const void *)q->externals.data;
	const struct criu_fd *f = (const struct criu_fd *)(const void *)q->fds.data;
	const struct criu_join *j = (const struct criu_join *)(const void *)q->joins.data;
	int r = 0;

	for (size_t i = 0; r == 0 && i < q->mounts.len / sizeof(*m); i++)
		r = lib.add_ext_mount(m[i].key, m[i].value);
	for (size_t i = 0; r == 0 && i < q->externals.len / sizeof(*e); i++)
		r = lib.add_external(e[i]);
	for (size_t i = 0; r == 0 && i < q->fds.len / sizeof(*f); i++) {
		r = fd_set_cloexec(f[i].fd, false);
		if (r == 0)
			r = lib.add_inherit_fd(f[i].fd, f[i].key);
	}
	if (q->joins.len > 0 && !lib.join_ns_add)
		return err_set(err, EOPNOTSUPP, "enter the %s namespace `%s`: criu 3.16.1 is needed", j[0].kind,
			       j[0].path);
	for (size_t i = 0; r == 0 && i < q->joins.len / sizeof(*j); i++)
		r = lib.join_ns_add(j[i].kind, j[i].path, NULL);
	return r < 0 ? err_code(err, r, "build the request for criu") : 0;
}

static int set_strings(const struct criu_request *q, struct err *err)
{
	int r = lib.set_log_file(q->log_file);

	if (r == 0 && q->root)
		r = lib.set_root(q->root);
	if (r == 0 && q->parent)
		r = lib.set_parent_images(q->parent);
	if (r == 0 && q->freeze_cgroup)
		r = lib.set_freeze_cgroup(q->freeze_cgroup);
	if (r == 0 && q->cgroup_root)
		r = lib.add_cg_root(NULL, q->cgroup_root);
	if (r == 0 && q->lsm_profile)
		r = lib.set_lsm_profile(q->lsm_profile);
	if (r == 0 && q->lsm_mount_context)
		r = lib.set_lsm_mount_context(q->lsm_mount_context);
	if (r == 0 && q->config_file && lib.set_config_file)
		r = lib.set_config_file(q->config_file);
	/* Its result is an error in every case, in 3.17. */
	if (r == 0 && q->page_server)
		(void)lib.set_page_server_address_port(q->page_server, q->page_server_port);
	return r < 0 ? err_code(err, r, "build the request for criu") : 0;
}

static int on_notify(char *action, struct criu_notify *n)
{
	bool master = strcmp(action, "orphan-pts-master") == 0;

	return told.fn ? told.fn(told.arg, action, lib.notify_pid(n), master ? lib.get_orphan_pts_master_fd() : -1) : 0;
}

static int set_options(const struct criu_request *q, struct err *err)
{
	lib.set_images_dir_fd(q->images_fd);
	if (q->work_fd >= 0)
		lib.set_work_dir_fd(q->work_fd);
	lib.set_log_level(4);
	if (q->pid > 0)
		lib.set_pid(q->pid);
		/* Only what is asked for: what is not said here may be said in a configuration file. */
#define FLAG_SET(flag, name)   \
	if (q->flags & (flag)) \
		lib.name(true);
	FLAGS(FLAG_SET)
	lib.set_manage_cgroups(true);
	lib.set_manage_cgroups_mode(q->cgroups);
	if (q->flags & CRIU_EMPTY_NETWORK && lib.set_empty_ns)
		lib.set_empty_ns(SYS_CLONE_NEWNET);
	if (q->network_lock == CRIU_LOCK_IPTABLES || q->network_lock == CRIU_LOCK_NFTABLES) {
		if (!lib.set_network_lock)
			return err_set(err, EOPNOTSUPP, "choose the network lock: criu 3.16 is needed");
		lib.set_network_lock(q->network_lock);
	}
	lib.set_notify_cb(on_notify);
	return set_strings(q, err);
}

static int check_version(struct err *err)
{
	int r = lib.check_version(CRIU_MIN_VERSION);

	if (r < 0)
		return err_set(err, EIO, "ask criu for its version: %s", strerror(-r));
	return r > 0 ? 0 : err_set(err, EOPNOTSUPP, "use criu: at least version 3.15 is needed");
}

static int explain(int r, int code, struct err *err)
{
	if (r == -EBADE)
		return err_set(err, code > 0 ? code : EIO, "%s", code > 0 ? strerror(code) : "it did not succeed");
	return err_set(err, EIO, "%s", r == -ECOMM ? "criu ended without an answer" : strerror(-r));
}

int criu_run(const struct criu_request *q, criu_notify_fn *notify, void *arg, pid_t *ret_pid, struct err *err)
{
	int r;

	if (!criu_is_built_in())
		return err_set(err, EOPNOTSUPP, "use criu: this masu was built without it");
	r = find_program(err);
	if (r >= 0)
		r = load_library(err);
	if (r >= 0 && lib.init_opts() < 0)
		r = err_set(err, ENOMEM, "set libcriu up");
	if (r >= 0)
		r = check_version(err);
	told.fn = notify;
	told.arg = arg;
	if (r >= 0)
		r = set_options(q, err);
	if (r >= 0)
		r = set_lists(q, err);
	if (r >= 0)
		r = set_config(q, err);
	if (r < 0)
		return r;
	errno = 0;
	r = q->kind == CRIU_DUMP ? lib.dump() : q->kind == CRIU_PRE_DUMP ? lib.pre_dump() : lib.restore_child();
	*ret_pid = q->kind == CRIU_RESTORE && r > 0 ? r : 0;
	if (q->kind == CRIU_RESTORE && r == 0)
		r = -EBADE;
	return r < 0 ? explain(r, errno, err) : 0;
}
