/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a document whole. */
#include "cli/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "cli/fail.h"

#define DOCUMENT_MAX (16u << 20)

int document_read(const char *path, const char *what, struct buf *ret, struct masu_error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	autoclose int fd =
		is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return fail_sys(err, errno, "open %s `%s`", what, path);
	r = io_read_all(fd, DOCUMENT_MAX, ret);
	return r < 0 ? fail_sys(err, -r, "read %s `%s`", what, path) : 0;
}
