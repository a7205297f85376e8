/* SPDX-License-Identifier: Apache-2.0 */
/* Reading small files of /proc and /sys, and their "Name: value" lines. */
#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

long read_file(const char *path, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (used < size - 1 && (n = read(fd, buf + used, size - 1 - used)) > 0)
		used += (size_t)n;
	if (n < 0) {
		int err = errno;

		close(fd);
		return -err;
	}
	close(fd);
	buf[used] = 0;
	return (long)used;
}

bool field_of(const char *text, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);

	for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		size_t len;

		if (strncmp(line, name, n) || line[n] != ':')
			continue;
		line += n + 1;
		line += strspn(line, " \t");
		len = strcspn(line, "\n");
		while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
			len--;
		len = len < size ? len : size - 1;
		memcpy(out, line, len);
		out[len] = 0;
		return true;
	}
	return false;
}
