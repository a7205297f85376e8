/* SPDX-License-Identifier: Apache-2.0 */
/* Who the process becomes. Every id is read back: a set*id call that did less than it said is how containers got root. */
#include "kernel/proc/user.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mutation.h"
#include "base/sys.h"

#define PTS_MAJOR 136 /* 136 .. 143: UNIX98 slaves */

static bool stdio_is_ours(const struct stat *st, int fd)
{
	if (S_ISFIFO(st->st_mode))
		return true;
	/* a device with a tty's number only: /dev/null and other character devices belong to everybody */
	return S_ISCHR(st->st_mode) && major(st->st_rdev) != 1 &&
	       ((major(st->st_rdev) >= PTS_MAJOR && major(st->st_rdev) <= PTS_MAJOR + 7) || isatty(fd));
}

int user_apply_stdio(const struct user_plan *p, struct err *err)
{
	(void)err;
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0 || !stdio_is_ours(&st, fd) || st.st_uid == p->uid)
			continue;
		/* The group stays (tty). Not fatal: the owner may have no number in this user namespace, or the file system is
		 * read-only; the stream works all the same, only reopening it by path does not. */
		if (fchown(fd, p->uid, (gid_t)-1) < 0)
			log_debug("own standard stream %d: %m", fd);
	}
	return 0;
}

/* Shell's: no recursion, no memory, and up to 65536 of them. */
static void groups_sort(uint32_t *v, size_t n)
{
	for (size_t gap = n / 2; gap; gap /= 2)
		for (size_t i = gap; i < n; i++) {
			uint32_t x = v[i];
			size_t k = i;

			for (; k >= gap && v[k - gap] > x; k -= gap)
				v[k] = v[k - gap];
			v[k] = x;
		}
}

/* The kernel has an order of its own, that of the ids outside. */
static int groups_check(const uint32_t *want, size_t n, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	int have = getgroups(0, NULL);
	uint32_t *got, *sorted;

	if (have < 0)
		return err_sys(err, "read the supplementary groups");
	if ((size_t)have != n)
		return err_set(err, EPERM, "set the supplementary groups: %d are there after %zu were set", have, n);
	if (!n)
		return 0;
	got = arena_new(&a, uint32_t, n);
	sorted = arena_new(&a, uint32_t, n);
	if (!got || !sorted)
		return err_set(err, ENOMEM, "read the supplementary groups: out of memory");
	if (getgroups(have, got) != have)
		return err_sys(err, "read the supplementary groups");
	memcpy(sorted, want, n * sizeof(*want));
	groups_sort(got, n);
	groups_sort(sorted, n);
	for (size_t i = 0; i < n; i++)
		if (got[i] != sorted[i])
			return err_set(err, EPERM, "set the supplementary groups: %u is missing afterwards", sorted[i]);
	return 0;
}

static int user_apply_groups(const struct flat *f, const struct user_plan *p, struct err *err)
{
	const uint32_t *groups = flat_arr(f, p->groups, sizeof(uint32_t));
	size_t n = p->groups.count;

	_Static_assert(sizeof(gid_t) == sizeof(uint32_t), "the record is handed to setgroups as it is");
	if (n && !groups)
		return err_set(err, EPROTO, "set the supplementary groups: the record is damaged");
	if (p->setgroups_denied) {
		/* what we were born with stays; its members that have no mapping count for nobody in here */
		log_debug("the user namespace forbids setgroups: groups stay as they are");
		return 0;
	}
	if (MUTATION(GROUPS) || p->keep_groups)
		return 0;
	if (sys_setgroups(n, groups) < 0) {
		/* a user namespace that was joined may forbid it, which is no matter where there is nothing to drop */
		if (errno == EPERM && n == 0 && getgroups(0, NULL) == 0)
			return 0;
		return err_sys(err, "set the supplementary groups");
	}
	return groups_check(groups, n, err);
}

static int id_error(int code, const char *what, uint32_t id, struct err *err)
{
	err_code(err, -code, "set the %s `%u`", what, id);
	if (code == EINVAL)
		err_hint(err, "it has no mapping in the container's user namespace");
	return -code;
}

int user_apply(const struct flat *f, const struct user_plan *p, struct err *err)
{
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	uid_t ru, eu, su;
	gid_t rg, eg, sg;
	int r = user_apply_groups(f, p, err);

	if (r < 0)
		return r;
	if (p->uid == UINT32_MAX || p->gid == UINT32_MAX)
		return err_set(err, EINVAL, "set the user: 4294967295 means no change");
	if (sys_setresgid(p->gid, p->gid, p->gid) < 0)
		return id_error(errno, "group id", p->gid, err);
	if (getresgid(&rg, &eg, &sg) < 0 || rg != p->gid || eg != p->gid || sg != p->gid)
		return err_set(err, EPERM, "set the group id `%u`: it is another one afterwards", p->gid);
	if (sys_setresuid(p->uid, p->uid, p->uid) < 0)
		return id_error(errno, "user id", p->uid, err);
	if (getresuid(&ru, &eu, &su) < 0 || ru != p->uid || eu != p->uid || su != p->uid)
		return err_set(err, EPERM, "set the user id `%u`: it is another one afterwards", p->uid);
	/* a change of the ids resets the flag to fs.suid_dumpable, which may let the container trace us before execve */
	if (dumpable == 0 && prctl(PR_SET_DUMPABLE, 0UL, 0, 0, 0) < 0)
		return err_sys(err, "stay non-dumpable");
	return 0;
}

int user_apply_umask(const struct user_plan *p, struct err *err)
{
	if (!p->has_umask)
		return 0;
	if (p->umask > 0777)
		return err_set(err, EINVAL, "set the umask `%o`: out of range", p->umask);
	umask(p->umask);
	return umask(p->umask) == p->umask
		       ? 0
		       : err_set(err, EPERM, "set the umask `%03o`: it is another one afterwards", p->umask);
}
