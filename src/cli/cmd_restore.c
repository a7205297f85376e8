/* SPDX-License-Identifier: Apache-2.0 */
/* restore: options of run, and what criu is to be told. */
#include <errno.h>
#include <stddef.h>

#include "cli/command.h"
#include "cli/create_given.h"
#include "cli/fail.h"

static struct {
	struct create_given create;
	const char *image_path, *work_path, *cgroups_mode, *network_lock, *lsm_profile, *lsm_mount_context;
	struct opt_list empty_ns;
	int preserve_fds;
	unsigned flags;
} given;

#define BIT(n, b, h) OPT_BITS(0, n, &given.flags, MASU_CHECKPOINT_##b, h)

const struct opt cmd_restore_options[] = {
	CREATE_ROWS_DOCUMENT(given.create),
	OPT_TEXT(0, "image-path", "DIR", &given.image_path, "directory of the images (default: ./checkpoint)"),
	OPT_TEXT(0, "work-path", "DIR", &given.work_path, "directory of criu's log (default: that of the images)"),
	CREATE_ROWS_RUN(given.create),
	OPT_BITS(0, "no-pivot", &given.create.flags, MASU_CREATE_NO_PIVOT,
		 "accepted; criu changes the root by pivot_root"),
	CREATE_ROWS_KEYRING(given.create),
	CREATE_ROWS_FILES(given.create),
	BIT("tcp-established", TCP_ESTABLISHED, "restore open TCP connections"),
	BIT("tcp-close", TCP_CLOSE, "restore TCP connections as closed ones"),
	BIT("ext-unix-sk", EXT_UNIX_SK, "allow unix sockets that lead out of the container"),
	BIT("shell-job", SHELL_JOB, "allow a terminal of the outside"),
	BIT("file-locks", FILE_LOCKS, "restore file locks"),
	BIT("auto-dedup", AUTO_DEDUP, "drop memory from the images once it is restored"),
	BIT("lazy-pages", LAZY_PAGES, "fetch memory when it is needed, from criu lazy-pages"),
	OPT_TEXT(0, "manage-cgroups-mode", "MODE", &given.cgroups_mode, "soft (default), full or ignore"),
	OPT_TEXT(0, "network-lock", "METHOD", &given.network_lock, "iptables, nftables or skip"),
	OPT_LIST(0, "empty-ns", "KIND", &given.empty_ns, "namespace to restore empty: network, as it always is"),
	OPT_TEXT(0, "lsm-profile", "TYPE:LABEL", &given.lsm_profile,
		 "label for the processes instead of the saved one"),
	OPT_TEXT(0, "lsm-mount-context", "LABEL", &given.lsm_mount_context, "the same for mounts"),
	OPT_QUIET_NUMBER("preserve-fds", "N", &given.preserve_fds),
	OPT_END,
};

int cmd_restore(struct program *p, char **args, int n_args, struct masu_error *err)
{
	struct masu_create_options create;
	struct masu_restore_options o = {
		.size = sizeof(o),
		.create = &create,
		.image_path = command_text(given.image_path),
		.work_path = command_text(given.work_path),
		.cgroups_mode = command_text(given.cgroups_mode),
		.network_lock = command_text(given.network_lock),
		.empty_ns = given.empty_ns.v,
		.lsm_profile = command_text(given.lsm_profile),
		.lsm_mount_context = command_text(given.lsm_mount_context),
		.flags = given.flags,
	};
	int r;

	(void)n_args;
	create_given_fill(&given.create, &create);
	create.preserve_fds = given.preserve_fds;
	r = program_runtime(p, err);
	return r < 0 ? r : masu_restore(p->rt, args[0], &o, err);
}
