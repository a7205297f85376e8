/* SPDX-License-Identifier: Apache-2.0 */
/* Cloning and executing masu-init, finding and ending it. The child runs few lines here, on a copy of our memory: no heap, no locks. */

#include "container/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/failpoint.h"
#include "base/fd.h"
#include "base/mutation.h"
#include "base/sys.h"
#include "wire/protocol.h"

/* Executing as an id that the new user namespace does not map would cost all capabilities, so the maps come first. */
static int wait_for_maps(const struct spawn *s, struct wire *w, struct err *err)
{
	int r = wire_say(w, WIRE_MAP_ME, NULL, 0, err);

	if (r >= 0)
		r = wire_hear(w, WIRE_MAPPED, NULL, 0, NULL, NULL, err);
	if (r < 0)
		return r;
	if (s->drop_groups && sys_setgroups(0, NULL) < 0 && errno != EPERM)
		return err_sys(err, "drop supplementary groups");
	if (sys_setresgid(0, 0, 0) < 0)
		return err_sys(err, "become gid 0 of the user namespace");
	if (sys_setresuid(0, 0, 0) < 0)
		return err_sys(err, "become uid 0 of the user namespace");
	return 0;
}

static int keep_open(const struct spawn *s, struct err *err)
{
	int r = fd_set_cloexec(s->plan_fd, false);

	if (r >= 0)
		r = fd_set_cloexec(s->sock_fd, false);
	for (size_t i = 0; r >= 0 && i < s->fds_len; i++)
		if (s->fds[i] >= 0)
			r = fd_set_cloexec(s->fds[i], false);
	for (int i = 0; r >= 0 && i < s->keep_from_3; i++)
		r = fd_set_cloexec(3 + i, false);
	return r < 0 ? err_code(err, r, "keep fds open for masu-init") : 0;
}

/* Nothing of the caller's; in builds for tests what their variables say. */
static char *const *environment(void)
{
#ifdef MASU_MUTATIONS
	static char *mutation[2];

	mutation[0] = mutation_environment();
	if (mutation[0])
		return mutation;
#endif
	return failpoint_environment();
}

static int become_init(const struct spawn *s, struct wire *w, struct err *err)
{
	char plan[16], sock[16], last[16];
	char *argv[] = { (char *)"masu-init", plan, sock, last, NULL };
	sigset_t none;
	int r = s->affinity ? affinity_place(0, s->affinity, err) : 0;

	if (r >= 0 && s->wait_for_maps)
		r = wait_for_maps(s, w, err);
	if (r >= 0)
		r = keep_open(s, err);
	if (r < 0)
		return r;
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return err_sys(err, "unblock signals");
	snprintf(plan, sizeof(plan), "%d", s->plan_fd);
	snprintf(sock, sizeof(sock), "%d", s->sock_fd);
	snprintf(last, sizeof(last), "%d", (int)w->last);
	sys_execveat(s->image_fd, "", argv, environment(), AT_EMPTY_PATH);
	return err_sys(err, "execute masu-init");
}

static void __attribute__((noreturn)) child(const struct spawn *s)
{
	struct wire w = { .sock = s->sock_fd };
	struct err err = { 0 };

	/* With it open here, the wait for the id maps would not notice masu's death. */
	close(s->peer_fd);
	become_init(s, &w, &err);
	snprintf(err.step, sizeof(err.step), "spawn");
	wire_report(&w, &err);
	_exit(1);
}

int spawn_init(const struct spawn *s, struct pidref *ret, struct err *err)
{
	int pidfd = -1;
	struct sys_clone_args args = {
		.flags = s->flags | SYS_CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid;

	if (s->cgroup_fd >= 0) {
		args.flags |= SYS_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)s->cgroup_fd;
	}
	pid = sys_clone3(&args);
	if (pid == 0)
		child(s);
	if (pid < 0) {
		int r = err_sys(err, "clone masu-init");

		if (r == -ENOSPC || r == -EUSERS)
			err_hint(err, "a limit in /proc/sys/user/max_*_namespaces is reached or 0");
		else if (r == -EPERM)
			err_hint(err, "namespaces need CAP_SYS_ADMIN or a user namespace");
		return r;
	}
	*ret = (struct pidref){ .pid = (pid_t)pid, .pidfd = pidfd };
	return 0;
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int spawn_find(struct wire *w, int proc_fd, struct pidref *stage, struct pidref *process, struct err *err)
{
	pid_t pid = 0;
	int r = wire_hear(w, WIRE_SPAWNED, NULL, 0, NULL, &pid, err);

	/* The kernel says who sent it; it is our child and not reaped, so the number cannot have been reused. */
	if (pid > 0 && pid != stage->pid)
		process->pid = pid;
	if (r < 0)
		return r;
	if (pid <= 0)
		return err_set(err, EPROTO, "find init: its process id is not visible here");
	r = pidref_open(proc_fd, pid, 0, process);
	/* Were it alive all the same, both would wait for the other's words. */
	if (r == -ESRCH)
		kill(pid, SIGKILL);
	if (r == -ESRCH && wire_last_words(w, err))
		return r;
	if (r < 0)
		return err_code(err, r, "open init");
	reap(stage->pid);
	stage->pid = 0;
	return 0;
}

/* It speaks first of all, and its death is the end of the socket, when the stage is dead already. 0: there is none. */
static pid_t hear_process(struct wire *w, pid_t stage)
{
	for (int resets = 0; w->sock >= 0 && resets < 2;) {
		size_t nfds = 0;
		struct frame f;
		pid_t pid = 0;
		int r = frame_recv(w->sock, &f, NULL, 0, &nfds, &pid);

		if (r >= 0 && pid > 0 && pid != stage)
			return pid;
		resets += r < 0;
	}
	return 0;
}

/* A child of ours that is not reaped: the number is its own. */
static void end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	reap(pid);
}

void spawn_kill(struct wire *w, struct pidref *spawned, struct pidref *process, bool stage)
{
	pid_t first = spawned->pid;

	end(first);
	if (stage && process->pid <= 0)
		process->pid = hear_process(w, first);
	cleanup_close(&w->sock);
	if (process->pid != first)
		end(process->pid);
	spawned->pid = process->pid = 0;
}
