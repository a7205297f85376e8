/* SPDX-License-Identifier: Apache-2.0 */
/* Running hooks on the host side. What the state document says at each kind is decided by the callers. */

#include "container/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

int hooks_run_to(const struct hook_output *out, const char *kind, const struct spec_hook *hooks, size_t len,
		 const char *bundle, const char *state_json, size_t state_len, struct err *err)
{
	autoclose int cwd_fd = len ? open_bundle(bundle) : -EBADF;

	for (size_t i = 0; i < len; i++) {
		int r = run_one(out, kind, i, &hooks[i], cwd_fd, state_json, state_len, err);

		if (r < 0)
			return r;
	}
	return 0;
}

void hooks_run_all(const struct hook_output *out, const char *kind, const struct spec_hook *hooks, size_t len,
		   const char *bundle, const char *state_json, size_t state_len)
{
	autoclose int cwd_fd = len ? open_bundle(bundle) : -EBADF;

	for (size_t i = 0; i < len; i++) {
		struct err err = { 0 };

		if (run_one(out, kind, i, &hooks[i], cwd_fd, state_json, state_len, &err) < 0)
			log_warn("%s", err.text);
	}
}
