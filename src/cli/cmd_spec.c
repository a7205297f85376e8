/* SPDX-License-Identifier: Apache-2.0 */
/* spec: the template document, as a new file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "cli/command.h"
#include "cli/fail.h"
#include "cli/out.h"

static struct {
	const char *bundle, *file;
	bool rootless;
} given;

const struct opt cmd_spec_options[] = {
	OPT_TEXT('b', "bundle", "DIR", &given.bundle, "directory to write to (default: .)"),
	OPT_TEXT('f', "file", "FILE", &given.file, "name of the file (default: config.json)"),
	OPT_FLAG(0, "rootless", &given.rootless, "for a container that needs no rights"),
	OPT_END,
};

/* A document that somebody wrote is never replaced: O_EXCL. */
static int spec_write(int dir_fd, const char *name, const struct buf *b, struct masu_error *err)
{
	autoclose int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r;

	if (fd < 0) {
		int code = errno;

		fail_sys(err, code, "create `%s`", name);
		if (code == EEXIST)
			snprintf(err->hint, sizeof(err->hint), "remove it first, or choose a name by --file");
		return -code;
	}
	r = io_write_full(fd, b->data, b->len);
	if (r >= 0)
		return 0;
	unlinkat(dir_fd, name, 0);
	return fail_sys(err, -r, "write `%s`", name);
}

int cmd_spec(struct program *p, char **args, int n_args, struct masu_error *err)
{
	const char *bundle = command_text(given.bundle);
	const char *file = command_text(given.file);
	AUTO(buf_done) struct buf b = { 0 };
	autoclose int dir_fd = -1;
	int r;

	(void)p;
	(void)args;
	(void)n_args;
	dir_fd = open(bundle ? bundle : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return fail_sys(err, errno, "open bundle `%s`", bundle ? bundle : ".");
	r = masu_spec(given.rootless, out_collect, &b, err);
	return r < 0 ? r : spec_write(dir_fd, file ? file : "config.json", &b, err);
}
