/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts are written to attr/exec and attr/keycreate of the process. */
#include "kernel/security/selinux.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/procfs.h"

#define CONTEXT_MAX 4096
#define EXEC_FILE "self/attr/exec"
#define KEYS_FILE "self/attr/keycreate"

static int selinux_error(const char *what, const char *context, int r, struct err *err)
{
	err_pointer(err, "/process/selinuxLabel");
	err_code(err, r, "set SELinux context `%s` %s", context, what);
	if (r == -EINVAL)
		err_hint(err, "the policy does not have this context");
	return r;
}

/* Length of user:role:type. The level behind it may come back in another form ("c2,c1" as "c1,c2"). */
static size_t length_without_level(const char *context)
{
	size_t n = 0;

	for (unsigned colons = 0; context[n]; n++)
		if (context[n] == ':' && ++colons == 3)
			break;
	return n;
}

static bool same_context(const char *a, const char *b)
{
	size_t n = length_without_level(a);

	return n && n == length_without_level(b) && !memcmp(a, b, n);
}

static int set(int proc_fd, const char *file, const char *context, const char *what, struct err *err)
{
	char got[CONTEXT_MAX];
	ssize_t n;
	int r = procfs_write(proc_fd, file, context);

	if (r < 0)
		return selinux_error(what, context, r, err);
	n = procfs_read(proc_fd, file, got, sizeof(got));
	if (n < 0)
		return selinux_error(what, context, (int)n, err);
	got[strcspn(got, "\n")] = '\0';
	return same_context(got, context) ? 0 : selinux_error(what, context, -EPERM, err);
}

int selinux_apply_exec(int proc_fd, const char *context, struct err *err)
{
	return set(proc_fd, EXEC_FILE, context, "for the program", err);
}

int selinux_apply_keys(int proc_fd, const char *context, struct err *err)
{
	int r;

	if (context)
		return set(proc_fd, KEYS_FILE, context, "for new keys", err);
	r = procfs_write(proc_fd, KEYS_FILE, "\n");
	return r < 0 ? err_code(err, r, "reset the SELinux context for new keys") : 0;
}
