/* SPDX-License-Identifier: Apache-2.0 */
/* Flags of seccomp(2), and programs that come ready-made. No libseccomp here. */
#include "kernel/security/seccomp_flags.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "kernel/security/seccomp.h"
#include "kernel/security/seccomp_cache.h"

#define POINTER "/linux/seccomp"
#define RAW_POINTER "/annotations/run.oci.seccomp_bpf_data"

/* Younger than the headers of some distributions. */
#define FLAG_TSYNC_ESRCH (1u << 4)
#define FLAG_WAIT_KILLABLE_RECV (1u << 5)

bool seccomp_profile_notifies(const struct spec_seccomp *s)
{
	bool r = s->default_action.value == SPEC_ACT_NOTIFY;

	for (size_t i = 0; !r && i < s->syscalls_len; i++)
		r = s->syscalls[i].action.value == SPEC_ACT_NOTIFY;
	return r;
}

/* A NULL program is looked at only after the flags were found good. */
static bool flag_is_supported(uint32_t flag)
{
	uint32_t with = flag == FLAG_WAIT_KILLABLE_RECV ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;

	return sys_seccomp(SECCOMP_SET_MODE_FILTER, flag | with, NULL) >= 0 || errno != EINVAL;
}

int seccomp_flags_plan(const struct spec_seccomp *s, bool notifies, struct seccomp_plan *p, struct err *err)
{
	p->notify = notifies;
	if (!s->flags_set)
		p->flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW; /* as both peers do; an explicit [] means none */
	for (size_t i = 0; i < s->flags_len; i++) {
		uint32_t flag = (uint32_t)s->flags[i];
		const char *name = vocab_name(&vocab_seccomp_flag, s->flags[i]);

		p->flags |= flag;
		if (flag == FLAG_WAIT_KILLABLE_RECV && !p->notify) {
			err_pointer(err, POINTER "/flags/%zu", i);
			return err_set(err, EINVAL, "seccomp flag `%s`: it needs a rule with SCMP_ACT_NOTIFY", name);
		}
		if (!flag_is_supported(flag)) {
			err_pointer(err, POINTER "/flags/%zu", i);
			return err_set(err, EOPNOTSUPP, "seccomp flag `%s`: the kernel does not know it",
				       name ? name : "?");
		}
	}
	if (p->notify && !s->listener_path) {
		err_pointer(err, POINTER "/listenerPath");
		return err_set(err, EINVAL, "seccomp action `SCMP_ACT_NOTIFY`: there is no listenerPath");
	}
	if (p->notify) {
		p->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
		if (p->flags & SECCOMP_FILTER_FLAG_TSYNC)
			p->flags |= FLAG_TSYNC_ESRCH; /* one return value cannot be both a descriptor and a thread */
	}
	return 0;
}

uint32_t seccomp_features_flags(void)
{
	uint32_t r = 0;

	for (size_t i = 0; i < vocab_seccomp_flag.len; i++)
		if (flag_is_supported((uint32_t)vocab_seccomp_flag.words[i].value))
			r |= (uint32_t)vocab_seccomp_flag.words[i].value;
	return r;
}

/* What the program answers with is a constant in it. */
static bool program_notifies(const struct sock_filter *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (f[i].code == (BPF_RET | BPF_K) && (f[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	return false;
}

static int plan_raw(const struct spec_seccomp *s, const struct seccomp_extra *x, struct buf *flat,
		    struct seccomp_plan *ret, struct err *err)
{
	static const struct spec_seccomp none;
	struct seccomp_plan p = { 0 };
	size_t n = x->program_len / sizeof(struct sock_filter);
	int r;

	err_pointer(err, RAW_POINTER);
	if (!n || n > BPF_MAXINSNS || x->program_len % sizeof(struct sock_filter))
		return err_set(err, EINVAL, "use the raw seccomp filter: %zu bytes are no program", x->program_len);
	if (err)
		err->pointer[0] = '\0';
	r = seccomp_flags_plan(s ? s : &none, program_notifies(x->program, n), &p, err);
	if (r < 0)
		return r;
	p.filter = flat_add_bytes(flat, x->program, x->program_len);
	if (flat->error)
		return err_code(err, flat->error, "plan the seccomp filter");
	p.hash = seccomp_cache_hash(x->program, x->program_len);
	*ret = p;
	return 0;
}

int seccomp_plan_extra(const struct spec_seccomp *s, const struct seccomp_extra *x, int cache_dir_fd, struct buf *flat,
		       struct seccomp_plan *ret, struct err *err)
{
	int r = 0;

	if (x->program_len)
		return plan_raw(s, x, flat, ret, err);
	if (x->fail_unknown && s)
		r = seccomp_check_names(s, err);
	return r < 0 ? r : seccomp_plan_build(s, cache_dir_fd, flat, ret, err);
}
