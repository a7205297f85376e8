/* SPDX-License-Identifier: Apache-2.0 */
/* mounts add and remove: the host side decides and opens what is to be mounted, masu-init attaches it in the container's mount
 * namespace. What is added lasts as long as that namespace; the container's copy of its document does not change. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/pidref.h"
#include "base/story.h"
#include "base/sys.h"
#include "container/api.h"
#include "container/dir.h"
#include "container/image.h"
#include "container/plan.h"
#include "container/snapshot.h"
#include "container/spawn.h"
#include "container/state.h"
#include "container/target.h"
#include "kernel/mount/plan.h"
#include "kernel/mount/source.h"
#include "kernel/ns/open.h"
#include "kernel/ns/plan.h"
#include "spec/decode.h"
#include "spec/version.h"
#include "wire/plan.h"
#include "wire/protocol.h"
#include "json/read.h"

struct mounts {
	struct masu_runtime *rt;
	const char *id, *json;
	size_t json_len;
	bool add;

	struct arena arena;
	struct snapshot snap;
	struct state state;
	const struct spec_config *list; /* a document that has nothing but the mounts */
	int dir_fd, user_fd, root_fd, image_fd, plan_fd, init_sock;
	struct pidref init; /* the container's */
	struct plan plan;
	struct buf flat;
	int sources[MOUNT_LIVE_MAX];
	size_t sources_len;
	struct wire wire;
	struct pidref child;
};

static int load(void *ctx, struct err *err)
{
	struct mounts *m = ctx;
	enum status status;
	int r = target_load(m->rt, m->id, "change mounts of", true, &m->dir_fd, &m->arena, &m->state, err);

	if (r >= 0)
		r = state_status(m->rt, m->dir_fd, &m->state, &status, err);
	if (r >= 0 && status == STATUS_STOPPED)
		r = err_set(err, ESRCH, "container not running: `%s`", m->id);
	if (r >= 0)
		r = snapshot_load(m->dir_fd, &m->snap, err);
	if (r >= 0 && !spec_find_namespace(m->snap.config->lnx, SPEC_NS_MOUNT))
		r = err_set(err, EINVAL, "change mounts of container `%s`: it has the host's mount namespace", m->id);
	if (r < 0)
		return r;
	r = pidref_open(m->rt->proc_fd, m->state.pid, m->state.start_time, &m->init);
	return r < 0 ? err_code(err, r, "container not running: `%s`", m->id) : 0;
}

/* As the mounts of a document, so that the same decoder and the same rules apply; what needs a user namespace, the planner knows. */
static int read_list(void *ctx, struct err *err)
{
	static const char head[] =
		"{\"ociVersion\":\"" SPEC_VERSION "\",\"root\":{\"path\":\"/\"},"
		"\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\",\"path\":\"/\"}]},\"mounts\":";
	struct mounts *m = ctx;
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(jr_free) struct jr_doc *doc = NULL;
	int r;

	buf_adds(&text, head);
	buf_add(&text, m->json, m->json_len);
	buf_adds(&text, "}");
	if (text.error)
		return err_code(err, text.error, "read the list of mounts");
	r = jr_parse("list of mounts", text.data, text.len, &doc, err);
	/* Exactly the four of head: the list closed nothing and added nothing. */
	if (r >= 0 && (jr_members(jr_root(doc)) != 4 || !jr_get(jr_root(doc), "mounts") ||
		       jr_type_of(jr_get(jr_root(doc), "mounts")) != JR_ARRAY))
		r = err_set(err, EINVAL, "list of mounts: expected an array");
	if (r >= 0)
		r = spec_decode_config("list of mounts", text.data, text.len, &m->arena, &m->list, err);
	if (r >= 0 && (m->list->mounts_len == 0 || m->list->mounts_len > MOUNT_LIVE_MAX))
		r = err_set(err, EINVAL, "list of mounts: %zu mounts, expected 1 to %d", m->list->mounts_len,
			    MOUNT_LIVE_MAX);
	return r;
}

