/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that touches a path inside an untrusted root goes through here: resolved under a root fd by
 * openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), so neither links nor .. nor races lead outside. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Returns an owned fd (always O_CLOEXEC) or -errno. EAGAIN (rename races) is retried a bounded number of times. */
int inroot_open(int root_fd, const char *path, int flags, mode_t mode);
/* As above and does not follow a link in the last component. */
int inroot_open_nofollow(int root_fd, const char *path, int flags, mode_t mode);
/* As above and follows no link in any component. */
int inroot_open_no_links(int root_fd, const char *path, int flags);
/* Opens O_PATH the directory, making missing components (mode 0755, owner uid:gid unless -1). A dangling link is
 * resolved inside the root and its target made there. A file where a directory is needed: -ENOTDIR.
 * *ret_made (may be NULL) counts the components made. */
int inroot_mkdir_p(int root_fd, const char *path, mode_t mode, uid_t uid, gid_t gid, unsigned *ret_made);
/* The same for a regular file as last component: opened O_PATH, made empty with file_mode when missing. */
int inroot_mkfile_p(int root_fd, const char *path, mode_t file_mode, uid_t uid, gid_t gid, unsigned *ret_made);
/* Opens the parent directory of path (making it if make) and gives the last component in name. */
int inroot_open_parent(int root_fd, const char *path, int make, char *name, size_t name_len);
