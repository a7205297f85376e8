/* SPDX-License-Identifier: Apache-2.0 */
/* Running hooks on the host side. What the state document says at each kind is decided by the callers. */

#include "container/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "base/log.h"

static int open_stream(const char *path, const char *key, int *ret, struct err *err)
{
	int flags;

	if (!path)
		return 0;
	/* Not blocking: a fifo without a reader is an error, not a wait. */
	*ret = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	flags = *ret < 0 ? -1 : fcntl(*ret, F_GETFL);
	if (flags >= 0 && fcntl(*ret, F_SETFL, flags & ~O_NONBLOCK) == 0)
		return 0;
	err_pointer(err, "/annotations/%s", key);
	return err_sys(err, "open hook output `%s`", path);
}

int hook_output_open(const struct annotations *an, struct hook_output *ret, struct err *err)
{
	int r;

	*ret = (struct hook_output)HOOK_OUTPUT_INIT;
	r = open_stream(an->hooks_stdout, "run.oci.hooks.stdout", &ret->out_fd, err);
	if (r >= 0)
		r = open_stream(an->hooks_stderr, "run.oci.hooks.stderr", &ret->err_fd, err);
	if (r < 0)
		hook_output_done(ret);
	return r;
}

void hook_output_done(struct hook_output *o)
{
	cleanup_close(&o->out_fd);
	cleanup_close(&o->err_fd);
}

static int run_one(const struct hook_output *out, const char *kind, size_t i, const struct spec_hook *h, int cwd_fd,
		   const char *json, size_t len, struct err *err)
{
	struct child_spec c = {
		.path = h->path,
		.argv = h->args_len ? (char *const *)h->args : NULL,
		.envp = (char *const *)h->env,
		.input = json,
		.input_len = len,
		.cwd_fd = cwd_fd,
		.out_fd = out && out->out_fd >= 0 ? out->out_fd : STDERR_FILENO,
		.err_fd = out && out->err_fd >= 0 ? out->err_fd : STDERR_FILENO,
		.timeout_ms = h->timeout.set ? (int)h->timeout.value * 1000 : -1,
	};
	struct err inner = { 0 };
	int r = child_run(&c, &inner);

	return r == 0 ? 0 : child_hook_error(kind, i, h->path, (unsigned)h->timeout.value, r, &inner, err);
}

static int open_bundle(const char *bundle)
{
	/* A bundle may be gone when poststop hooks run: then they get the root directory. */
	int fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 ? fd : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int write_document(const struct hook_subject *s, struct buf *ret, struct err *err)
{
	int r = state_hook_document(s->state, s->status, s->pid, ret);

	return r < 0 ? err_code(err, r, "write the state document for hooks") : 0;
}

/* goes_on: a failure is a warning. */
static int run_all(const struct hook_subject *s, const char *kind, const struct spec_hook *hooks, size_t len,
		   bool goes_on, struct err *err)
{
	autoclose int cwd_fd = len ? open_bundle(s->state->bundle) : -EBADF;
	AUTO(buf_done) struct buf doc = { 0 };
	int r = len ? write_document(s, &doc, err) : 0;

	for (size_t i = 0; r >= 0 && i < len; i++) {
		struct err one = { 0 };

		r = run_one(s->output, kind, i, &hooks[i], cwd_fd, doc.data, doc.len, goes_on ? &one : err);
		if (r < 0 && goes_on) {
			log_warn("%s", one.text);
			r = 0;
		}
	}
	return r;
}

int hooks_run(const struct hook_subject *s, const char *kind, const struct spec_hook *hooks, size_t len,
	      struct err *err)
{
	return run_all(s, kind, hooks, len, false, err);
}

int hooks_run_all(const struct hook_subject *s, const char *kind, const struct spec_hook *hooks, size_t len,
		  struct err *err)
{
	return run_all(s, kind, hooks, len, true, err);
}
