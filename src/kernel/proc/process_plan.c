/* SPDX-License-Identifier: Apache-2.0 */
/* What the program gets, decided before anything is started. The environment is exactly process.env: no HOME, no TERM; only
 * what was asked for on the command line or comes from the service manager is added. */
#include "kernel/proc/process_plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mutation.h"
#include "kernel/proc/keyring.h"

#define ENV_EXTRA_MAX 4
#define FDS_MAX 65536u

/* ---- environment ---- */

struct extras {
	char *strings[ENV_EXTRA_MAX]; /* "NAME=VALUE", owned */
	size_t n;
	int error;
};

static void extras_done(struct extras *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->strings[i]);
	e->n = 0;
}

static void extras_add(struct extras *e, const char *name, const char *value)
{
	char *s;

	if (!value || e->error)
		return;
	if (asprintf(&s, "%s=%s", name, value) < 0)
		e->error = -ENOMEM;
	else
		e->strings[e->n++] = s;
}

static void extras_collect(struct extras *e, const struct process_inputs *in)
{
	char n[16];

	if (in->listen_fds) {
		snprintf(n, sizeof(n), "%u", in->listen_fds);
		extras_add(e, "LISTEN_FDS", n);
		extras_add(e, "LISTEN_FDNAMES", in->listen_fdnames);
	}
	extras_add(e, "NOTIFY_SOCKET", in->notify_socket);
}

static bool env_is_named(const char *s, const char *name, size_t len)
{
	return !strncmp(s, name, len) && s[len] == '=';
}

/* An extra takes the place of a string of the same name: two of them would be read as the first. */
static bool env_is_replaced(const char *s, const struct extras *e, bool listens)
{
	if (listens && env_is_named(s, "LISTEN_PID", strlen("LISTEN_PID")))
		return true;
	for (size_t i = 0; i < e->n; i++)
		if (env_is_named(s, e->strings[i], strcspn(e->strings[i], "=")))
			return true;
	return false;
}

static int plan_env(const struct process_inputs *in, struct buf *flat, struct process_plan *p, struct err *err)
{
	const struct spec_process *sp = in->process;
	AUTO(extras_done) struct extras extras = { 0 };
	autofree const char **v = NULL;
	size_t n = 0;

	extras_collect(&extras, in);
	v = extras.error ? NULL : calloc(sp->env_len + ENV_EXTRA_MAX, sizeof(*v));
	if (!v)
		return err_set(err, ENOMEM, "plan the environment: out of memory");
	for (size_t i = 0; i < sp->env_len; i++)
		if (!env_is_replaced(sp->env[i], &extras, in->listen_fds > 0))
			v[n++] = sp->env[i];
	for (size_t i = 0; i < extras.n; i++)
		v[n++] = extras.strings[i];
	p->env = flat_add_strv(flat, v, n);
	return 0;
}

/* ---- user ---- */

static int plan_user(const struct process_inputs *in, struct buf *flat, struct user_plan *p, struct err *err)
{
	const struct spec_user *u = in->process->user;
	autofree uint32_t *groups = NULL;

	p->setgroups_denied = in->setgroups_denied;
	p->keep_groups = in->keep_groups;
	if (!u)
		return 0; /* 0:0, as every peer reads it */
	if (!MUTATION(A27) && (u->uid.value >= UINT32_MAX || u->gid.value >= UINT32_MAX)) {
		err_pointer(err, "/process/user");
		return err_set(err, EINVAL, "plan the user: 4294967295 is no id");
	}
	p->uid = MUTATION(A5) ? mutation_passwd((uint32_t)u->uid.value) : (uint32_t)u->uid.value;
	p->gid = (uint32_t)u->gid.value;
	p->has_umask = u->umask.set;
	p->umask = u->umask.set ? (uint32_t)u->umask.value : 0;
	if (!u->additional_gids_len || in->keep_groups)
		return 0;
	if (in->setgroups_denied) {
		err_pointer(err, "/process/user/additionalGids");
		err_hint(
			err,
			"without privileges the kernel allows a group mapping only in exchange for setgroups; newgidmap gives both");
		return err_set(err, EPERM, "plan the supplementary groups: the user namespace forbids setgroups");
	}
	groups = calloc(u->additional_gids_len, sizeof(*groups));
	if (!groups)
		return err_set(err, ENOMEM, "plan the supplementary groups: out of memory");
	for (size_t i = 0; i < u->additional_gids_len; i++) {
		if (u->additional_gids[i] >= UINT32_MAX) {
			err_pointer(err, "/process/user/additionalGids/%zu", i);
			return err_set(err, EINVAL, "plan the supplementary groups: 4294967295 is no id");
		}
		groups[i] = (uint32_t)u->additional_gids[i];
	}
	p->groups = flat_add_arr(flat, groups, u->additional_gids_len, sizeof(*groups));
	return 0;
}

