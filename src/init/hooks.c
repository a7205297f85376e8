/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of the container namespace: createContainer (the old root still visible) and startContainer (in the container's root).
 * They see the process id as it is inside. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/cleanup.h"
#include "init/init.h"

static char **strings(struct init *in, struct flat_arr a, const char *first)
{
	const struct flat_str *s = flat_arr(&in->flat, a, sizeof(*s));
	size_t n = s ? a.count : 0;
	char **v = arena_new(&in->arena, char *, n + 2);

	if (!v)
		return NULL;
	if (n == 0 && first)
		v[0] = (char *)first;
	for (size_t i = 0; i < n; i++) {
		v[i] = (char *)flat_str(&in->flat, s[i]);
		if (!v[i])
			return NULL;
	}
	return v;
}

static char *state_document(struct init *in, const struct hook_state *state)
{
	const char *head = flat_str(&in->flat, state->head), *tail = flat_str(&in->flat, state->tail);

	return head && tail ? arena_printf(&in->arena, "%s%d%s", head, getpid(), tail) : NULL;
}

static int run_one(struct init *in, const char *kind, const struct hook_rec *h, int cwd_fd, const char *json,
		   struct err *err)
{
	const struct plan *p = in->plan;
	struct child_spec c = {
		.cwd_fd = cwd_fd,
		.out_fd = p->hook_out_fd >= 0 ? p->hook_out_fd : STDERR_FILENO,
		.err_fd = p->hook_err_fd >= 0 ? p->hook_err_fd : STDERR_FILENO,
		.timeout_ms = -1,
	};
	struct err inner = { 0 };
	int r;

	c.path = flat_str(&in->flat, h->path);
	if (!c.path)
		return err_set(err, EPROTO, "run %s hook: damaged plan", kind);
	c.argv = strings(in, h->argv, c.path);
	c.envp = strings(in, h->envp, NULL);
	if (!c.argv || !c.envp)
		return err_set(err, ENOMEM, "run %s hook `%s`", kind, c.path);
	c.input = json;
	c.input_len = strlen(json);
	if (h->timeout)
		c.timeout_ms = (int)h->timeout * 1000;
	r = child_run(&c, &inner);
	return r == 0 ? 0 : child_hook_error(kind, h->index, c.path, h->timeout, r, &inner, err);
}

int init_hooks_run(struct init *in, const char *kind, struct flat_arr hooks, const struct hook_state *state,
		   struct err *err)
{
	const struct hook_rec *h = flat_arr(&in->flat, hooks, sizeof(*h));
	autoclose int cwd_fd = -1;
	const char *json;

	if (!h || hooks.count == 0)
		return 0;
	/* not the caller's directory, which before the pivot is still ours */
	cwd_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cwd_fd < 0)
		return err_sys(err, "run %s hooks: open `/`", kind);
	json = state_document(in, state);
	if (!json)
		return err_set(err, ENOMEM, "run %s hooks: build the state document", kind);
	for (uint32_t i = 0; i < hooks.count; i++) {
		int r = run_one(in, kind, &h[i], cwd_fd, json, err);

		if (r < 0)
			return r;
	}
	return 0;
}
