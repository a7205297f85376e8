/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume: the freezer of the container's cgroup. */

#include <errno.h>

#include "base/cleanup.h"
#include "container/api.h"
#include "container/target.h"

/* A container that waits for its start is not paused: its start would wait for the resume, and the resume for the lock
 * that start holds. */
static int pause_container(struct target *t, struct err *err)
{
	if (t->status == STATUS_PAUSED)
		return err_set(err, EINVAL, "container paused: `%s`", t->state.id);
	if (t->status != STATUS_RUNNING)
		return err_set(err, EINVAL, "container not running: `%s` is %s", t->state.id, status_name(t->status));
	return cgroup_freeze(&t->cg, true, err);
}

/* Whatever its status: somebody else may have frozen it before its start. */
static int resume_container(struct target *t, struct err *err)
{
	int r = t->status == STATUS_STOPPED ? 0 : cgroup_is_frozen(&t->cg, err);

	if (r < 0)
		return r;
	/* A signal thaws it, without the lock. */
	if (r == 0 && t->status == STATUS_PAUSED)
		return err_set(err, EINVAL, "container not paused: `%s` was thawed meanwhile", t->state.id);
	if (r == 0)
		return err_set(err, EINVAL, "container not paused: `%s` is %s", t->state.id, status_name(t->status));
	return cgroup_freeze(&t->cg, false, err);
}

int masu_pause(struct masu_runtime *rt, const char *id, struct masu_error *error)
{
	AUTO(target_done) struct target t = TARGET_INIT;
	struct err err = { 0 };
	int r = target_open(rt, id, "pause", true, &t, &err);

	if (r >= 0)
		r = pause_container(&t, &err);
	return api_return(r, &err, error);
}

int masu_resume(struct masu_runtime *rt, const char *id, struct masu_error *error)
{
	AUTO(target_done) struct target t = TARGET_INIT;
	struct err err = { 0 };
	int r = target_open(rt, id, "resume", true, &t, &err);

	if (r >= 0)
		r = resume_container(&t, &err);
	return api_return(r, &err, error);
}