/* ---- limits, terminal ---- */

static int rlimit_error(struct err *err, size_t i, const char *why, uint32_t type)
{
	const char *name = rlimit_name(type);

	err_pointer(err, "/process/rlimits/%zu", i);
	return err_set(err, EINVAL, "plan resource limit `%s`: %s", name ? name : "?", why);
}

static int plan_rlimits(const struct spec_process *sp, struct buf *flat, struct rlimit_plan *p, struct err *err)
{
	struct rlimit_row rows[32];
	uint64_t seen = 0;

	if (sp->rlimits_len > ARRAY_SIZE(rows))
		return rlimit_error(err, ARRAY_SIZE(rows), "there are more entries than limits", UINT32_MAX);
	for (size_t i = 0; i < sp->rlimits_len; i++) {
		const struct spec_rlimit *l = &sp->rlimits[i];
		uint32_t type = (uint32_t)l->type.value;

		if (!rlimit_name(type))
			return rlimit_error(err, i, "the kernel has none of that name", type);
		if (seen >> type & 1)
			return rlimit_error(err, i, "it is there twice", type);
		if (l->soft.value > l->hard.value)
			return rlimit_error(err, i, "the soft limit is above the hard limit", type);
		seen |= UINT64_C(1) << type;
		rows[i] = (struct rlimit_row){
			.type = type, .index = (uint32_t)i, .soft = l->soft.value, .hard = l->hard.value
		};
	}
	p->rows = flat_add_arr(flat, rows, sp->rlimits_len, sizeof(rows[0]));
	return 0;
}

static int plan_terminal(const struct spec_process *sp, struct terminal_plan *p, struct err *err)
{
	const struct spec_console_size *size = sp->console_size;

	p->enabled = sp->terminal.set && sp->terminal.value;
	if (!p->enabled || !size)
		return 0; /* the size is to be ignored without a terminal */
	if (size->height.value > UINT16_MAX || size->width.value > UINT16_MAX) {
		err_pointer(err, "/process/consoleSize");
		return err_set(err, ERANGE, "plan the terminal: the kernel counts rows and columns up to 65535");
	}
	p->has_size = 1;
	p->height = (uint32_t)size->height.value;
	p->width = (uint32_t)size->width.value;
	return 0;
}

/* ---- the whole ---- */

static int plan_command(const struct spec_process *sp, struct buf *flat, struct process_plan *p, struct err *err)
{
	if (!sp->args_len) {
		err_pointer(err, "/process/args");
		return err_set(err, EINVAL, "plan the program: args is empty");
	}
	if (!sp->cwd || *sp->cwd != '/') {
		err_pointer(err, "/process/cwd");
		return err_set(err, EINVAL, "plan the working directory `%s`: not an absolute path",
			       sp->cwd ? sp->cwd : "");
	}
	p->args = flat_add_strv(flat, sp->args, sp->args_len);
	p->cwd = flat_add_str(flat, sp->cwd);
	return 0;
}

static int plan_extras(const struct process_inputs *in, struct buf *flat, struct process_plan *p, struct err *err)
{
	char name[1100];

	if (in->listen_fds > FDS_MAX || in->preserve_fds > FDS_MAX)
		return err_set(err, EINVAL, "plan the file descriptors: more than %u", FDS_MAX);
	p->listen_fds = in->listen_fds;
	p->pass_fds = in->listen_fds + in->preserve_fds;
	p->has_oom = in->process->oom_score_adj.set;
	p->oom_score_adj = p->has_oom ? (int32_t)in->process->oom_score_adj.value : 0;
	if (!in->keyring_id)
		return 0;
	if ((size_t)snprintf(name, sizeof(name), "_ses.%s", in->keyring_id) >= sizeof(name))
		return err_set(err, ENAMETOOLONG, "plan the session keyring: the id is too long");
	p->keyring = flat_add_str(flat, name);
	if (!in->keyring_exists)
		p->keyring_perm = in->own_userns ? KEYRING_OTHER_SEARCH : KEYRING_USER_SEARCH;
	return 0;
}

