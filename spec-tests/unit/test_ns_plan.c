/* SPDX-License-Identifier: Apache-2.0 */
/* The way into the namespaces, for all 3^8 combinations of {absent, made, joined}. */
#include <errno.h>
#include <unistd.h>

#include "base/sys.h"
#include "kernel/ns/open.h"
#include "kernel/ns/plan.h"
#include "lib/check.h"

static struct spec_namespace rows[SPEC_NS__COUNT];
static struct spec_linux_ lnx;
static struct spec_config config;

/* Digit k of n in base 3: 0 absent, 1 made, 2 joined. */
static int digit(unsigned n, unsigned k)
{
	while (k--)
		n /= 3;
	return (int)(n % 3);
}

static void make_config(unsigned n)
{
	lnx = (struct spec_linux_){ .namespaces = rows, .namespaces_set = true };
	for (unsigned k = 0; k < SPEC_NS__COUNT; k++)
		if (digit(n, k))
			rows[lnx.namespaces_len++] =
				(struct spec_namespace){ .type = { true, k },
							 .path = digit(n, k) == 2 ? "/some/where" : NULL };
	config = (struct spec_config){ .lnx = &lnx };
}

static int build(struct ns_plan *p, int privileged, struct err *err)
{
	struct ns_inputs in = { .config = &config, .euid = 1000, .egid = 1000, .privileged = privileged };
	struct buf flat = { 0 };
	int r = ns_plan_build(&in, &flat, p, err);

	buf_done(&flat);
	return r;
}

static uint32_t made_by(const struct ns_plan *p)
{
	return p->clone_flags | p->unshare_flags | (p->new_cgroup ? SYS_CLONE_NEWCGROUP : 0) |
	       (p->new_time ? SYS_CLONE_NEWTIME : 0) | (p->new_user ? SYS_CLONE_NEWUSER : 0);
}

static uint32_t joined_by(const struct ns_plan *p)
{
	uint32_t flags = 0;

	for (uint32_t i = 0; i < p->joins_len; i++)
		flags |= p->joins[i].clone_flag;
	return flags;
}

TEST(every_combination_is_covered_once)
{
	for (unsigned n = 0; n < 6561; n++) {
		struct ns_plan p;
		uint32_t made = 0, joined = 0;

		make_config(n);
		for (unsigned k = 0; k < SPEC_NS__COUNT; k++) {
			made |= digit(n, k) == 1 ? ns_clone_flag(k) : 0;
			joined |= digit(n, k) == 2 ? ns_clone_flag(k) : 0;
		}
		CHECK_INT(build(&p, 1, NULL), 0);
		CHECK_INT(made_by(&p), made);
		CHECK_INT(joined_by(&p), joined);
		CHECK_INT(p.clone_flags & p.unshare_flags, 0);
		CHECK_INT(p.listed, made | joined);
	}
}

TEST(what_needs_a_stage_has_one)
{
	for (unsigned n = 0; n < 6561; n++) {
		struct ns_plan p;
		bool pid_joined, time_made, user_made, any_joined, user_joined, pid_made;

		make_config(n);
		pid_joined = digit(n, SPEC_NS_PID) == 2;
		pid_made = digit(n, SPEC_NS_PID) == 1;
		time_made = digit(n, SPEC_NS_TIME) == 1;
		user_made = digit(n, SPEC_NS_USER) == 1;
		user_joined = digit(n, SPEC_NS_USER) == 2;
		CHECK_INT(build(&p, 1, NULL), 0);
		any_joined = p.joins_len > 0;
		CHECK_INT(p.stage, pid_joined || time_made || (user_made && any_joined) || (user_joined && pid_made));
		/* A new user namespace owns the others only if it is made with them or before them. */
		if (user_made && !p.stage)
			CHECK(p.clone_flags & SYS_CLONE_NEWUSER);
		if (user_joined)
			CHECK_INT(p.clone_flags & SYS_CLONE_NEWUSER, 0);
		/* unshare(CLONE_NEWPID) works for children only. */
		CHECK_INT(p.unshare_flags & SYS_CLONE_NEWPID, 0);
	}
}

TEST(mount_is_joined_last)
{
	for (unsigned n = 0; n < 6561; n++) {
		struct ns_plan p;

		make_config(n);
		CHECK_INT(build(&p, 1, NULL), 0);
		if (digit(n, SPEC_NS_MOUNT) == 2)
			CHECK_INT(p.joins[p.joins_len - 1].clone_flag, SYS_CLONE_NEWNS);
	}
}

TEST(twice_is_an_error)
{
	struct err err = { 0 };
	struct ns_plan p;

	make_config(0);
	rows[0] = rows[1] = (struct spec_namespace){ .type = { true, SPEC_NS_UTS } };
	lnx.namespaces_len = 2;
	CHECK_INT(build(&p, 1, &err), -EINVAL);
	CHECK_STR(err.pointer, "/linux/namespaces/1/type");
}

