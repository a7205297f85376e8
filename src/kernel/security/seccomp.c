/* SPDX-License-Identifier: Apache-2.0 */
/* A profile to a classic BPF program, by libseccomp (this file is the only one that includes it) and a prologue of our own.
 * Nothing is installed here. */
#include "kernel/security/seccomp.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sys.h"
#include "kernel/security/seccomp_cache.h"
#include "kernel/security/seccomp_enosys.h"
#include "kernel/security/seccomp_flags.h"

#ifndef MASU_VERSION
#define MASU_VERSION "unversioned"
#endif
#define COMPILER_FORM 1 /* raise it when the same profile compiles to another program */

#define POINTER "/linux/seccomp"
#define ARCHS_MAX 24
#define KERNEL_MAX_ERRNO 4095 /* the kernel lowers what is above it */

struct compile {
	const struct spec_seccomp *s;
	scmp_filter_ctx ctx;
	uint32_t default_action;
	uint32_t archs[ARCHS_MAX]; /* libseccomp tokens, the native one first */
	size_t archs_len;
	uint32_t named[1024]; /* by native number: 1 + the entry that names it without conditions */
};

static void compile_done(struct compile *c)
{
	if (c->ctx)
		seccomp_release(c->ctx);
	c->ctx = NULL;
}

/* ---- actions ---- */

static int action_value(int64_t action, struct opt_u64 errno_ret, uint32_t *ret, struct err *err)
{
	uint32_t data = errno_ret.set ? (uint32_t)errno_ret.value : EPERM;

	if (errno_ret.set && action != SPEC_ACT_ERRNO && action != SPEC_ACT_TRACE)
		return err_set(err, EINVAL, "seccomp action `%s`: it returns no errno",
			       vocab_name(&vocab_seccomp_action, action));
	if (action == SPEC_ACT_ERRNO && data > KERNEL_MAX_ERRNO)
		return err_set(err, EINVAL, "seccomp errno `%u`: the kernel knows none above %d", data,
			       KERNEL_MAX_ERRNO);
	switch (action) {
	case SPEC_ACT_KILL:
	case SPEC_ACT_KILL_THREAD:
		*ret = SCMP_ACT_KILL_THREAD;
		return 0;
	case SPEC_ACT_KILL_PROCESS:
		*ret = SCMP_ACT_KILL_PROCESS;
		return 0;
	case SPEC_ACT_TRAP:
		*ret = SCMP_ACT_TRAP;
		return 0;
	case SPEC_ACT_ERRNO:
		*ret = SCMP_ACT_ERRNO(data);
		return 0;
	case SPEC_ACT_TRACE:
		*ret = SCMP_ACT_TRACE(data);
		return 0;
	case SPEC_ACT_ALLOW:
		*ret = SCMP_ACT_ALLOW;
		return 0;
	case SPEC_ACT_LOG:
		*ret = SCMP_ACT_LOG;
		return 0;
	case SPEC_ACT_NOTIFY:
		*ret = SCMP_ACT_NOTIFY;
		return 0;
	}
	return err_set(err, EINVAL, "seccomp action `%" PRId64 "`: not known", action);
}

