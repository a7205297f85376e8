/* SPDX-License-Identifier: Apache-2.0 */
/* From the document and the options to what criu is asked for, for checkpoint and for restore (pure). */
#pragma once

#include "container/checkpoint/criu_mounts.h"
#include "masu/masu.h"

/* The inode numbers of the namespaces that the document joins by path; 0 when it joins none. */
struct checkpoint_joined {
	uint64_t net, pid;
};

struct checkpoint_inputs {
	const struct masu_checkpoint_options *options;
	struct criu_mounts mounts;
	struct checkpoint_joined joined;
	const char *rootfs;
	const char *criu_config;   /* path, NULL: none */
	const char *freeze_cgroup; /* NULL: none */
	bool has_listener;         /* its seccomp filter notifies an agent */
	bool has_cgroup;
	pid_t pid;
};
int checkpoint_plan(const struct checkpoint_inputs *in, struct criu_request *q, struct err *err);

struct restore_inputs {
	const struct masu_restore_options *options;
	const struct spec_config *config;
	const char *rootfs;
	const char *criu_config; /* as above */
	const char *cgroup_path; /* NULL: none */
};
/* Without the mounts, which are known only when they are looked at, and without namespaces and descriptors. */
int restore_plan(const struct restore_inputs *in, struct criu_request *q, struct err *err);

/* NULL, "", "soft" … as an enum criu_cgroups. Without a cgroup it is `ignore`, and asking for another one is an error. */
int checkpoint_cgroups_mode(const char *text, bool has_cgroup, int *ret, struct err *err);