int process_plan_build(const struct process_inputs *in, struct buf *flat, struct process_plan *ret, struct err *err)
{
	struct process_plan p = { 0 };
	int r;

	if (!in->process) {
		err_pointer(err, "/process");
		return err_set(err, EINVAL, "plan the process: there is none");
	}
	r = plan_command(in->process, flat, &p, err);
	if (r >= 0)
		r = plan_env(in, flat, &p, err);
	if (r >= 0)
		r = plan_user(in, flat, &p.user, err);
	if (r >= 0)
		r = plan_rlimits(in->process, flat, &p.rlimits, err);
	if (r >= 0)
		r = plan_terminal(in->process, &p.terminal, err);
	if (r >= 0)
		r = plan_extras(in, flat, &p, err);
	if (r < 0)
		return r;
	if (flat->error)
		return err_code(err, flat->error, "plan the process");
	*ret = p;
	return 0;
}

/* ---- for people ---- */

static void print_strings(const struct flat *f, const char *what, struct flat_arr arr, struct buf *out)
{
	const struct flat_str *refs = flat_arr(f, arr, sizeof(*refs));

	for (size_t i = 0; refs && i < arr.count; i++) {
		const char *s = flat_str(f, refs[i]);

		buf_addf(out, "%s ", what);
		buf_add_visible(out, s ? s : "(damaged)");
		buf_adds(out, "\n");
	}
}

static void print_string(const struct flat *f, const char *what, struct flat_str ref, struct buf *out)
{
	const char *s = flat_str(f, ref);

	if (!s)
		return;
	buf_addf(out, "%s ", what);
	buf_add_visible(out, s);
	buf_adds(out, "\n");
}

static void print_limit(struct buf *out, uint64_t v)
{
	if (v == UINT64_MAX)
		buf_adds(out, " unlimited");
	else
		buf_addf(out, " %" PRIu64, v);
}

static void print_rlimits(const struct flat *f, const struct rlimit_plan *p, struct buf *out)
{
	const struct rlimit_row *rows = flat_arr(f, p->rows, sizeof(*rows));

	for (size_t i = 0; rows && i < p->rows.count; i++) {
		buf_addf(out, "rlimit %s", rlimit_name(rows[i].type));
		print_limit(out, rows[i].soft);
		print_limit(out, rows[i].hard);
		buf_adds(out, "\n");
	}
}

static void print_user(const struct flat *f, const struct user_plan *p, struct buf *out)
{
	const uint32_t *groups = flat_arr(f, p->groups, sizeof(*groups));

	buf_addf(out, "user %u:%u groups", p->uid, p->gid);
	for (size_t i = 0; groups && i < p->groups.count; i++)
		buf_addf(out, " %u", groups[i]);
	buf_adds(out, p->setgroups_denied || p->keep_groups ? " kept\n" : p->groups.count ? "\n" : " none\n");
	if (p->has_umask)
		buf_addf(out, "umask %04o\n", p->umask);
}

void process_plan_print(const struct flat *f, const struct process_plan *p, struct buf *out)
{
	print_strings(f, "arg", p->args, out);
	print_strings(f, "env", p->env, out);
	print_string(f, "cwd", p->cwd, out);
	print_user(f, &p->user, out);
	print_rlimits(f, &p->rlimits, out);
	if (p->terminal.enabled && p->terminal.has_size)
		buf_addf(out, "terminal %ux%u\n", p->terminal.width, p->terminal.height);
	else if (p->terminal.enabled)
		buf_adds(out, "terminal\n");
	if (p->pass_fds)
		buf_addf(out, "pass fds 3-%u, %u for socket activation\n", 2 + p->pass_fds, p->listen_fds);
	if (flat_str(f, p->keyring))
		buf_addf(out, "keyring %s permissions +%08x\n", flat_str(f, p->keyring), p->keyring_perm);
	if (p->has_oom)
		buf_addf(out, "oom_score_adj %d\n", p->oom_score_adj);
}