TEST(without_rights_a_user_namespace_is_needed)
{
	struct err err = { 0 };
	struct ns_plan p;

	make_config(1); /* a new pid namespace */
	CHECK_INT(build(&p, 0, &err), -EPERM);
	CHECK(err.hint[0]);
	make_config(0);
	CHECK_INT(build(&p, 0, NULL), 0);
}

TEST(groups_are_denied_for_the_single_own_gid_only)
{
	struct spec_id_mapping own = { .container_id = { true, 0 }, .host_id = { true, 1000 }, .size = { true, 1 } };
	struct spec_id_mapping range = { .container_id = { true, 0 },
					 .host_id = { true, 100000 },
					 .size = { true, 65536 } };
	struct ns_plan p;

	make_config(243); /* digit of SPEC_NS_USER is 1 */
	CHECK_INT(digit(243, SPEC_NS_USER), 1);
	lnx.uid_mappings = lnx.gid_mappings = &own;
	lnx.uid_mappings_len = lnx.gid_mappings_len = 1;
	CHECK_INT(build(&p, 0, NULL), 0);
	CHECK_INT(p.setgroups_denied, 1);
	lnx.gid_mappings = &range;
	CHECK_INT(build(&p, 0, NULL), 0);
	CHECK_INT(p.setgroups_denied, 0);
	CHECK_INT(build(&p, 1, NULL), 0);
	CHECK_INT(p.setgroups_denied, 0);
}

TEST(time_offsets_become_lines)
{
	struct spec_time_offset mono = { .secs = { true, -3 }, .nanosecs = { true, 7 } },
				boot = { .secs = { true, 86400 } };
	struct spec_time_offsets offsets = { .monotonic = &mono, .boottime = &boot };
	struct ns_inputs in = { .config = &config, .privileged = 1 };
	struct buf flat = { 0 };
	struct ns_plan p;
	struct flat f;

	make_config(2187); /* SPEC_NS_TIME made */
	lnx.time_offsets = &offsets;
	buf_add(&flat, "header..", 8);
	CHECK_INT(ns_plan_build(&in, &flat, &p, NULL), 0);
	CHECK_INT(p.new_time, 1);
	f = (struct flat){ flat.data, flat.len };
	CHECK_STR(flat_str(&f, p.time_offsets), "monotonic -3 7\nboottime 86400 0\n");
	buf_done(&flat);
}

/* A path that became another namespace since the plan was made: what was planned for the container's own would reach the host's. */
TEST(a_path_that_changes_its_meaning)
{
	struct spec_namespace ns[] = { { .type = { true, SPEC_NS_UTS }, .path = "/proc/self/ns/uts" },
				       { .type = { true, SPEC_NS_IPC }, .path = "/proc/self/ns/ipc" } };
	struct spec_linux_ l = { .namespaces = ns, .namespaces_len = 2 };
	struct spec_config c = { .lnx = &l };
	const unsigned both = 1u << SPEC_NS_UTS | 1u << SPEC_NS_IPC;
	struct ns_plan p = { .joins_len = 2,
			     .joins = { { .fd = ~0, .clone_flag = SYS_CLONE_NEWUTS },
					{ .fd = ~1, .clone_flag = SYS_CLONE_NEWIPC } } };
	struct ns_plan again = p;
	struct err err = { 0 };
	int next = dup(0);

	close(next);
	CHECK_INT(ns_host_kinds(&c), both);
	CHECK_ERR(ns_open_joins(&c, &p, 1u << SPEC_NS_UTS, &err), -EBUSY);
	CHECK_STR(err.pointer, "/linux/namespaces/1/path");
	CHECK_INT(dup(0), next); /* nothing stayed open, and what is ours did */
	close(next);
	CHECK_INT(ns_open_joins(&c, &again, both, &err), 0);
	ns_close_joins(&again);
}

TEST(host_ids)
{
	struct spec_id_mapping m[] = {
		{ .container_id = { true, 0 }, .host_id = { true, 1000 }, .size = { true, 1 } },
		{ .container_id = { true, 1 }, .host_id = { true, 100000 }, .size = { true, 65535 } },
	};

	CHECK_INT(ns_host_id(m, 2, 0), 1000);
	CHECK_INT(ns_host_id(m, 2, 1), 100000);
	CHECK_INT(ns_host_id(m, 2, 65535), 165534);
	CHECK_INT(ns_host_id(m, 2, 65536), UINT32_MAX);
	CHECK_INT(ns_host_id(NULL, 0, 42), 42);
}

CHECK_MAIN();
