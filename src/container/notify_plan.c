/* SPDX-License-Identifier: Apache-2.0 */
/* The container's side of NOTIFY_SOCKET as a plan: a read-only directory with the socket in it. Touches nothing. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/dir.h"
#include "container/notify.h"
#include "kernel/ns/plan.h"

bool notify_is_planned(const struct masu_create_options *o, const struct spec_config *c)
{
	return o->notify_socket && *o->notify_socket && c->process && c->process->args_len &&
	       spec_find_namespace(c->lnx, SPEC_NS_MOUNT);
}

int notify_plan_mount(const struct plan_inputs *in, struct spec_config *copy, struct spec_mount **ret_list, char *path,
		      size_t path_len, struct err *err)
{
	static const char *const options[] = { "bind", "nosuid", "nodev", "noexec", "ro" };
	const struct spec_config *c = in->bundle->config;
	struct spec_mount *list = calloc(c->mounts_len + 1, sizeof(*list));
	int n = snprintf(path, path_len, "%s/%s/%s", in->rt->root, in->id, DIR_NOTIFY);

	*ret_list = list;
	if (!list)
		return err_set(err, ENOMEM, "plan the notify socket");
	if (n < 0 || (size_t)n >= path_len)
		return err_code(err, -ENAMETOOLONG, "plan the notify socket");
	if (c->mounts_len)
		memcpy(list, c->mounts, c->mounts_len * sizeof(*list));
	list[c->mounts_len] = (struct spec_mount){
		.destination = NOTIFY_MOUNT,
		.source = path,
		.options = options,
		.options_len = ARRAY_SIZE(options),
		.options_set = true,
	};
	*copy = *c;
	copy->mounts = list;
	copy->mounts_len = c->mounts_len + 1;
	return 0;
}
