/* SPDX-License-Identifier: Apache-2.0 */
/* What the program will get, as data. Needs no rights. */
#include <errno.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "check.h"
#include "kernel/ns/uts_plan.h"
#include "kernel/proc/process_plan.h"

#define SET(v)                            \
	{                                 \
		.set = true, .value = (v) \
	}
#define LIST(m, ...)                               \
	.m = (const char *const[]){ __VA_ARGS__ }, \
	.m##_len = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), .m##_set = true
#define PROCESS .cwd = "/", LIST(args, "/bin/true")

struct made {
	struct buf flat, text;
	struct flat view;
	struct process_plan plan;
	struct err err;
	int r;
};

static struct made make(const struct process_inputs *in)
{
	struct made m = { 0 };

	buf_add(&m.flat, "header..", 8);
	m.r = process_plan_build(in, &m.flat, &m.plan, &m.err);
	m.view = (struct flat){ m.flat.data, m.flat.len };
	if (!m.r)
		process_plan_print(&m.view, &m.plan, &m.text);
	return m;
}

static void done(struct made *m)
{
	buf_done(&m->flat);
	buf_done(&m->text);
}

/* The plan of one process prints as text; or its error points at pointer. */
static void wants(const struct process_inputs *in, const char *text)
{
	struct made m = make(in);

	CHECK_ERR(m.r, 0);
	CHECK_STR(m.text.data, text);
	done(&m);
}

static void fails(const struct process_inputs *in, int code, const char *pointer)
{
	struct made m = make(in);

	CHECK_ERR(m.r, code);
	CHECK_STR(m.err.pointer, pointer);
	done(&m);
}

TEST(record_sizes)
{
	CHECK_INT(sizeof(struct process_plan) % 8, 0);
	CHECK_INT(sizeof(struct rlimit_row) % 8, 0);
	CHECK_INT(sizeof(struct user_plan) % 8, 0);
}

TEST(the_least)
{
	struct spec_process p = { PROCESS };

	wants(&(struct process_inputs){ .process = &p }, "arg /bin/true\ncwd /\nuser 0:0 groups none\n");
}

TEST(args_and_env_in_their_order_one_per_line)
{
	struct spec_process p = {
		.cwd = "/a b", LIST(args, "./x", "", " ", "a\nb"), LIST(env, "PATH=/x", "A=1", "A=2", "odd", "=", "") };

	wants(&(struct process_inputs){ .process = &p },
	      "arg ./x\narg \narg  \narg a\\012b\nenv PATH=/x\nenv A=1\nenv A=2\nenv odd\nenv =\nenv \n"
	      "cwd /a b\nuser 0:0 groups none\n");
}

TEST(what_a_process_needs)
{
	struct spec_process no_args = { .cwd = "/" }, relative = { .cwd = "tmp", LIST(args, "x") },
								   no_cwd = { LIST(args, "x") };

	fails(&(struct process_inputs){ 0 }, -EINVAL, "/process");
	fails(&(struct process_inputs){ .process = &no_args }, -EINVAL, "/process/args");
	fails(&(struct process_inputs){ .process = &relative }, -EINVAL, "/process/cwd");
	fails(&(struct process_inputs){ .process = &no_cwd }, -EINVAL, "/process/cwd");
}

TEST(extras_of_the_environment)
{
	struct spec_process p = { PROCESS, LIST(env, "LISTEN_FDS=9", "LISTEN_PID=7", "LISTEN_FDNAMES=x", "NOTIFY_SOCKET=/old", "NOTIFY_SOCKETS=1", "A=b") };

	wants(&(struct process_inputs){ .process = &p,
					.listen_fds = 2,
					.preserve_fds = 3,
					.listen_fdnames = "a:b",
					.notify_socket = "/run/n" },
	      "arg /bin/true\nenv NOTIFY_SOCKETS=1\nenv A=b\nenv LISTEN_FDS=2\nenv LISTEN_FDNAMES=a:b\nenv NOTIFY_SOCKET=/run/n\ncwd /\n"
	      "user 0:0 groups none\npass fds 3-7, 2 for socket activation\n");
	/* nothing is passed: what the document says is its own business */
	wants(&(struct process_inputs){ .process = &p, .listen_fdnames = "a:b" },
	      "arg /bin/true\nenv LISTEN_FDS=9\nenv LISTEN_PID=7\nenv LISTEN_FDNAMES=x\nenv NOTIFY_SOCKET=/old\nenv NOTIFY_SOCKETS=1\nenv A=b\n"
	      "cwd /\nuser 0:0 groups none\n");
}

TEST(user)
{
	uint64_t gids[] = { 5, 10, 4294967294 }, bad[] = { 4294967295 };
	struct spec_user u = { .uid = SET(1000),
			       .gid = SET(4294967294),
			       .umask = SET(077),
			       .additional_gids = gids,
			       .additional_gids_len = 3 };
	struct spec_process p = { PROCESS, .user = &u };

	wants(&(struct process_inputs){ .process = &p },
	      "arg /bin/true\ncwd /\nuser 1000:4294967294 groups 5 10 4294967294\numask 0077\n");
	fails(&(struct process_inputs){ .process = &p, .setgroups_denied = true }, -EPERM,
	      "/process/user/additionalGids");
	u.additional_gids = bad;
	u.additional_gids_len = 1;
	fails(&(struct process_inputs){ .process = &p }, -EINVAL, "/process/user/additionalGids/0");
	u.additional_gids_len = 0;
	wants(&(struct process_inputs){ .process = &p, .setgroups_denied = true },
	      "arg /bin/true\ncwd /\nuser 1000:4294967294 groups kept\numask 0077\n");
	u.uid.value = 4294967295;
	fails(&(struct process_inputs){ .process = &p }, -EINVAL, "/process/user");
}

