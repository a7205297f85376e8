/* SPDX-License-Identifier: Apache-2.0 */
/* spec and plan: documents that are printed without touching a container. */

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "container/api.h"
#include "container/id.h"
#include "container/plan.h"
#include "kernel/ns/open.h"
#include "spec/template.h"

int masu_spec(int rootless, masu_write_fn *out, void *arg, struct masu_error *error)
{
	struct err err = { 0 };
	int r = spec_template_write(rootless, geteuid(), getegid(), out, arg);

	if (r < 0)
		err_code(&err, r, "write the template document");
	return api_return(r, &err, error);
}

int masu_plan(struct masu_runtime *rt, const char *id, const struct masu_create_options *o, int format, masu_write_fn *out, void *arg,
	      struct masu_error *error)
{
	AUTO(bundle_done) struct bundle bundle = { 0 };
	AUTO(create_plan_done) struct create_plan plan = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct plan_inputs in = { .rt = rt, .bundle = &bundle, .id = id, .options = o, .seccomp_cache_fd = -1, .created = "" };
	struct err err = { 0 };
	int r = id_check(id, &err);

	if (r >= 0 && format != MASU_PLAN_TEXT)
		r = err_set(&err, EINVAL, "print the plan: unknown format %d", format);
	if (r >= 0)
		r = bundle_load(o->bundle, o->config, &bundle, &err);
	if (r < 0)
		return api_return(r, &err, error);
	in.host_kinds = ns_host_kinds(bundle.config);
	r = plan_build(&in, &plan, &err);
	if (r < 0)
		return api_return(r, &err, error);
	plan_print(&plan, &text);
	r = text.error ? text.error : out(arg, text.data, text.len);
	if (r < 0)
		err_code(&err, r, "write the plan");
	return api_return(r, &err, error);
}
