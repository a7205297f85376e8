/* SPDX-License-Identifier: Apache-2.0 */
/* Capability sets by raw system calls, each set read back: a set that is wider than the plan is a hole, a narrower one a
 * container that does not work. Securebits are never touched (KEEPCAPS for a moment aside). */
#include "kernel/security/caps.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/sys.h"

#define CAPS_MAX 64

static const char *const names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

void caps_name(unsigned cap, char out[32])
{
	if (cap < sizeof(names) / sizeof(names[0]))
		snprintf(out, 32, "CAP_%s", names[cap]);
	else
		snprintf(out, 32, "CAP_%u", cap);
}

static unsigned caps_first(uint64_t mask)
{
	return mask ? (unsigned)__builtin_ctzll(mask) : 0;
}

/* Compares one set with what was asked for; the first wrong bit names the error. */
static int caps_check(const char *set, uint64_t got, uint64_t want, struct err *err)
{
	char name[32];

	if (got == want)
		return 0;
	caps_name(caps_first(got ^ want), name);
	return err_set(err, EPERM, "set the %s capabilities: `%s` is %s after it was %s", set, name,
		       got & ~want ? "still there" : "missing", got & ~want ? "dropped" : "set");
}

static int caps_read(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable, struct err *err)
{
	uint32_t e[2], p[2], i[2];

	if (sys_capget_raw(e, p, i) < 0)
		return err_sys(err, "read the capabilities");
	*effective = e[0] | (uint64_t)e[1] << 32;
	*permitted = p[0] | (uint64_t)p[1] << 32;
	*inheritable = i[0] | (uint64_t)i[1] << 32;
	return 0;
}

int caps_apply_bounding(const struct caps_plan *p, struct err *err)
{
	uint64_t got = 0;
	char name[32];

	for (unsigned cap = 0; cap < CAPS_MAX; cap++) {
		int has = prctl(PR_CAPBSET_READ, (unsigned long)cap, 0, 0, 0);

		if (has < 0)
			break; /* EINVAL: the first number that this kernel does not know */
		if (!has || p->bounding >> cap & 1)
			continue;
		caps_name(cap, name);
		if (prctl(PR_CAPBSET_DROP, (unsigned long)cap, 0, 0, 0) < 0)
			return err_sys(err, "drop `%s` from the bounding set", name);
	}
	for (unsigned cap = 0; cap < CAPS_MAX; cap++)
		got |= (uint64_t)(prctl(PR_CAPBSET_READ, (unsigned long)cap, 0, 0, 0) == 1) << cap;
	return caps_check("bounding", got, p->bounding, err);
}

int caps_apply_keep(struct err *err)
{
	return prctl(PR_SET_KEEPCAPS, 1UL, 0, 0, 0) < 0
		       ? err_sys(err, "keep the capabilities over the change of the user")
		       : 0;
}

static int caps_apply_ambient(uint64_t ambient, struct err *err)
{
	uint64_t got = 0;
	char name[32];

	if (prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(err, "clear the ambient capabilities");
	for (unsigned cap = 0; cap < CAPS_MAX; cap++) {
		if (!(ambient >> cap & 1))
			continue;
		caps_name(cap, name);
		if (prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_RAISE, (unsigned long)cap, 0, 0) < 0)
			return err_sys(err, "raise the ambient capability `%s`", name);
	}
	for (unsigned cap = 0; cap < CAPS_MAX; cap++)
		got |= (uint64_t)(prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_IS_SET, (unsigned long)cap, 0,
					0) == 1)
		       << cap;
	return caps_check("ambient", got, ambient, err);
}

/* Why extra cannot outlive execve: the new permitted set is made of the inheritable, bounding and ambient sets and the file's
 * capabilities only, never of the old permitted set. For an unprivileged user it becomes the ambient set; for uid 0 inheritable
 * | bounding, which the plan decides. */
int caps_apply_sets(const struct caps_plan *p, uint64_t extra, struct err *err)
{
	uint64_t permitted = p->permitted | extra, effective = p->effective | extra, e, pm, i;
	uint32_t e32[2] = { (uint32_t)effective, (uint32_t)(effective >> 32) };
	uint32_t p32[2] = { (uint32_t)permitted, (uint32_t)(permitted >> 32) };
	uint32_t i32[2] = { (uint32_t)p->inheritable, (uint32_t)(p->inheritable >> 32) };
	char name[32];
	int r = caps_read(&e, &pm, &i, err);

	if (r < 0)
		return r;
	if (permitted & ~pm) {
		caps_name(caps_first(permitted & ~pm), name);
		if (extra & ~pm)
			err_hint(err, "a seccomp filter needs CAP_SYS_ADMIN or process.noNewPrivileges");
		return err_set(err, EPERM, "set the capabilities: `%s` is not permitted to the runtime", name);
	}
	if (sys_capset_raw(e32, p32, i32) < 0)
		return err_sys(err, "set the capabilities");
	r = caps_apply_ambient(p->ambient, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_KEEPCAPS, 0UL, 0, 0, 0) < 0)
		return err_sys(err, "end keeping the capabilities");
	r = caps_read(&e, &pm, &i, err);
	if (r >= 0)
		r = caps_check("effective", e, effective, err);
	if (r >= 0)
		r = caps_check("permitted", pm, permitted, err);
	if (r >= 0)
		r = caps_check("inheritable", i, p->inheritable, err);
	return r;
}

int caps_apply_no_new_privs(const struct caps_plan *p, struct err *err)
{
	if (!p->no_new_privs)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0, 0, 0) < 0)
		return err_sys(err, "set no_new_privs");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return err_set(err, EPERM, "set no_new_privs: it is not set");
	return 0;
}
