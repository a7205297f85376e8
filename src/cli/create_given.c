/* SPDX-License-Identifier: Apache-2.0 */
/* From the common options to the library's. */
#include "cli/create_given.h"

#include "cli/command.h"

void create_given_fill(const struct create_given *g, struct masu_create_options *o)
{
	*o = (struct masu_create_options){
		.size = sizeof(*o),
		.bundle = command_text(g->bundle),
		.config = command_text(g->config),
		.console_socket = command_text(g->console_socket),
		.pidfd_socket = command_text(g->pidfd_socket),
		.pid_file = command_text(g->pid_file),
		.flags = g->flags,
	};
}
