/* SPDX-License-Identifier: Apache-2.0 */
/* Socket activation and readiness, sd_listen_fds(3) and sd_notify(3), seen from the program that is started. */
#include "cli/activation.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/parse.h"
#include "cli/fail.h"
#include "cli/opt.h"

static const char *activation_env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

int activation_fds(int *ret_fds, const char **ret_names, struct masu_error *err)
{
	const char *fds = activation_env("LISTEN_FDS");
	const char *pid = activation_env("LISTEN_PID");
	uint64_t n, owner;

	*ret_fds = 0;
	*ret_names = NULL;
	if (!fds)
		return 0;
	/* Another pid: the descriptors were meant for an ancestor that left its environment behind. Engines that
	 * pass descriptors on set no pid, because they cannot know ours. */
	if (pid && (parse_u64(pid, INT32_MAX, &owner) < 0 || (pid_t)owner != getpid()))
		return 0;
	if (parse_u64(fds, OPT_NUMBER_MAX, &n) < 0)
		return fail_set(err, EINVAL, "read environment `LISTEN_FDS`: `%s`: expected a number", fds);
	*ret_fds = (int)n;
	if (n > 0)
		*ret_names = activation_env("LISTEN_FDNAMES");
	return 0;
}

const char *activation_notify_socket(void)
{
	return activation_env("NOTIFY_SOCKET");
}
