/* SPDX-License-Identifier: Apache-2.0 */
/* mounts: adds to and removes from the mounts of a container that runs. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "cli/command.h"
#include "cli/fail.h"
#include "cli/report.h"

#define MOUNTS_DOCUMENT_MAX (16u << 20)

static int mounts_read(const char *path, struct buf *ret, struct masu_error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	autoclose int fd =
		is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return fail_sys(err, errno, "open list of mounts `%s`", path);
	r = io_read_all(fd, MOUNTS_DOCUMENT_MAX, ret);
	return r < 0 ? fail_sys(err, -r, "read list of mounts `%s`", path) : 0;
}

int cmd_mounts(struct program *p, char **args, int n_args, struct masu_error *err)
{
	AUTO(buf_done) struct buf list = { 0 };
	bool add = n_args > 0 && strcmp(args[0], "add") == 0;
	int r;

	if (n_args != 3 || (!add && strcmp(args[0], "remove") != 0))
		return fail_usage(err, "mounts: expected add or remove, a container id and a file");
	report_container(args[1]);
	r = mounts_read(args[2], &list, err);
	if (r == 0)
		r = program_runtime(p, err);
	if (r < 0)
		return r;
	return add ? masu_mounts_add(p->rt, args[1], list.data ? list.data : "", list.len, err)
		   : masu_mounts_remove(p->rt, args[1], list.data ? list.data : "", list.len, err);
}
