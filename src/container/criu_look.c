/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving paths for criu's mounts. */

#include "container/criu_look.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/inroot.h"

enum criu_there criu_look(void *arg, const char *path, char *out, size_t len)
{
	const struct criu_look *l = arg;
	autoclose int fd = inroot_open(l->root_fd, path, O_PATH, 0);
	size_t cut = strlen(l->prefix);
	char link[64], target[4096];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return CRIU_THERE_NOTHING;
	/* The kernel's own name of what was opened. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= 0 || (size_t)n >= sizeof(target) - 1)
		return CRIU_THERE_NOTHING;
	target[n] = '\0';
	if (strncmp(target, l->prefix, cut) != 0 || target[cut] != '/' || strlen(target + cut) >= len)
		return CRIU_THERE_NOTHING;
	strcpy(out, target + cut);
	return S_ISDIR(st.st_mode) ? CRIU_THERE_DIRECTORY : CRIU_THERE_FILE;
}