static int find_user_ns(struct mounts *m, struct err *err)
{
	autoclose int own_fd = ns_open_user_of(m->rt->proc_fd, getpid(), err);
	struct stat own, theirs;

	m->user_fd = own_fd < 0 ? own_fd : ns_open_user_of(m->rt->proc_fd, m->init.pid, err);
	if (m->user_fd < 0)
		return m->user_fd;
	if (fstat(own_fd, &own) < 0 || fstat(m->user_fd, &theirs) < 0)
		return err_sys(err, "look at the user namespace of container `%s`", m->id);
	m->plan.ns.user = own.st_ino != theirs.st_ino;
	return 0;
}

static int plan_namespaces(struct mounts *m, struct err *err)
{
	struct ns_plan *p = &m->plan.ns;
	uint32_t flags = SYS_CLONE_NEWNS;
	int r = find_user_ns(m, err);

	if (r < 0)
		return r;
	/* Message queues are those of the namespace in which they are mounted. */
	if (spec_find_namespace(m->snap.config->lnx, SPEC_NS_IPC))
		flags |= SYS_CLONE_NEWIPC;
	if (p->user)
		flags |= SYS_CLONE_NEWUSER;
	p->listed = flags;
	p->joins[p->joins_len++] = (struct ns_join){ .fd = m->init.pidfd, .clone_flag = flags };
	return 0;
}

static int plan(void *ctx, struct err *err)
{
	struct mounts *m = ctx;
	struct spec_config config = *m->snap.config;
	struct mount_inputs in = {
		.config = &config,
		.bundle = m->state.bundle,
		.mount_ns = MOUNT_NS_JOINED,
		.nested = m->rt->nested,
		.host_can_open_sources = true,
		.live = true,
	};
	int r;

	config.mounts = m->list->mounts;
	config.mounts_len = m->list->mounts_len;
	m->plan = (struct plan)PLAN_EMPTY(PLAN_MOUNTS);
	buf_add(&m->flat, &m->plan, sizeof(m->plan));
	r = plan_namespaces(m, err);
	in.user_ns = m->plan.ns.user;
	if (r >= 0)
		r = m->add ? mount_plan_build(&in, &m->flat, &m->plan.mount, err)
			   : mount_plan_remove(&in, &m->flat, &m->plan.mount, err);
	return r;
}

static int open_files(void *ctx, struct err *err)
{
	struct mounts *m = ctx;
	int fds[2], r = m->root_fd = pidref_open_root(m->rt->proc_fd, &m->init);

	if (r == -ESRCH)
		return err_set(err, ESRCH, "container not running: `%s`", m->id);
	r = r < 0 ? err_code(err, r, "open root of container `%s`", m->id) : (m->image_fd = image_open(err));
	if (r < 0)
		return r;
	r = frame_pair(fds);
	if (r < 0)
		return err_code(err, r, "make socket pair for masu-init");
	m->wire.sock = fds[0];
	m->init_sock = fds[1];
	return 0;
}

static int open_sources(void *ctx, struct err *err)
{
	struct mounts *m = ctx;
	struct flat f = { .base = m->flat.data, .len = m->flat.len };

	return mount_source_open_all(&f, &m->plan.mount, m->rt->proc_fd, m->user_fd, m->sources, MOUNT_LIVE_MAX,
				     &m->sources_len, err);
}

static int write_plan(void *ctx, struct err *err)
{
	struct mounts *m = ctx;

	m->plan.root_fd = m->root_fd;
	return plan_write(&m->plan, &m->flat, &m->plan_fd, err);
}