TEST(umask_zero_is_not_absent)
{
	struct spec_user u = { .uid = SET(0), .gid = SET(0), .umask = SET(0) };
	struct spec_process p = { PROCESS, .user = &u };

	wants(&(struct process_inputs){ .process = &p }, "arg /bin/true\ncwd /\nuser 0:0 groups none\numask 0000\n");
}

TEST(rlimits)
{
	struct spec_rlimit l[] = { { .type = SET(RLIMIT_NOFILE), .soft = SET(10), .hard = SET(20) },
				   { .type = SET(RLIMIT_CORE), .soft = SET(0), .hard = SET(UINT64_MAX) } };
	struct spec_process p = { PROCESS, .rlimits = l, .rlimits_len = 2 };

	wants(&(struct process_inputs){ .process = &p },
	      "arg /bin/true\ncwd /\nuser 0:0 groups none\nrlimit RLIMIT_NOFILE 10 20\nrlimit RLIMIT_CORE 0 unlimited\n");
	l[1].soft.value = UINT64_MAX;
	l[1].hard.value = UINT64_MAX - 1;
	fails(&(struct process_inputs){ .process = &p }, -EINVAL, "/process/rlimits/1");
	l[1] = l[0];
	fails(&(struct process_inputs){ .process = &p }, -EINVAL, "/process/rlimits/1");
	l[1].type.value = 16;
	fails(&(struct process_inputs){ .process = &p }, -EINVAL, "/process/rlimits/1");
}

TEST(every_rlimit_of_the_vocabulary_has_its_name)
{
	for (size_t i = 0; i < vocab_rlimit.len; i++)
		CHECK_STR(rlimit_name((uint32_t)vocab_rlimit.words[i].value), vocab_rlimit.words[i].name);
	CHECK_INT(vocab_rlimit.len, 16);
	CHECK_STR(rlimit_name(16), NULL);
}

TEST(terminal)
{
	struct spec_console_size s = { .height = SET(24), .width = SET(80) };
	struct spec_process p = { PROCESS, .console_size = &s };

	wants(&(struct process_inputs){ .process = &p }, "arg /bin/true\ncwd /\nuser 0:0 groups none\n");
	p.terminal.set = p.terminal.value = true;
	wants(&(struct process_inputs){ .process = &p },
	      "arg /bin/true\ncwd /\nuser 0:0 groups none\nterminal 80x24\n");
	p.console_size = NULL;
	wants(&(struct process_inputs){ .process = &p }, "arg /bin/true\ncwd /\nuser 0:0 groups none\nterminal\n");
	s.width.value = 65536;
	p.console_size = &s;
	fails(&(struct process_inputs){ .process = &p }, -ERANGE, "/process/consoleSize");
}

TEST(keyring_and_oom)
{
	struct spec_process p = { PROCESS, .oom_score_adj = SET(0) };

	wants(&(struct process_inputs){ .process = &p, .keyring_id = "c1" },
	      "arg /bin/true\ncwd /\nuser 0:0 groups none\nkeyring _ses.c1 permissions +00080000\noom_score_adj 0\n");
	p.oom_score_adj.value = -500;
	wants(&(struct process_inputs){ .process = &p, .keyring_id = "c1", .own_userns = true },
	      "arg /bin/true\ncwd /\nuser 0:0 groups none\nkeyring _ses.c1 permissions +00000008\noom_score_adj -500\n");
	p.oom_score_adj.set = false;
	wants(&(struct process_inputs){ .process = &p, .keyring_id = "c1", .keyring_exists = true },
	      "arg /bin/true\ncwd /\nuser 0:0 groups none\nkeyring _ses.c1 permissions +00000000\n");
}

static int uts(const char *hostname, const char *domainname, bool own, const char *text, struct err *err)
{
	struct spec_config c = { .hostname = hostname, .domainname = domainname };
	AUTO(buf_done) struct buf flat = { 0 }, out = { 0 };
	struct uts_plan p = { 0 };
	int r;

	buf_add(&flat, "header..", 8);
	*err = (struct err){ 0 };
	r = uts_plan_build(&c, own, &flat, &p, err);
	buf_adds(&out, "");
	if (r == 0)
		uts_plan_print(&(struct flat){ flat.data, flat.len }, &p, &out);
	CHECK_STR(out.data, text);
	return r;
}

TEST(host_names)
{
	static const char long64[] = "0123456789012345678901234567890123456789012345678901234567890123",
			  long65[] = "01234567890123456789012345678901234567890123456789012345678901234";
	struct err err;

	CHECK_ERR(uts("a", "b", true, "hostname a\ndomainname b\n", &err), 0);
	CHECK_ERR(uts(NULL, NULL, false, "", &err), 0);
	CHECK_ERR(uts("a", NULL, false, "", &err), -EINVAL);
	CHECK_STR(err.pointer, "/hostname");
	CHECK_ERR(uts(NULL, "a", false, "", &err), -EINVAL);
	CHECK_STR(err.pointer, "/domainname");
	CHECK_ERR(uts(long64, NULL, true, "hostname 0123456789012345678901234567890123456789012345678901234567890123\n",
		      &err),
		  0);
	CHECK_ERR(uts(long65, NULL, true, "", &err), -EINVAL);
}

CHECK_MAIN();
