/* SPDX-License-Identifier: Apache-2.0 */
/* Lexical path work; never touches the file system. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Writes the cleaned absolute form of (base +) path: no //, no ., .. resolved lexically and never above /.
 * base may be NULL when path is absolute. 0, -ENAMETOOLONG, -EINVAL (relative without base, empty). */
int path_clean(const char *base, const char *path, char *out, size_t len);
bool path_is_absolute(const char *path);
/* True if path equals dir or lies below it (both cleaned). */
bool path_is_below(const char *path, const char *dir);
/* "/..", "/../a": how the kernel writes what lies outside of the root that the reader has. */
bool path_leaves_root(const char *path);
const char *path_basename(const char *path);
/* Takes the \ooo out of a field of /proc/PID/mountinfo: blanks, tabs, newlines and backslashes are written so. */
void path_unescape(char *s);
