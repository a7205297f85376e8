/* SPDX-License-Identifier: Apache-2.0 */
/* Lexical path work. What has to ask the file system belongs to inroot.c. */
#include "base/path.h"

#include <errno.h>
#include <string.h>

/* Appends the components of path to the n bytes in out; n or -ENAMETOOLONG. The root itself is n == 0. */
static long path_append(const char *path, char *out, size_t len, size_t n)
{
	while (*path) {
		size_t part = strcspn(path, "/");

		if (part == 2 && path[0] == '.' && path[1] == '.') {
			while (n && out[--n] != '/')
				;
		} else if (part && !(part == 1 && path[0] == '.')) {
			if (part + 1 >= len - n) /* keeps room for the NUL */
				return -ENAMETOOLONG;
			out[n++] = '/';
			memcpy(out + n, path, part);
			n += part;
		}
		path += part;
		path += strspn(path, "/");
	}
	return (long)n;
}

int path_clean(const char *base, const char *path, char *out, size_t len)
{
	long n = 0;

	if (!path || !*path)
		return -EINVAL;
	if (len < 2)
		return -ENAMETOOLONG;
	if (!path_is_absolute(path)) {
		if (!base || !path_is_absolute(base))
			return -EINVAL;
		n = path_append(base, out, len, 0);
	}
	if (n >= 0)
		n = path_append(path, out, len, (size_t)n);
	if (n < 0)
		return (int)n;
	if (!n)
		out[n++] = '/';
	out[n] = '\0';
	return 0;
}

bool path_is_absolute(const char *path)
{
	return path[0] == '/';
}

bool path_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 1 && dir[0] == '/')
		return path_is_absolute(path);
	return !strncmp(path, dir, n) && (path[n] == '\0' || path[n] == '/');
}

bool path_leaves_root(const char *path)
{
	return strncmp(path, "/..", 3) == 0 && (path[3] == '/' || !path[3]);
}

const char *path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void path_unescape(char *s)
{
	char *out = s;

	for (; *s; s++, out++) {
		*out = *s;
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' &&
		    s[3] <= '7') {
			*out = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		}
	}
	*out = '\0';
}
