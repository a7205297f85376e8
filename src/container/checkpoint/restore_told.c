/* SPDX-License-Identifier: Apache-2.0 */
/* What a restore does when criu tells how far it is: the first process is there, all is restored but stopped, all may go on. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/procfs.h"
#include "base/unixsock.h"
#include "container/checkpoint/restore.h"
#include "container/pids.h"
#include "kernel/ns/open.h"

#define MASTER_NAME "/dev/ptmx" /* whoever receives it wants some text beside it */

static int place_net_devices(struct create *c, struct err *err)
{
	const struct spec_linux_ *lnx = c->bundle.config->lnx;
	int fd = ns_open_net_of(c->rt->proc_fd, c->init.pid, err);

	return fd < 0 ? fd : net_devices_place(lnx->net_devices, lnx->net_devices_len, fd, &c->net, err);
}

/* The first process is there, alone, in new namespaces; criu has moved it, unless it was told not to. */
static int take_init(struct restore *r, pid_t pid, struct err *err)
{
	struct create *c = &r->create;
	char line[64];
	int e = pidref_open(c->rt->proc_fd, pid, 0, &c->init);
	char letter;

	if (e >= 0)
		e = procfs_start_time(c->rt->proc_fd, pid, &c->init.start_time, &letter);
	if (e < 0)
		return err_code(err, e, "open the restored process %d", pid);
	/* By these two its processes are found where there is no cgroup. */
	c->state.pid = pid;
	c->state.start_time = c->init.start_time;
	snprintf(line, sizeof(line), "%d %llu", pid, (unsigned long long)c->init.start_time);
	e = journal_add(&c->journal, "init", line, err);
	if (e >= 0 && c->has_cgroup && r->request.cgroups == CRIU_CGROUPS_IGNORE)
		e = cgroup_place(&c->cgroup, pid, false, err);
	if (e >= 0)
		e = rdt_place(&c->rdt, pid, err);
	if (e >= 0)
		e = restore_loopback(r, err);
	if (e >= 0 && create_has_net_devices(c))
		e = place_net_devices(c, err);
	return e < 0 ? e : create_run_host_hooks(c, err);
}

static int take_master(struct restore *r, int fd, struct err *err)
{
	autoclose int master = fd;
	int e;

	if (master < 0)
		return err_set(err, EPROTO, "take the terminal from criu: none came");
	if (r->console_sock >= 0) {
		e = unixsock_send_fd(r->console_sock, master, MASTER_NAME, sizeof(MASTER_NAME) - 1);
		return e < 0 ? err_code(err, e, "send the terminal to `%s`", r->options.console_socket) : 0;
	}
	if (r->foreground && r->master_fd < 0)
		r->master_fd = take_fd(&master);
	return 0;
}

/* Memory, files and mounts are there, credentials are not yet. A refusal makes criu end what it made. */
static int look_at_surroundings(struct restore *r, struct err *err)
{
	struct create *c = &r->create;
	const struct spec_linux_ *lnx = c->bundle.config->lnx;
	int e = 0;

	if (c->init.pid <= 0)
		return err_set(err, EPROTO, "look at the restored process: criu did not say which it is");
	/* Mode `full` brings the limits of the images. */
	if (c->has_cgroup && r->request.cgroups == CRIU_CGROUPS_FULL && lnx && lnx->resources) {
		c->cgroup.nodes = lnx->devices;
		c->cgroup.nodes_len = lnx->devices_len;
		e = cgroup_update(&c->cgroup, lnx->resources, err);
	}
	if (e >= 0 && c->has_cgroup)
		e = cgroup_check_pid(&c->cgroup, c->rt->proc_fd, c->init.pid, err);
	if (e >= 0 && c->has_cgroup)
		cgroup_settle(&c->cgroup);
	if (e >= 0)
		e = restore_sysctls(r, err);
	return e < 0 ? e : restore_verify_surroundings(r, err);
}

static bool has_live_cgroup(const struct create *c)
{
	return c->has_cgroup && !cgroup_is_disabled(&c->cgroup);
}

static void signal_all(struct create *c, int signal)
{
	if (has_live_cgroup(c))
		(void)cgroup_kill(&c->cgroup, signal, NULL);
	else
		(void)pids_kill(c->rt->proc_fd, &c->state, signal, NULL);
}

/* All is restored, nothing runs yet; criu traces every process and is past the point where it could take a refusal: killed now, they
 * would wait for criu, and criu for them. Frozen, they do nothing when it lets them go. */
static void look_at_rights(struct restore *r)
{
	struct create *c = &r->create;

	if (restore_verify_rights(r, &r->refused) >= 0)
		return;
	r->is_refused = true;
	if (!has_live_cgroup(c) || cgroup_freeze(&c->cgroup, true, NULL) < 0)
		signal_all(c, SIGSTOP);
}

int restore_told(void *arg, const char *action, pid_t pid, int fd, struct err *err)
{
	struct restore *r = arg;

	if (strcmp(action, "orphan-pts-master") == 0)
		return take_master(r, fd, err);
	cleanup_close(&fd);
	if (strcmp(action, "setup-namespaces") == 0)
		return take_init(r, pid, err);
	if (strcmp(action, "post-restore") == 0)
		return look_at_surroundings(r, err);
	if (strcmp(action, "pre-resume") == 0)
		look_at_rights(r);
	return 0;
}

void restore_kill(void *ctx)
{
	struct restore *r = ctx;
	struct create *c = &r->create;
	struct pidref *init = &c->init;

	if (init->pid <= 0)
		return;
	create_return_devices(c);
	/* All of them before any of them is let go. */
	if (pidref_alive(init))
		signal_all(c, SIGKILL);
	pidref_kill(init, SIGKILL);
	if (r->is_refused && has_live_cgroup(c))
		(void)cgroup_freeze(&c->cgroup, false, NULL);
	pidref_wait_exit(init, 10000);
	/* Ours only in the foreground. */
	waitpid(init->pid, NULL, WNOHANG);
}
