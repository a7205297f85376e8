/* SPDX-License-Identifier: Apache-2.0 */
/* Texts and files for the runner. */
#include "cases.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *text_of(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}

void problem(struct world *w, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	w->failed = true;
	w->why = w->why ? text_of("%s\n%s", w->why, s) : s;
}

char *file_bytes(const char *path, size_t *size)
{
	size_t used = 0, room = 4096;
	char *buf = malloc(room);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return NULL;
	while ((n = read(fd, buf + used, room - used - 1)) > 0) {
		used += (size_t)n;
		if (used + 1 == room)
			buf = realloc(buf, room *= 2);
	}
	if (n < 0) {
		n = errno;
		close(fd);
		errno = (int)n;
		return NULL;
	}
	close(fd);
	buf[used] = 0;
	*size = used;
	return buf;
}

char *file_text(const char *path)
{
	size_t size;

	return file_bytes(path, &size);
}

bool file_write(const char *path, const char *text, int mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t n = strlen(text);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, n) == (ssize_t)n;
	if (mode >= 0)
		fchmod(fd, (mode_t)mode);
	close(fd);
	return ok;
}

void make_dirs(const char *path)
{
	char *p = strdup(path);

	for (char *s = p + 1; (s = strchr(s, '/')); s++) {
		*s = 0;
		mkdir(p, 0755);
		*s = '/';
	}
	mkdir(p, 0755);
	free(p);
}
