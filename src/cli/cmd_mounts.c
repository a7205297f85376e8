/* SPDX-License-Identifier: Apache-2.0 */
/* mounts: adds to and removes from the mounts of a container that runs. */
#include <string.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/document.h"
#include "cli/fail.h"
#include "cli/report.h"

int cmd_mounts(struct program *p, char **args, int n_args, struct masu_error *err)
{
	AUTO(buf_done) struct buf list = { 0 };
	bool add = n_args > 0 && strcmp(args[0], "add") == 0;
	int r;

	if (n_args != 3 || (!add && strcmp(args[0], "remove") != 0))
		return fail_usage(err, "mounts: expected add or remove, a container id and a file");
	report_container(args[1]);
	r = document_read(args[2], "list of mounts", &list, err);
	if (r == 0)
		r = program_runtime(p, err);
	if (r < 0)
		return r;
	return add ? masu_mounts_add(p->rt, args[1], list.data ? list.data : "", list.len, err)
		   : masu_mounts_remove(p->rt, args[1], list.data ? list.data : "", list.len, err);
}
