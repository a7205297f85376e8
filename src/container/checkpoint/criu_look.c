/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving paths for criu's mounts. */

#include "container/checkpoint/criu_look.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/inroot.h"
#include "base/procfs.h"

enum criu_there criu_look(void *arg, const char *path, char *out, size_t len)
{
	const struct criu_look *l = arg;
	autoclose int fd = inroot_open(l->root_fd, path, O_PATH, 0);
	size_t cut = strlen(l->prefix);
	char target[4096];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return CRIU_THERE_NOTHING;
	if (procfs_fd_path(l->proc_fd, fd, target, sizeof(target)) < 0)
		return CRIU_THERE_NOTHING;
	if (strncmp(target, l->prefix, cut) != 0 || target[cut] != '/' || strlen(target + cut) >= len)
		return CRIU_THERE_NOTHING;
	strcpy(out, target + cut);
	return S_ISDIR(st.st_mode) ? CRIU_THERE_DIRECTORY : CRIU_THERE_FILE;
}
