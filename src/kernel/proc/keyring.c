/* SPDX-License-Identifier: Apache-2.0 */
/* Session keyrings are inherited over clone and execve: without one of its own the container would read the caller's keys. */
#include "kernel/proc/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/sys.h"

/* "keyring;uid;gid;perm;name": the fourth field in hexadecimal. */
static int keyring_permissions(long id, uint32_t *ret)
{
	char text[512];
	const char *p = text;
	long n = sys_keyctl(KEYCTL_DESCRIBE, (unsigned long)id, (unsigned long)text, sizeof(text) - 1, 0);

	if (n < 0)
		return -errno;
	text[(size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1] = '\0';
	for (int i = 0; i < 3; i++) {
		p = strchr(p, ';');
		if (!p)
			return -EPROTO;
		p++;
	}
	*ret = (uint32_t)strtoul(p, NULL, 16);
	return 0;
}

int keyring_apply_session(const char *name, uint32_t set_perm, struct err *err)
{
	long id = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)name, 0, 0, 0);
	uint32_t perm;
	int r;

	if (id < 0 && errno == ENOSYS) {
		log_debug("the kernel has no keyrings");
		return 0;
	}
	if (id < 0) {
		r = err_sys(err, "join session keyring `%s`", name);
		if (r == -EPERM || r == -EACCES)
			err_hint(err, "--no-new-keyring keeps the caller's keyring, keys included");
		else if (r == -EDQUOT)
			err_hint(
				err,
				"the user's quota of keys is used up: sysctl kernel.keys.maxkeys, kernel.keys.root_maxkeys");
		return r;
	}
	if (!set_perm)
		return 0;
	r = keyring_permissions(id, &perm);
	if (r < 0)
		return err_code(err, r, "read the permissions of session keyring `%s`", name);
	if (sys_keyctl(KEYCTL_SETPERM, (unsigned long)id, perm | set_perm, 0, 0) < 0)
		return err_sys(err, "set the permissions of session keyring `%s`", name);
	return 0;
}
