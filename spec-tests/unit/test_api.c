/* SPDX-License-Identifier: Apache-2.0 */
/* The border of the library: options of other versions, flags of other calls. */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "container/api.h"

struct older {
	size_t size;
	int a;
};
struct ours {
	size_t size;
	int a, b;
	const char *c;
};
struct newer {
	struct ours ours;
	long d;
};

TEST(options_of_an_older_caller)
{
	struct older o = { .size = sizeof(o), .a = 1 };
	struct ours got;

	memset(&got, 0xff, sizeof(got));
	CHECK_INT(api_options(&got, sizeof(got), &o, NULL), 0);
	CHECK_INT(got.size, sizeof(got));
	CHECK_INT(got.a, 1);
	CHECK(got.c == NULL);
	memset(&got, 0xff, sizeof(got));
	CHECK_INT(api_options(&got, sizeof(got), NULL, NULL), 0);
	CHECK(got.a == 0 && got.b == 0 && got.c == NULL);
}

TEST(options_of_a_newer_caller)
{
	struct newer o = { .ours = { .size = sizeof(o), .a = 1, .b = 2 } };
	struct ours got;

	CHECK_INT(api_options(&got, sizeof(got), &o, NULL), 0);
	CHECK(got.a == 1 && got.b == 2 && got.size == sizeof(got));
	o.d = 1;
	CHECK_ERR(api_options(&got, sizeof(got), &o, NULL), -E2BIG);
}

TEST(options_without_a_size)
{
	struct masu_runtime_options ro = { .root = "/nowhere" };
	struct masu_create_options co = { .bundle = "/nowhere" };
	struct masu_restore_options so = { .size = sizeof(so), .create = &co };
	struct masu_checkpoint_options po = { .flags = MASU_CHECKPOINT_PRE_DUMP };
	struct masu_events_options eo = { .flags = MASU_EVENTS_ONCE };
	struct masu_exec_options xo = { .flags = MASU_RUN_DETACH };
	struct masu_update_options uo = { .cpuset_cpus = "0" };
	struct masu_start_options to = { .notify_socket = "/nowhere" };
	struct masu_runtime *rt;
	struct ours got;

	CHECK_ERR(api_options(&got, sizeof(got), &(struct ours){ 0 }, NULL), -EINVAL);
	CHECK_ERR(masu_runtime_new(&ro, &rt, NULL), -EINVAL);
	ro.size = sizeof(ro);
	REQUIRE(masu_runtime_new(&ro, &rt, NULL) == 0);
	CHECK_ERR(masu_create(rt, "x", &co, NULL), -EINVAL);
	CHECK_ERR(masu_run(rt, "x", &co, NULL), -EINVAL);
	CHECK_ERR(masu_plan(rt, "x", &co, MASU_PLAN_TEXT, NULL, NULL, NULL), -EINVAL);
	CHECK_ERR(masu_restore(rt, "x", &so, NULL), -EINVAL);
	CHECK_ERR(masu_checkpoint(rt, "x", &po, NULL), -EINVAL);
	CHECK_ERR(masu_events(rt, NULL, &eo, NULL, NULL, NULL), -EINVAL);
	CHECK_ERR(masu_exec(rt, "x", &xo, NULL), -EINVAL);
	CHECK_ERR(masu_update(rt, "x", &uo, NULL), -EINVAL);
	CHECK_ERR(masu_start(rt, "x", &to, NULL), -EINVAL);
	masu_runtime_free(rt);
}

TEST(flags_of_another_call)
{
	struct masu_runtime_options ro = { .size = sizeof(ro), .root = "/nowhere" };
	struct masu_create_options co = { .size = sizeof(co), .flags = MASU_EXEC_IGNORE_PAUSED };
	struct masu_restore_options so = { .size = sizeof(so), .create = &co };
	struct masu_exec_options xo = { .size = sizeof(xo), .flags = MASU_RUN_KEEP };
	struct masu_events_options eo = { .size = sizeof(eo), .flags = 1u << 31 };
	struct masu_runtime *rt;

	REQUIRE(masu_runtime_new(&ro, &rt, NULL) == 0);
	CHECK_ERR(masu_run(rt, "x", &co, NULL), -EINVAL);
	CHECK_ERR(masu_restore(rt, "x", &so, NULL), -EINVAL);
	co.flags = MASU_RUN_DETACH;
	CHECK_ERR(masu_create(rt, "x", &co, NULL), -EINVAL);
	CHECK_ERR(masu_plan(rt, "x", &co, MASU_PLAN_TEXT, NULL, NULL, NULL), -EINVAL);
	CHECK_ERR(masu_exec(rt, "x", &xo, NULL), -EINVAL);
	CHECK_ERR(masu_events(rt, NULL, &eo, NULL, NULL, NULL), -EINVAL);
	CHECK_ERR(masu_kill(rt, "x", 15, 1u << 31, NULL), -EINVAL);
	CHECK_ERR(masu_delete(rt, "x", 1u << 31, NULL), -EINVAL);
	masu_runtime_free(rt);
}

CHECK_MAIN();
