/* SPDX-License-Identifier: Apache-2.0 */
/* Host side of namespaces: opening and verifying nsfs files, writing id maps. */
#pragma once

#include <sys/types.h>

#include "kernel/ns/plan.h"

/* Opens linux.namespaces[].path of each join and verifies that it is a namespace of that type (NS_GET_NSTYPE); replaces
 * the index in joins[].fd by the descriptor. host_kinds is what ns_host_kinds said when the plan was made: -EBUSY when a path
 * leads to the host's namespace by now and did not then, or the other way round. On error nothing stays open. */
int ns_open_joins(const struct spec_config *c, struct ns_plan *p, unsigned host_kinds, struct err *err);
void ns_close_joins(struct ns_plan *p);

/* What /proc/PID/ns calls a kind. */
const char *ns_proc_name(enum spec_namespace_kind kind);

/* Bits 1 << SPEC_NS_* of the kinds whose path names the namespace that this process is in. Paths that cannot be looked at do not
 * count: opening them gives the error. */
unsigned ns_host_kinds(const struct spec_config *c);
/* For a helper in a mount namespace of its own: nothing that it mounts reaches the host. */
int ns_private_mounts(struct err *err);
/* An owned descriptor of the user namespace in which pid is. */
int ns_open_user_of(int proc_fd, pid_t pid, struct err *err);
/* The same of its network namespace. */
int ns_open_net_of(int proc_fd, pid_t pid, struct err *err);
/* The id outside of which id is the picture inside; 4294967295 when it is not mapped. */
uint32_t ns_host_id(const struct spec_id_mapping *m, size_t n, uint32_t id);

/* -EINVAL with a pointer when the document has mappings and a user namespace that is joined (user_fd, at path) has others. */
int ns_check_joined_maps(const struct spec_linux_ *l, int user_fd, const char *path, int proc_fd, struct err *err);
/* Writes setgroups, gid_map and uid_map of the new user namespace in which pid is; by newuidmap(1) and newgidmap(1) when
 * masu has no right to map ranges itself. */
int ns_place_maps(int proc_fd, pid_t pid, const struct spec_id_mapping *uids, size_t uids_len,
		  const struct spec_id_mapping *gids, size_t gids_len, int privileged, struct err *err);
