/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of create that concern the host: the document, the container's directory, files for init, the cgroup, the state. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "container/console.h"
#include "container/create.h"
#include "container/descriptors.h"
#include "container/dir.h"
#include "container/id.h"
#include "container/image.h"
#include "container/notify.h"
#include "container/publish.h"
#include "kernel/ns/open.h"
#include "kernel/security/lsm_plan.h"

#define SECCOMP_CACHE_DIR ".seccomp-cache"

int create_load(void *ctx, struct err *err)
{
	struct create *c = ctx;
	int r = id_check(c->id, err);

	if (r < 0)
		return r;
	r = bundle_load(c->options->bundle, c->options->config, &c->bundle, err);
	if (r >= 0)
		r = bundle_annotate(&c->bundle, c->rt->allowed, err);
	if (r < 0)
		return r;
	r = path_clean(c->bundle.path, c->bundle.config->root->path, c->rootfs, sizeof(c->rootfs));
	return r < 0 ? err_code(err, r, "use root `%s`", c->bundle.config->root->path) : 0;
}

static int open_cache(struct create *c)
{
	int fd;

	if (!c->bundle.config->lnx || !c->bundle.config->lnx->seccomp || runtime_open_root(c->rt, true, NULL) < 0)
		return -EBADF;
	if (mkdirat(c->rt->root_fd, SECCOMP_CACHE_DIR, 0700) < 0 && errno != EEXIST)
		return -EBADF;
	fd = openat(c->rt->root_fd, SECCOMP_CACHE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -EBADF : fd;
}

int create_plan(void *ctx, struct err *err)
{
	struct create *c = ctx;
	autoclose int cache_fd = open_cache(c);
	char user_cgroup[CGROUP_PATH_MAX];
	struct plan_inputs in = {
		.rt = c->rt,
		.bundle = &c->bundle,
		.id = c->id,
		.options = c->options,
		.seccomp_cache_fd = cache_fd,
		.created = c->created,
	};
	int r;

	r = lsm_check_host("", c->bundle.config->process, c->bundle.config->lnx, err);
	if (r < 0)
		return r;
	in.host_kinds = c->host_kinds = ns_host_kinds(c->bundle.config);
	if (create_has_net_devices(c) && in.host_kinds >> SPEC_NS_NETWORK & 1) {
		err_pointer(err, "/linux/netDevices");
		return err_set(err, EINVAL, "plan the network devices: the container has the host's network namespace");
	}
	state_timestamp(c->created, sizeof(c->created));
	if (plan_needs_user_cgroup(&in)) {
		r = create_find_user_cgroup(user_cgroup, sizeof(user_cgroup), err);
		if (r < 0)
			return r;
		in.user_cgroup = user_cgroup;
	}
	r = plan_build(&in, &c->plan, err);
	if (r < 0)
		return r;
	plan_state(&in, &c->state);
	c->state.rootfs = c->rootfs;
	c->state.has_listener = c->plan.plan.seccomp.notify;
	return 0;
}

int create_check_console(void *ctx, struct err *err)
{
	struct create *c = ctx;

	return console_check(&c->plan.plan.process.terminal, c->options->console_socket, c->foreground, err);
}

int create_claim(void *ctx, struct err *err)
{
	struct create *c = ctx;

	return runtime_explain_root(c->rt, dir_claim(c->rt, c->id, &c->dir_fd, err), err);
}

void create_unclaim(void *ctx)
{
	struct create *c = ctx;
	struct err err = { 0 };

	/* Its journal is all that still knows of the rest. */
	if (!c->stays && dir_remove(c->rt, c->id, &err) < 0)
		log_warn("undo: %s", err.text);
}

/* Later edits of the bundle do not reach the container: start, exec and delete read this copy. */
int create_snapshot(void *ctx, struct err *err)
{
	struct create *c = ctx;
	autoclose int fd = -EBADF;
	int r = journal_create(c->dir_fd, &c->journal, err);

	if (r >= 0)
		r = journal_add(&c->journal, "bundle", c->bundle.path, err);
	if (r < 0)
		return runtime_explain_root(c->rt, r, err);
	fd = openat(c->dir_fd, DIR_CONFIG, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	r = fd < 0 ? -errno : io_write_full(fd, c->bundle.json.data, c->bundle.json.len);
	return r < 0 ? runtime_explain_root(c->rt, err_code(err, r, "copy the document"), err) : 0;
}

int create_notify_dir(void *ctx, struct err *err)
{
	struct create *c = ctx;

	return notify_make_dir(c->dir_fd, err);
}

/* Opened read-write: neither end waits for the other, and the name can be unlinked without anybody being stuck. */
static int make_fifo(struct create *c, const char *name, int *ret, struct err *err)
{
	if (mkfifoat(c->dir_fd, name, 0600) < 0)
		return runtime_explain_root(c->rt, err_sys(err, "make fifo `%s`", name), err);
	*ret = openat(c->dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return *ret < 0 ? err_sys(err, "open fifo `%s`", name) : 0;
}

/* A process that waits for its listener to be taken sees by its end of the fifo that nobody reads any more: so it is no reader itself. */
static int only_write(struct create *c, const char *name, int *fd, struct err *err)
{
	int writer = openat(c->dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (writer < 0)
		return err_sys(err, "open %s", name);
	close(*fd);
	*fd = writer;
	return 0;
}

/* All descriptors have their numbers now. */
int create_write_plan(void *ctx, struct err *err)
{
	struct create *c = ctx;
	int r;

	if (c->has_cgroup) {
		r = cgroup_open_tasks(&c->cgroup, cgroup_dir_fd(&c->cgroup) >= 0, c->tasks, PLAN_TASKS_MAX,
				      &c->tasks_len, err);
		if (r < 0)
			return r;
	}
	c->plan.plan.tasks_len = (uint32_t)c->tasks_len;
	for (size_t i = 0; i < c->tasks_len; i++)
		c->plan.plan.tasks[i] = c->tasks[i];
	c->plan.plan.gate_fd = c->gate_fd;
	c->plan.plan.result_fd = c->result_fd;
	c->plan.plan.console_fd = c->console_fd;
	c->plan.plan.hook_out_fd = c->hook_output.out_fd;
	c->plan.plan.hook_err_fd = c->hook_output.err_fd;
	c->plan.plan.listener_fd = c->plan.plan.seccomp.notify ? c->result_fd : -1;
	return plan_write(&c->plan.plan, &c->plan.flat, &c->plan_fd, err);
}

int create_open_files(void *ctx, struct err *err)
{
	struct create *c = ctx;
	int fds[2], r = console_open(&c->plan.plan.process.terminal, c->options->console_socket, &c->console_fd,
				     &c->console_here, err);

	if (r >= 0)
		r = ns_open_joins(c->bundle.config, &c->plan.plan.ns, c->host_kinds, err);
	if (r >= 0)
		r = make_fifo(c, DIR_START_FIFO, &c->gate_fd, err);
	if (r >= 0)
		r = make_fifo(c, DIR_RESULT_FIFO, &c->result_fd, err);
	if (r >= 0 && c->bundle.config->hooks)
		r = hook_output_open(&c->bundle.annotations, &c->hook_output, err);
	if (r >= 0 && c->plan.plan.seccomp.notify)
		r = only_write(c, DIR_RESULT_FIFO, &c->result_fd, err);
	if (r >= 0)
		r = c->image_fd = image_open(err);
	if (r < 0)
		return r;
	r = frame_pair(fds);
	if (r < 0)
		return err_code(err, r, "make socket pair for masu-init");
	c->wire = (struct wire){ .sock = fds[0] };
	c->init_sock = fds[1];
	return 0;
}

/* In the journal before it exists, as with the cgroup; what exists already is not ours to remove. */
int create_rdt(void *ctx, struct err *err)
{
	struct create *c = ctx;
	const struct spec_intel_rdt *spec = c->bundle.config->lnx->intel_rdt;
	char root[PATH_MAX];
	int r = rdt_find(c->rt->proc_fd, root, err);

	if (r >= 0)
		r = rdt_probe(root, spec, c->id, &c->rdt, err);
	if (r >= 0 && c->rdt.made_group && c->rdt.own_group)
		r = journal_add(&c->journal, "rdt-group", c->rdt.group, err);
	if (r >= 0 && c->rdt.made_monitor)
		r = journal_add(&c->journal, "rdt-monitor", c->rdt.monitor, err);
	return r < 0 ? r : rdt_make(root, spec, &c->rdt, err);
}

void create_undo_rdt(void *ctx)
{
	struct create *c = ctx;

	rdt_undo(&c->rdt);
}

int create_save_state(void *ctx, struct err *err)
{
	struct create *c = ctx;

	c->state.pid = c->init.pid;
	c->state.start_time = c->init.start_time;
	c->state.cgroup = c->has_cgroup ? c->cgroup_record : NULL;
	c->state.rdt_group = c->rdt.group[0] ? c->rdt.group : NULL;
	c->state.rdt_monitor = c->rdt.monitor[0] ? c->rdt.monitor : NULL;
	c->state.rdt_own = c->rdt.own_group && c->rdt.made_group;
	if (descriptors_look(c->rt->proc_fd, c->init.pid, &c->arena, c->state.descriptors, err) < 0)
		return -ENOMEM;
	return runtime_explain_root(c->rt, state_save(c->dir_fd, &c->state, err), err);
}

void create_unsave_state(void *ctx)
{
	struct create *c = ctx;

	unlinkat(c->dir_fd, DIR_STATE, 0);
}

int create_publish(void *ctx, struct err *err)
{
	struct create *c = ctx;

	int r = container_publish(NULL, c->bundle.annotations.pidfd_receiver, "standard", &c->init, err);

	return r < 0 ? r : container_publish(c->options->pid_file, c->options->pidfd_socket, "standard", &c->init, err);
}

void create_unpublish(void *ctx)
{
	struct create *c = ctx;

	if (c->options->pid_file && *c->options->pid_file)
		unlink(c->options->pid_file);
}
