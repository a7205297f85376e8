/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps of a user namespace that is joined (host side): what the document says of them is compared with what the kernel does.
 * Nothing is written here. */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/parse.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "kernel/ns/open.h"

enum { MAP_TEXT_MAX = 340 * 36 };

static bool has_range(const struct spec_id_mapping *m, size_t n, const uint64_t range[3])
{
	for (size_t i = 0; i < n; i++)
		if (m[i].container_id.value == range[0] && m[i].host_id.value == range[1] &&
		    m[i].size.value == range[2])
			return true;
	return false;
}

/* Neither the kernel nor a document that was checked has a range twice, and the kernel sorts many of them. */
static bool same_map(char *text, const struct spec_id_mapping *m, size_t n)
{
	uint64_t range[3];
	size_t words = 0;
	char *save = NULL;

	for (char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save)) {
		if (parse_u64(word, UINT32_MAX, &range[words % 3]) < 0)
			return false;
		if (++words % 3 == 0 && !has_range(m, n, range))
			return false;
	}
	return words == 3 * n;
}

static int check_map(int proc_fd, pid_t pid, const char *file, const struct spec_id_mapping *m, size_t n,
		     const char *path, struct err *err)
{
	char text[MAP_TEXT_MAX], name[64];
	ssize_t r;

	if (spec_is_dummy_map(m, n))
		return 0;
	snprintf(name, sizeof(name), "%d/%s", pid, file);
	r = procfs_read(proc_fd, name, text, sizeof(text));
	if (r < 0)
		return err_code(err, (int)r, "read /proc/%s", name);
	if (same_map(text, m, n))
		return 0;
	err_pointer(err, strcmp(file, "uid_map") == 0 ? "/linux/uidMappings" : "/linux/gidMappings");
	return err_set(err, EINVAL, "join user namespace `%s`: its %s is another one", path, file);
}

/* Only a process inside has files that show the maps. This one lives until its end of the socket is the last. */
static void __attribute__((noreturn)) live_inside(int user_fd, int sock)
{
	/* EINVAL: it is our own one. */
	int r = setns(user_fd, SYS_CLONE_NEWUSER) < 0 && errno != EINVAL ? -errno : 0;
	char end;

	_exit(io_write_full(sock, &r, sizeof(r)) < 0 || read(sock, &end, 1) != 0);
}

static int spawn_inside(int user_fd, int *ret_sock, pid_t *ret_pid, struct err *err)
{
	struct sys_clone_args args = { .exit_signal = SIGCHLD };
	int pair[2], r = 0;
	long pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, "look into a user namespace");
	pid = sys_clone3(&args);
	if (pid == 0) {
		close(pair[0]);
		live_inside(user_fd, pair[1]);
	}
	close(pair[1]);
	*ret_sock = pair[0];
	*ret_pid = (pid_t)pid;
	if (pid < 0)
		return err_sys(err, "look into a user namespace");
	if (io_read_full(pair[0], &r, sizeof(r)) != sizeof(r))
		r = -ECONNRESET;
	return r;
}

int ns_check_joined_maps(const struct spec_linux_ *l, int user_fd, const char *path, int proc_fd, struct err *err)
{
	autoclose int sock = -EBADF;
	pid_t pid = -1;
	int r;

	if (spec_is_dummy_map(l->uid_mappings, l->uid_mappings_len) &&
	    spec_is_dummy_map(l->gid_mappings, l->gid_mappings_len))
		return 0;
	r = spawn_inside(user_fd, &sock, &pid, err);
	if (r < 0 && pid > 0)
		err_code(err, r, "join user namespace `%s`", path);
	if (r >= 0)
		r = check_map(proc_fd, pid, "uid_map", l->uid_mappings, l->uid_mappings_len, path, err);
	if (r >= 0)
		r = check_map(proc_fd, pid, "gid_map", l->gid_mappings, l->gid_mappings_len, path, err);
	cleanup_close(&sock);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}