static enum scmp_compare op_value(int64_t op)
{
	static const enum scmp_compare ops[] = {
		[SPEC_CMP_NE] = SCMP_CMP_NE,
		[SPEC_CMP_LT] = SCMP_CMP_LT,
		[SPEC_CMP_LE] = SCMP_CMP_LE,
		[SPEC_CMP_EQ] = SCMP_CMP_EQ,
		[SPEC_CMP_GE] = SCMP_CMP_GE,
		[SPEC_CMP_GT] = SCMP_CMP_GT,
		[SPEC_CMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};

	return op >= 0 && (size_t)op < ARRAY_SIZE(ops) ? ops[op] : _SCMP_CMP_MIN;
}

/* ---- architectures ---- */

/* "SCMP_ARCH_X86_64" to libseccomp's token, 0 when this libseccomp does not know it. */
static uint32_t arch_token(const char *name)
{
	static const char prefix[] = "SCMP_ARCH_";
	char low[32];
	size_t n = 0;

	if (!name || strncmp(name, prefix, sizeof(prefix) - 1))
		return 0;
	for (name += sizeof(prefix) - 1; *name && n < sizeof(low) - 1; name++)
		low[n++] = (char)tolower((unsigned char)*name);
	low[n] = '\0';
	return seccomp_arch_resolve_name(low);
}

static int compile_archs(struct compile *c, struct err *err)
{
	c->archs[c->archs_len++] = seccomp_arch_native(); /* always in a new filter */
	for (size_t i = 0; i < c->s->architectures_len; i++) {
		const char *name = vocab_name(&vocab_seccomp_arch, c->s->architectures[i]);
		uint32_t token = arch_token(name);
		int r;

		if (!token) {
			err_pointer(err, POINTER "/architectures/%zu", i);
			return err_set(err, EOPNOTSUPP, "seccomp architecture `%s`: not known to libseccomp %u.%u.%u",
				       name ? name : "?", seccomp_version()->major, seccomp_version()->minor,
				       seccomp_version()->micro);
		}
		r = seccomp_arch_add(c->ctx, token);
		if (r == -EEXIST)
			continue;
		if (r < 0) {
			err_pointer(err, POINTER "/architectures/%zu", i);
			return err_code(err, r, "seccomp architecture `%s`: add it beside the native one", name);
		}
		if (c->archs_len == ARRAY_SIZE(c->archs))
			return err_set(err, E2BIG, "seccomp architectures: too many");
		c->archs[c->archs_len++] = token;
	}
	return 0;
}

/* ---- rules ---- */

/* libseccomp cannot test one argument twice in a rule; engines rely on such an entry meaning any of its conditions. */
static bool args_repeat_index(const struct spec_seccomp_syscall *e)
{
	unsigned seen = 0;

	for (size_t i = 0; i < e->args_len; i++) {
		unsigned bit = 1u << (e->args[i].index.value & 7);

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

static int rule_args(const struct spec_seccomp_syscall *e, struct scmp_arg_cmp *out, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct spec_seccomp_arg *a = &e->args[i];

		out[i].arg = (unsigned)a->index.value;
		out[i].op = op_value(a->op.value);
		out[i].datum_a = a->value.value;
		out[i].datum_b = a->op.value == SPEC_CMP_MASKED_EQ ? a->value_two.value : 0;
		if (a->index.value > 5 || out[i].op == _SCMP_CMP_MIN)
			return err_set(err, EINVAL, "seccomp argument %zu: index or operator out of range", i);
	}
	return 0;
}

static int rule_add(struct compile *c, uint32_t action, int nr, const struct spec_seccomp_syscall *e, struct err *err)
{
	bool each = args_repeat_index(e);
	struct scmp_arg_cmp cmp[64];
	int r;

	if (e->args_len > (each ? ARRAY_SIZE(cmp) : 6))
		return err_set(err, E2BIG, "seccomp arguments: too many");
	r = rule_args(e, cmp, e->args_len, err);
	if (r < 0)
		return r;
	if (!each)
		return seccomp_rule_add_array(c->ctx, action, nr, (unsigned)e->args_len, cmp);
	for (size_t i = 0; i < e->args_len; i++) {
		r = seccomp_rule_add_array(c->ctx, action, nr, 1, &cmp[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Two entries without conditions that want different things: libseccomp keeps one of them without a word. */
static void warn_twice(struct compile *c, int nr, const char *name, size_t i)
{
	const struct spec_seccomp_syscall *now = &c->s->syscalls[i], *was;

	if (nr < 0 || (size_t)nr >= ARRAY_SIZE(c->named) || now->args_len)
		return;
	if (!c->named[nr]) {
		c->named[nr] = (uint32_t)i + 1;
		return;
	}
	was = &c->s->syscalls[c->named[nr] - 1];
	if (was->action.value != now->action.value || was->errno_ret.value != now->errno_ret.value)
		log_warn("seccomp: system call `%s` has two unconditional actions, in " POINTER "/syscalls/%u and /%zu",
			 name, c->named[nr] - 1, i);
}

static int compile_entry(struct compile *c, size_t i, struct err *err)
{
	const struct spec_seccomp_syscall *e = &c->s->syscalls[i];
	uint32_t action;
	int r = action_value(e->action.value, e->errno_ret, &action, err);

	if (r < 0) {
		err_pointer(err, POINTER "/syscalls/%zu/%s", i, e->errno_ret.set ? "errnoRet" : "action");
		return r;
	}
	for (size_t k = 0; k < e->names_len; k++) {
		int nr = seccomp_syscall_resolve_name(e->names[k]);

		if (nr == __NR_SCMP_ERROR) {
			log_debug("seccomp: system call `%s` is not known, skipped", e->names[k]);
			continue;
		}
		warn_twice(c, nr, e->names[k], i);
		if (action == c->default_action)
			continue; /* libseccomp refuses what changes nothing */
		r = rule_add(c, action, nr, e, err);
		if (r >= 0)
			continue;
		err_pointer(err, POINTER "/syscalls/%zu/names/%zu", i, k);
		if (err && err->code)
			return r;
		if (r == -EEXIST)
			return err_set(err, EEXIST, "add seccomp rule `%s`: it contradicts an earlier one",
				       e->names[k]);
		return err_code(err, r, "add seccomp rule `%s`", e->names[k]);
	}
	return 0;
}

/* ---- what the profile knows ---- */

/* The highest number that any entry names on this architecture, 0 when it names none. */
static uint32_t arch_last(const struct compile *c, uint32_t token)
{
	uint32_t last = 0;

	for (size_t i = 0; i < c->s->syscalls_len; i++) {
		const struct spec_seccomp_syscall *e = &c->s->syscalls[i];

		for (size_t k = 0; k < e->names_len; k++) {
			int nr = seccomp_syscall_resolve_name_arch(token, e->names[k]);

			if (token == SCMP_ARCH_ARM && nr >= 0xf0000)
				continue; /* the private range says nothing about the table */
			if (nr > 0 && (uint32_t)nr > last)
				last = (uint32_t)nr;
		}
	}
	return last;
}

/* Where everything unnamed passes anyway (ALLOW, LOG) or is somebody's decision (TRACE), nothing is to be answered for it. */
static bool default_denies(const struct compile *c)
{
	switch (c->s->default_action.value) {
	case SPEC_ACT_ALLOW:
	case SPEC_ACT_LOG:
	case SPEC_ACT_TRACE:
		return false;
	}
	return c->default_action != SCMP_ACT_ERRNO(ENOSYS);
}

static int compile_prologue(const struct compile *c, struct buf *program)
{
	struct seccomp_known known[ARCHS_MAX];
	size_t n = 0;

	if (!default_denies(c))
		return 0;
	for (size_t i = 0; i < c->archs_len; i++) {
		uint32_t last = arch_last(c, c->archs[i]);

		if (!last)
			continue;
		known[n].is_x32 = c->archs[i] == SCMP_ARCH_X32;
		known[n].audit_arch = known[n].is_x32 ? AUDIT_ARCH_X86_64 : c->archs[i];
		known[n++].last = last;
	}
	return seccomp_enosys_add(program, known, n);
}

static int compile_export(const struct compile *c, struct buf *program, struct err *err)
{
	autoclose int fd = sys_memfd_create("seccomp", 1 /* MFD_CLOEXEC */);
	size_t n;
	int r;

	if (fd < 0)
		return err_sys(err, "export the seccomp filter");
	r = seccomp_export_bpf(c->ctx, fd);
	if (r < 0)
		return err_code(err, r, "export the seccomp filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "export the seccomp filter");
	r = io_read_all(fd, 1 << 20, program);
	if (r < 0)
		return err_code(err, r, "read the seccomp filter");
	n = program->len / sizeof(struct sock_filter);
	if (n > BPF_MAXINSNS) {
		err_pointer(err, POINTER "/syscalls");
		err_hint(err, "fewer conditions or architectures make it shorter");
		return err_set(err, E2BIG, "compile the seccomp filter: %zu instructions, the kernel takes %d", n,
			       BPF_MAXINSNS);
	}
	return program->error ? err_code(err, program->error, "compile the seccomp filter") : 0;
}

static int compile_program(const struct spec_seccomp *s, struct buf *program, struct err *err)
{
	AUTO(compile_done) struct compile c = { .s = s };
	int r = action_value(s->default_action.value, s->default_errno_ret, &c.default_action, err);

	if (r < 0) {
		err_pointer(err, POINTER "/%s", s->default_errno_ret.set ? "defaultErrnoRet" : "defaultAction");
		return r;
	}
	c.ctx = seccomp_init(c.default_action);
	if (!c.ctx)
		return err_set(err, ENOMEM, "make a seccomp filter: libseccomp refuses the default action");
	/* a sorted tree instead of one long chain: on average 9 compares instead of 200 */
	seccomp_attr_set(c.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = compile_archs(&c, err);
	for (size_t i = 0; r >= 0 && i < s->syscalls_len; i++)
		r = compile_entry(&c, i, err);
	if (r < 0)
		return r;
	r = compile_prologue(&c, program);
	if (r < 0)
		return err_code(err, r, "compile the seccomp filter");
	return compile_export(&c, program, err);
}

/* ---- the plan ---- */

static int plan_program(const struct spec_seccomp *s, int cache_dir_fd, struct buf *program, struct err *err)
{
	const struct scmp_version *v = seccomp_version();
	AUTO(buf_done) struct buf key = { 0 };
	char compiler[128];
	int r;

	snprintf(compiler, sizeof(compiler), "masu %s form %d libseccomp %u.%u.%u native %#x", MASU_VERSION,
		 COMPILER_FORM, v->major, v->minor, v->micro, seccomp_arch_native());
	if (cache_dir_fd >= 0 && seccomp_cache_key(s, compiler, &key) < 0)
		return err_set(err, ENOMEM, "compile the seccomp filter: out of memory");
	if (cache_dir_fd >= 0 && seccomp_cache_load(cache_dir_fd, &key, program) >= 0)
		return 0;
	r = compile_program(s, program, err);
	if (r < 0 || cache_dir_fd < 0)
		return r;
	r = seccomp_cache_store(cache_dir_fd, &key, program->data, program->len);
	if (r < 0)
		log_debug("seccomp: keep the compiled filter: %s", strerror(-r));
	return 0;
}

int seccomp_plan_build(const struct spec_seccomp *s, int cache_dir_fd, struct buf *flat, struct seccomp_plan *ret,
		       struct err *err)
{
	AUTO(buf_done) struct buf program = { 0 };
	struct seccomp_plan p = { 0 };
	int r;

	if (!s) {
		*ret = p;
		return 0;
	}
	r = seccomp_flags_plan(s, seccomp_profile_notifies(s), &p, err);
	if (r >= 0)
		r = plan_program(s, cache_dir_fd, &program, err);
	if (r < 0)
		return r;
	p.filter = flat_add_bytes(flat, program.data, program.len);
	if (flat->error)
		return err_code(err, flat->error, "plan the seccomp filter");
	p.hash = seccomp_cache_hash(program.data, program.len);
	*ret = p;
	return 0;
}

int seccomp_check_names(const struct spec_seccomp *s, struct err *err)
{
	for (size_t i = 0; i < s->syscalls_len; i++)
		for (size_t k = 0; k < s->syscalls[i].names_len; k++) {
			const char *name = s->syscalls[i].names[k];

			if (seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR)
				continue;
			err_pointer(err, POINTER "/syscalls/%zu/names/%zu", i, k);
			return err_set(err, EINVAL, "add seccomp rule `%s`: the system call is not known", name);
		}
	return 0;
}

size_t seccomp_features_archs(const char **names, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < vocab_seccomp_arch.len; i++) {
		const char *name = vocab_seccomp_arch.words[i].name;

		if (!arch_token(name))
			continue;
		if (len < n)
			names[len] = name;
		len++;
	}
	return len;
}

void seccomp_features_version(unsigned ret[3])
{
	const struct scmp_version *v = seccomp_version();

	ret[0] = v->major;
	ret[1] = v->minor;
	ret[2] = v->micro;
}
