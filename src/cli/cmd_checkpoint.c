/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint: what criu is to be told. */
#include <stddef.h>

#include "cli/command.h"

static struct {
	const char *image_path, *work_path, *parent_path, *page_server, *cgroups_mode, *network_lock;
	struct opt_list empty_ns;
	int status_fd;
	unsigned flags;
} given;

#define BIT(n, b, h) OPT_BITS(0, n, &given.flags, MASU_CHECKPOINT_##b, h)

const struct opt cmd_checkpoint_options[] = {
	OPT_TEXT(0, "image-path", "DIR", &given.image_path, "directory to save to (default: ./checkpoint)"),
	OPT_TEXT(0, "work-path", "DIR", &given.work_path, "directory of criu's log (default: that of the images)"),
	OPT_TEXT(0, "parent-path", "DIR", &given.parent_path, "images of an earlier pre-dump, relative to the images"),
	BIT("leave-running", LEAVE_RUNNING, "let the container go on"),
	BIT("pre-dump", PRE_DUMP, "save memory only and let the container go on"),
	BIT("tcp-established", TCP_ESTABLISHED, "save open TCP connections"),
	BIT("tcp-skip-in-flight", TCP_SKIP_IN_FLIGHT, "leave out TCP connections that are not accepted"),
	BIT("ext-unix-sk", EXT_UNIX_SK, "allow unix sockets that lead out of the container"),
	BIT("shell-job", SHELL_JOB, "allow a terminal of the outside"),
	BIT("file-locks", FILE_LOCKS, "save file locks"),
	BIT("link-remap", LINK_REMAP, "give deleted files a name again"),
	BIT("auto-dedup", AUTO_DEDUP, "drop from the parent's images what is saved again"),
	BIT("lazy-pages", LAZY_PAGES, "serve memory to the restore by --page-server"),
	OPT_TEXT(0, "page-server", "ADDR:PORT", &given.page_server, "page server that memory goes to"),
	OPT_NUMBER(0, "status-fd", "N", &given.status_fd, "descriptor that gets a zero byte when memory is served"),
	OPT_TEXT(0, "manage-cgroups-mode", "MODE", &given.cgroups_mode, "soft (default), full, strict or ignore"),
	OPT_TEXT(0, "network-lock", "METHOD", &given.network_lock, "iptables, nftables or skip"),
	OPT_LIST(0, "empty-ns", "KIND", &given.empty_ns, "namespace to save empty: network, as it always is"),
	OPT_END,
};

int cmd_checkpoint(struct program *p, char **args, int n_args, struct masu_error *err)
{
	struct masu_checkpoint_options o = {
		.size = sizeof(o),
		.image_path = command_text(given.image_path),
		.work_path = command_text(given.work_path),
		.parent_path = command_text(given.parent_path),
		.page_server = command_text(given.page_server),
		.cgroups_mode = command_text(given.cgroups_mode),
		.network_lock = command_text(given.network_lock),
		.empty_ns = given.empty_ns.v,
		.status_fd = given.status_fd,
		.flags = given.flags,
	};
	int r = program_runtime(p, err);

	(void)n_args;
	return r < 0 ? r : masu_checkpoint(p->rt, args[0], &o, err);
}
