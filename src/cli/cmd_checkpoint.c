/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint: what criu is to be told. */
#include <stddef.h>

#include "cli/command.h"

static struct {
	const char *image_path, *work_path, *parent_path, *page_server, *cgroups_mode, *network_lock;
	struct opt_list empty_ns;
	int status_fd;
	bool leave_running, pre_dump, tcp_established, tcp_skip_in_flight, ext_unix_sk, shell_job, file_locks;
	bool link_remap, auto_dedup, lazy_pages;
} given;

const struct opt cmd_checkpoint_options[] = {
	OPT_TEXT(0, "image-path", "DIR", &given.image_path, "directory to save to (default: ./checkpoint)"),
	OPT_TEXT(0, "work-path", "DIR", &given.work_path, "directory of criu's log (default: that of the images)"),
	OPT_TEXT(0, "parent-path", "DIR", &given.parent_path, "images of an earlier pre-dump, relative to the images"),
	OPT_FLAG(0, "leave-running", &given.leave_running, "let the container go on"),
	OPT_FLAG(0, "pre-dump", &given.pre_dump, "save memory only and let the container go on"),
	OPT_FLAG(0, "tcp-established", &given.tcp_established, "save open TCP connections"),
	OPT_FLAG(0, "tcp-skip-in-flight", &given.tcp_skip_in_flight, "leave out TCP connections that are not accepted"),
	OPT_FLAG(0, "ext-unix-sk", &given.ext_unix_sk, "allow unix sockets that lead out of the container"),
	OPT_FLAG(0, "shell-job", &given.shell_job, "allow a terminal of the outside"),
	OPT_FLAG(0, "file-locks", &given.file_locks, "save file locks"),
	OPT_FLAG(0, "link-remap", &given.link_remap, "give deleted files a name again"),
	OPT_FLAG(0, "auto-dedup", &given.auto_dedup, "drop from the parent's images what is saved again"),
	OPT_FLAG(0, "lazy-pages", &given.lazy_pages, "serve memory to the restore by --page-server"),
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
		.flags = (given.leave_running ? MASU_CHECKPOINT_LEAVE_RUNNING : 0) |
			 (given.pre_dump ? MASU_CHECKPOINT_PRE_DUMP : 0) |
			 (given.tcp_established ? MASU_CHECKPOINT_TCP_ESTABLISHED : 0) |
			 (given.tcp_skip_in_flight ? MASU_CHECKPOINT_TCP_SKIP_IN_FLIGHT : 0) |
			 (given.ext_unix_sk ? MASU_CHECKPOINT_EXT_UNIX_SK : 0) |
			 (given.shell_job ? MASU_CHECKPOINT_SHELL_JOB : 0) |
			 (given.file_locks ? MASU_CHECKPOINT_FILE_LOCKS : 0) |
			 (given.link_remap ? MASU_CHECKPOINT_LINK_REMAP : 0) |
			 (given.auto_dedup ? MASU_CHECKPOINT_AUTO_DEDUP : 0) |
			 (given.lazy_pages ? MASU_CHECKPOINT_LAZY_PAGES : 0),
	};
	int r = program_runtime(p, err);

	(void)n_args;
	return r < 0 ? r : masu_checkpoint(p->rt, args[0], &o, err);
}
