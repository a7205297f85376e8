/* SPDX-License-Identifier: Apache-2.0 */
/* Entering namespaces (init side): setns, unshare, becoming root in a user namespace, time offsets, loopback.
 * Which ones, and in which order relative to other steps, is decided in ns/plan.c. */

#include "kernel/ns/ns.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/procfs.h"
#include "base/sys.h"

static const struct {
	uint32_t flag;
	const char *name;
} ns_names[] = {
	{ SYS_CLONE_NEWPID, "pid" },       { SYS_CLONE_NEWNET, "network" }, { SYS_CLONE_NEWNS, "mount" },
	{ SYS_CLONE_NEWIPC, "ipc" },       { SYS_CLONE_NEWUTS, "uts" },     { SYS_CLONE_NEWUSER, "user" },
	{ SYS_CLONE_NEWCGROUP, "cgroup" }, { SYS_CLONE_NEWTIME, "time" },
};

const char *ns_flag_name(uint32_t clone_flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(ns_names); i++)
		if (ns_names[i].flag == clone_flag)
			return ns_names[i].name;
	return "unknown";
}

static int join_pass(const struct ns_plan *p, uint32_t *done, bool last, struct err *err)
{
	for (uint32_t i = 0; i < p->joins_len && i < NS_JOINS_MAX; i++) {
		const struct ns_join *j = &p->joins[i];

		if (*done >> i & 1 || j->clone_flag == SYS_CLONE_NEWUSER)
			continue;
		if (setns(j->fd, (int)j->clone_flag) < 0) {
			if (errno == EPERM && !last)
				continue;
			return err_sys(err, "join %s namespace", ns_flag_name(j->clone_flag));
		}
		*done |= 1u << i;
	}
	return 0;
}

static int join_user(const struct ns_plan *p, struct err *err)
{
	for (uint32_t i = 0; i < p->joins_len && i < NS_JOINS_MAX; i++) {
		if (p->joins[i].clone_flag != SYS_CLONE_NEWUSER)
			continue;
		if (setns(p->joins[i].fd, SYS_CLONE_NEWUSER) < 0)
			return err_sys(err, "join user namespace");
		return ns_apply_become_root(p, err);
	}
	return 0;
}

int ns_apply_joins(const struct ns_plan *p, int (*make_user)(void *ctx, struct err *err), void *ctx, struct err *err)
{
	bool user_changes = p->user;
	uint32_t done = 0;
	int r = join_pass(p, &done, !user_changes, err);

	if (r < 0)
		return r;
	r = join_user(p, err);
	if (r < 0)
		return r;
	if (make_user) {
		r = make_user(ctx, err);
		if (r < 0)
			return r;
	}
	return join_pass(p, &done, true, err);
}

int ns_apply_unshare(uint32_t flags, struct err *err)
{
	if (flags && unshare((int)flags) < 0)
		return err_sys(err, "unshare namespaces 0x%x", flags);
	return 0;
}

int ns_apply_dumpable(int on, struct err *err)
{
	return prctl(PR_SET_DUMPABLE, on, 0, 0, 0) < 0 ? err_sys(err, "change dumpable to %d", on) : 0;
}

int ns_apply_become_root(const struct ns_plan *p, struct err *err)
{
	/* Groups of the caller must not follow into the container; a namespace with setgroups "deny" keeps them from
	 * being dropped, and then they are the unmapped overflow group, which grants what it granted before. */
	if (!p->setgroups_denied && !p->keep_groups && sys_setgroups(0, NULL) < 0 && errno != EPERM)
		return err_sys(err, "drop supplementary groups");
	if (sys_setresgid(0, 0, 0) < 0) {
		int r = err_sys(err, "become gid 0 of the user namespace");

		err_hint(err, "linux.gidMappings must map container gid 0");
		return r;
	}
	if (sys_setresuid(0, 0, 0) < 0) {
		int r = err_sys(err, "become uid 0 of the user namespace");

		err_hint(err, "linux.uidMappings must map container uid 0");
		return r;
	}
	/* a change of the ids resets the flag to fs.suid_dumpable, and processes of the namespace may trace what is dumpable */
	return ns_apply_dumpable(0, err);
}

int ns_apply_time(const struct flat *f, const struct ns_plan *p, int proc_fd, struct err *err)
{
	int r;

	if (unshare(SYS_CLONE_NEWTIME) < 0)
		return err_sys(err, "make time namespace");
	if (!flat_has(p->time_offsets))
		return 0;
	r = ns_apply_dumpable(1, err);
	if (r < 0)
		return r;
	r = procfs_write(proc_fd, "self/timens_offsets", flat_str(f, p->time_offsets));
	if (ns_apply_dumpable(0, r < 0 ? NULL : err) < 0)
		return -EPERM;
	if (r < 0) {
		err_code(err, r, "write time offsets");
		err_pointer(err, "/linux/timeOffsets");
	}
	return r;
}

int ns_apply_loopback(struct err *err)
{
	autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo" };

	if (fd < 0)
		return err_sys(err, "open socket for loopback");
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		return err_sys(err, "bring up interface `lo`");
	return 0;
}
