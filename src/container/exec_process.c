/* SPDX-License-Identifier: Apache-2.0 */
/* Overriding members of a process document (pure). */

#include "container/exec_process.h"

#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "spec/decode.h"

static size_t count(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

static int no_memory(struct err *err)
{
	return err_set(err, ENOMEM, "build the process document");
}

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n) == 0 && b[n] == '=' && a[n] == '=';
}

static int merge_env(struct spec_process *p, char *const *add, struct arena *a, struct err *err)
{
	size_t n = p->env_len, extra = count(add);
	const char **v;

	if (!extra)
		return 0;
	v = arena_new(a, const char *, n + extra + 1);
	if (!v)
		return no_memory(err);
	for (size_t i = 0; i < n; i++)
		v[i] = p->env[i];
	for (size_t k = 0; k < extra; k++) {
		size_t at = 0;

		if (!strchr(add[k], '='))
			return err_set(err, EINVAL, "set environment `%s`: expected NAME=VALUE", add[k]);
		while (at < n && !same_name(add[k], v[at]))
			at++;
		v[at] = add[k];
		n += at == n;
	}
	p->env = v;
	p->env_len = n;
	p->env_set = true;
	return 0;
}

static int set_args(struct spec_process *p, char *const *args, struct arena *a, struct err *err)
{
	size_t n = count(args);
	const char **v;

	if (!n)
		return 0;
	v = arena_new(a, const char *, n + 1);
	if (!v)
		return no_memory(err);
	for (size_t i = 0; i < n; i++)
		v[i] = args[i];
	p->args = v;
	p->args_len = n;
	p->args_set = true;
	return 0;
}

static struct spec_user *own_user(struct spec_process *p, struct arena *a)
{
	struct spec_user *u = arena_new(a, struct spec_user, 1);

	if (u && p->user)
		*u = *p->user;
	if (u && !p->user)
		u->uid = u->gid = (struct opt_u64){ .set = true };
	p->user = u;
	return u;
}

static int set_user(struct spec_process *p, const char *text, struct arena *a, struct err *err)
{
	struct spec_user *u = own_user(p, a);
	const char *colon = strchr(text, ':');
	char *uid_text = arena_strndup(a, text, colon ? (size_t)(colon - text) : strlen(text));
	uint32_t uid, gid = 0;

	if (!u || !uid_text)
		return no_memory(err);
	if (parse_id(uid_text, &uid) < 0 || (colon && parse_id(colon + 1, &gid) < 0))
		return err_set(err, EINVAL, "use user `%s`: expected UID[:GID] as numbers", text);
	u->uid.value = uid;
	if (colon)
		u->gid.value = gid;
	return 0;
}

static int set_groups(struct spec_process *p, const uint32_t *gids, size_t n, struct arena *a, struct err *err)
{
	struct spec_user *u = n ? own_user(p, a) : NULL;
	uint64_t *v;

	if (!n)
		return 0;
	v = arena_new(a, uint64_t, n);
	if (!u || !v)
		return no_memory(err);
	for (size_t i = 0; i < n; i++)
		v[i] = gids[i];
	u->additional_gids = v;
	u->additional_gids_len = n;
	u->additional_gids_set = true;
	return 0;
}

static int append(const char *const **v, size_t *len, char *const *add, size_t n, struct arena *a)
{
	const char **all = arena_new(a, const char *, *len + n + 1);

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < *len; i++)
		all[i] = (*v)[i];
	for (size_t i = 0; i < n; i++)
		all[*len + i] = add[i];
	*v = all;
	*len += n;
	return 0;
}

/* As runc: into bounding, permitted and effective; into ambient only when the process has an inheritable set, for an ambient
 * capability would reach every program of any user (CVE-2022-29162). */
static int add_caps(struct spec_process *p, char *const *caps, struct arena *a, struct err *err)
{
	size_t n = count(caps);
	struct spec_capabilities *c;

	if (!n)
		return 0;
	c = arena_new(a, struct spec_capabilities, 1);
	if (!c)
		return no_memory(err);
	if (p->capabilities)
		*c = *p->capabilities;
	if (append(&c->bounding, &c->bounding_len, caps, n, a) < 0 ||
	    append(&c->permitted, &c->permitted_len, caps, n, a) < 0 ||
	    append(&c->effective, &c->effective_len, caps, n, a) < 0)
		return no_memory(err);
	if (c->inheritable_len && append(&c->ambient, &c->ambient_len, caps, n, a) < 0)
		return no_memory(err);
	p->capabilities = c;
	return 0;
}

static int start_from(const struct spec_process *base, const struct masu_exec_options *o, struct arena *a,
		      struct spec_process *ret, struct err *err)
{
	const struct spec_process *p;
	int r;

	if (o->process_json) {
		r = spec_decode_process("process.json", o->process_json, o->process_json_len, a, &p, err);
		if (r < 0)
			return r;
		*ret = *p;
		return 0;
	}
	*ret = base ? *base : (struct spec_process){ .cwd = "/" };
	/* A further process has a terminal only when it is asked for; the container's size belongs to the container's. */
	ret->terminal = (struct opt_bool){ 0 };
	ret->console_size = NULL;
	return 0;
}

int exec_process_build(const struct spec_process *base, const struct masu_exec_options *o, struct arena *a,
		       const struct spec_process **ret, struct err *err)
{
	struct spec_process *p = arena_new(a, struct spec_process, 1);
	int r = p ? start_from(base, o, a, p, err) : no_memory(err);

	if (r >= 0)
		r = set_args(p, o->args, a, err);
	if (r >= 0)
		r = merge_env(p, o->env, a, err);
	if (r >= 0 && o->user)
		r = set_user(p, o->user, a, err);
	if (r >= 0)
		r = set_groups(p, o->additional_gids, o->additional_gids_len, a, err);
	if (r >= 0)
		r = add_caps(p, o->cap, a, err);
	if (r < 0)
		return r;
	if (o->cwd)
		p->cwd = o->cwd;
	if (o->cwd && o->cwd[0] != '/')
		return err_set(err, EINVAL, "use working directory `%s`: not absolute", o->cwd);
	if (o->tty)
		p->terminal = (struct opt_bool){ .set = true, .value = true };
	if (o->no_new_privs)
		p->no_new_privileges = (struct opt_bool){ .set = true, .value = true };
	if (o->apparmor)
		p->apparmor_profile = o->apparmor;
	if (o->process_label)
		p->selinux_label = o->process_label;
	if (!p->args_len)
		return err_set(err, EINVAL, "execute in the container: no command given");
	*ret = p;
	return 0;
}
