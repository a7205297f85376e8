/* SPDX-License-Identifier: Apache-2.0 */
/* The one call that installs the filter. Nothing is read back: the filter may already deny the question. */
#include "kernel/security/seccomp_apply.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/sys.h"

int seccomp_apply(const struct flat *f, const struct seccomp_plan *p, struct err *err)
{
	const void *code = flat_bytes(f, p->filter);
	struct sock_fprog program;
	int r;

	if (!seccomp_plan_has_filter(p))
		return 0;
	if (!code || p->filter.len % sizeof(struct sock_filter) ||
	    p->filter.len / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return err_set(err, EPROTO, "install the seccomp filter: the record is damaged");
	program.len = (unsigned short)(p->filter.len / sizeof(struct sock_filter));
	program.filter = (struct sock_filter *)(uintptr_t)code;
	r = sys_seccomp(SECCOMP_SET_MODE_FILTER, p->flags, &program);
	if (r < 0) {
		int code_errno = errno;

		err_sys(err, "install the seccomp filter");
		if (code_errno == EACCES)
			err_hint(err, "it needs CAP_SYS_ADMIN or process.noNewPrivileges");
		return -code_errno;
	}
	/* with TSYNC the kernel answers a thread that could not follow; masu-init has one thread only */
	if (!p->notify && r > 0)
		return err_set(err, ESRCH, "install the seccomp filter: thread %d does not follow", r);
	return r;
}
