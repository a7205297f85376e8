/* SPDX-License-Identifier: Apache-2.0 */
/* "exec PROFILE" into attr/apparmor/exec (Linux 5.8), or into attr/exec, which belongs to the first module that takes it. */
#include "kernel/security/apparmor.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/procfs.h"

#define PROFILE_MAX 1024

static const char *const files[] = { "self/attr/apparmor/exec", "self/attr/exec" };

static int apparmor_error(const char *profile, int r, struct err *err)
{
	err_pointer(err, "/process/apparmorProfile");
	err_code(err, r, "set AppArmor profile `%s`", profile);
	if (r == -ENOENT)
		err_hint(err, "the profile is not loaded: apparmor_parser -r loads it");
	return r;
}

/* "NAME" or "NAME (mode)". */
static bool is_profile(const char *text, const char *profile)
{
	size_t n = strlen(profile);

	return !strncmp(text, profile, n) && (!text[n] || text[n] == '\n' || !strncmp(text + n, " (", 2));
}

int apparmor_apply_exec(int proc_fd, const char *profile, struct err *err)
{
	char text[PROFILE_MAX];
	size_t at = 0;
	ssize_t n;
	int r;

	if ((size_t)snprintf(text, sizeof(text), "exec %s", profile) >= sizeof(text))
		return apparmor_error(profile, -ENAMETOOLONG, err);
	/* Looked for by reading: a write says ENOENT for a profile that is not there as well. */
	n = procfs_read(proc_fd, files[at], text + strlen(text) + 1, sizeof(text) - strlen(text) - 1);
	if (n == -ENOENT)
		at++;
	r = procfs_write(proc_fd, files[at], text);
	if (r < 0)
		return apparmor_error(profile, r, err);
	n = procfs_read(proc_fd, files[at], text, sizeof(text));
	if (n < 0)
		return apparmor_error(profile, (int)n, err);
	return is_profile(text, profile) ? 0 : apparmor_error(profile, -EPERM, err);
}