static int spawn(void *ctx, struct err *err)
{
	struct mounts *m = ctx;
	int fds[] = { m->root_fd, m->init.pidfd };
	struct spawn s = {
		.cgroup_fd = -1,
		.image_fd = m->image_fd,
		.plan_fd = m->plan_fd,
		.sock_fd = m->init_sock,
		.peer_fd = m->wire.sock,
		.fds = fds,
		.fds_len = ARRAY_SIZE(fds),
	};
	int r = spawn_init(&s, &m->child, err);

	cleanup_close(&m->init_sock);
	return r;
}

static void reap(struct mounts *m)
{
	while (m->child.pid > 0 && waitpid(m->child.pid, NULL, 0) < 0 && errno == EINTR)
		;
	m->child.pid = 0;
}

/* It undoes what it has begun when it loses us. */
static void dismiss(void *ctx)
{
	struct mounts *m = ctx;

	cleanup_close(&m->wire.sock);
	reap(m);
}

static int attach(void *ctx, struct err *err)
{
	struct mounts *m = ctx;
	int r = wire_hear(&m->wire, WIRE_SPAWNED, NULL, 0, NULL, NULL, err);

	for (size_t sent = 0; r >= 0 && sent < m->sources_len;) {
		size_t part = m->sources_len - sent < FRAME_FDS_MAX ? m->sources_len - sent : FRAME_FDS_MAX;

		r = wire_say(&m->wire, WIRE_SOURCES, m->sources + sent, part, err);
		sent += part;
	}
	if (r >= 0)
		r = wire_hear(&m->wire, WIRE_ROOTFS_READY, NULL, 0, NULL, NULL, err);
	if (r >= 0)
		r = wire_hear_end(&m->wire, err);
	reap(m);
	return r;
}

static const struct step steps[] = {
	/* name         act           undo     when */
	{ "load", load, NULL, NULL },
	{ "read list", read_list, NULL, NULL },
	{ "plan", plan, NULL, NULL },
	{ "open files", open_files, NULL, NULL },
	{ "open sources", open_sources, NULL, NULL },
	{ "write plan", write_plan, NULL, NULL },
	{ "spawn", spawn, dismiss, NULL },
	{ "attach", attach, NULL, NULL },
};

static void mounts_done(struct mounts *m)
{
	int *const fds[] = { &m->dir_fd,  &m->user_fd,   &m->root_fd,  &m->image_fd,
			     &m->plan_fd, &m->init_sock, &m->wire.sock };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		cleanup_close(fds[i]);
	while (m->sources_len > 0)
		cleanup_close(&m->sources[--m->sources_len]);
	pidref_done(&m->init);
	pidref_done(&m->child);
	buf_done(&m->flat);
	snapshot_done(&m->snap);
	arena_done(&m->arena);
}

static int mounts_change(struct masu_runtime *rt, const char *id, bool add, const char *json, size_t len,
			 struct masu_error *error)
{
	static const struct story story = { "mounts", steps, ARRAY_SIZE(steps) };
	AUTO(mounts_done) struct mounts m = {
		.rt = rt,
		.id = id,
		.json = json,
		.json_len = len,
		.add = add,
		.dir_fd = -EBADF,
		.user_fd = -EBADF,
		.root_fd = -EBADF,
		.image_fd = -EBADF,
		.plan_fd = -EBADF,
		.init_sock = -EBADF,
		.wire = { .sock = -EBADF },
		.init = PIDREF_INIT,
		.child = PIDREF_INIT,
	};
	struct err err = { 0 };
	int r = runtime_proc(rt, &err);

	if (r >= 0)
		r = story_run(&story, &m, &err);
	return api_return(r, &err, error);
}

int masu_mounts_add(struct masu_runtime *rt, const char *id, const char *mounts_json, size_t len,
		    struct masu_error *error)
{
	return mounts_change(rt, id, true, mounts_json, len, error);
}

int masu_mounts_remove(struct masu_runtime *rt, const char *id, const char *mounts_json, size_t len,
		       struct masu_error *error)
{
	return mounts_change(rt, id, false, mounts_json, len, error);
}
