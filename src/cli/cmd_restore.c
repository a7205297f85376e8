/* SPDX-License-Identifier: Apache-2.0 */
/* restore: options of run, and what criu is to be told. */
#include <errno.h>
#include <stddef.h>

#include "cli/activation.h"
#include "cli/command.h"
#include "cli/fail.h"

static struct {
	const char *bundle, *config, *console_socket, *pidfd_socket, *pid_file;
	const char *image_path, *work_path, *cgroups_mode, *network_lock, *lsm_profile, *lsm_mount_context;
	struct opt_list empty_ns;
	int preserve_fds;
	bool detach, keep, no_subreaper, no_pivot, no_new_keyring;
	bool tcp_established, tcp_close, ext_unix_sk, shell_job, file_locks, auto_dedup, lazy_pages;
} given;

#define HIDDEN_NUMBER(n, a, dest)                                                                                 \
	{                                                                                                         \
		.kind = OPT_KIND_NUMBER, .name = (n), .arg = (a), .help = "", .to.number = (dest), .hidden = true \
	}

const struct opt cmd_restore_options[] = {
	OPT_TEXT('b', "bundle", "DIR", &given.bundle, "directory of the container's files (default: .)"),
	OPT_TEXT('f', "config", "FILE", &given.config, "document in the bundle (default: config.json)"),
	OPT_TEXT(0, "image-path", "DIR", &given.image_path, "directory of the images (default: ./checkpoint)"),
	OPT_TEXT(0, "work-path", "DIR", &given.work_path, "directory of criu's log (default: that of the images)"),
	OPT_FLAG('d', "detach", &given.detach, "return when the container runs"),
	OPT_FLAG(0, "keep", &given.keep, "do not delete the container when it ends"),
	OPT_FLAG(0, "no-subreaper", &given.no_subreaper, "leave orphans of the container to the caller"),
	OPT_FLAG(0, "no-pivot", &given.no_pivot, "accepted; criu changes the root by pivot_root"),
	OPT_FLAG(0, "no-new-keyring", &given.no_new_keyring, "keep the session keyring of the caller"),
	OPT_TEXT(0, "console-socket", "PATH", &given.console_socket, "socket that receives the terminal"),
	OPT_TEXT(0, "pidfd-socket", "PATH", &given.pidfd_socket, "socket that receives a pidfd of the container"),
	OPT_TEXT(0, "pid-file", "FILE", &given.pid_file, "file to write the process id to"),
	OPT_FLAG(0, "tcp-established", &given.tcp_established, "restore open TCP connections"),
	OPT_FLAG(0, "tcp-close", &given.tcp_close, "restore TCP connections as closed ones"),
	OPT_FLAG(0, "ext-unix-sk", &given.ext_unix_sk, "allow unix sockets that lead out of the container"),
	OPT_FLAG(0, "shell-job", &given.shell_job, "allow a terminal of the outside"),
	OPT_FLAG(0, "file-locks", &given.file_locks, "restore file locks"),
	OPT_FLAG(0, "auto-dedup", &given.auto_dedup, "drop memory from the images once it is restored"),
	OPT_FLAG(0, "lazy-pages", &given.lazy_pages, "fetch memory when it is needed, from criu lazy-pages"),
	OPT_TEXT(0, "manage-cgroups-mode", "MODE", &given.cgroups_mode, "soft (default), full or ignore"),
	OPT_TEXT(0, "network-lock", "METHOD", &given.network_lock, "iptables, nftables or skip"),
	OPT_LIST(0, "empty-ns", "KIND", &given.empty_ns, "namespace to restore empty: network, as it always is"),
	OPT_TEXT(0, "lsm-profile", "TYPE:LABEL", &given.lsm_profile,
		 "label for the processes instead of the saved one"),
	OPT_TEXT(0, "lsm-mount-context", "LABEL", &given.lsm_mount_context, "the same for mounts"),
	HIDDEN_NUMBER("preserve-fds", "N", &given.preserve_fds),
	OPT_END,
};

static unsigned restore_create_flags(void)
{
	return (given.detach ? MASU_RUN_DETACH : 0) | (given.keep ? MASU_RUN_KEEP : 0) |
	       (given.no_subreaper ? MASU_RUN_NO_SUBREAPER : 0) | (given.no_pivot ? MASU_CREATE_NO_PIVOT : 0) |
	       (given.no_new_keyring ? MASU_CREATE_NO_NEW_KEYRING : 0);
}

static unsigned restore_flags(void)
{
	return (given.tcp_established ? MASU_CHECKPOINT_TCP_ESTABLISHED : 0) |
	       (given.tcp_close ? MASU_CHECKPOINT_TCP_CLOSE : 0) |
	       (given.ext_unix_sk ? MASU_CHECKPOINT_EXT_UNIX_SK : 0) |
	       (given.shell_job ? MASU_CHECKPOINT_SHELL_JOB : 0) | (given.file_locks ? MASU_CHECKPOINT_FILE_LOCKS : 0) |
	       (given.auto_dedup ? MASU_CHECKPOINT_AUTO_DEDUP : 0) |
	       (given.lazy_pages ? MASU_CHECKPOINT_LAZY_PAGES : 0);
}

int cmd_restore(struct program *p, char **args, int n_args, struct masu_error *err)
{
	struct masu_restore_options o = {
		.size = sizeof(o),
		.create = {
			.size = sizeof(o.create),
			.bundle = command_text(given.bundle),
			.config = command_text(given.config),
			.console_socket = command_text(given.console_socket),
			.pidfd_socket = command_text(given.pidfd_socket),
			.pid_file = command_text(given.pid_file),
			.flags = restore_create_flags(),
		},
		.image_path = command_text(given.image_path),
		.work_path = command_text(given.work_path),
		.cgroups_mode = command_text(given.cgroups_mode),
		.network_lock = command_text(given.network_lock),
		.empty_ns = given.empty_ns.v,
		.lsm_profile = command_text(given.lsm_profile),
		.lsm_mount_context = command_text(given.lsm_mount_context),
		.flags = restore_flags(),
	};
	int r;

	(void)n_args;
	if (given.preserve_fds > 0)
		return fail_set(
			err, EOPNOTSUPP,
			"option `--preserve-fds`: a restored process has the descriptors of its images, no others");
	r = program_runtime(p, err);
	return r < 0 ? r : masu_restore(p->rt, args[0], &o, err);
}
