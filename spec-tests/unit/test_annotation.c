/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations: what counts without being allowed, patterns, values, and the text of properties. */
#include "lib/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "spec/annotation.h"

static struct arena arena;
static struct err err;
static struct annotations an;
static char *all[] = { (char *)"*", NULL };
static char warnings[4096];

static void note(void *arg, enum log_level level, const char *text)
{
	(void)arg;
	(void)level;
	strncat(warnings, text, sizeof(warnings) - strlen(warnings) - 1);
	strncat(warnings, "\n", sizeof(warnings) - strlen(warnings) - 1);
}

static int parse(const char *key, const char *value, char *const *allowed)
{
	struct spec_kv kv = { key, value };
	struct spec_config c = { .annotations = &kv, .annotations_len = 1 };
	int r;

	err = (struct err){ 0 };
	warnings[0] = '\0';
	log_set_sink(note, NULL, LOG_LEVEL_WARN);
	r = annotations_parse(&c, allowed, &arena, &an, &err);
	annotations_warn(&c, allowed);
	return r;
}

/* One property as `masu plan` shows it, or "!" and why not. */
static const char *property(const char *name, const char *value)
{
	static struct buf out;
	struct annotation_property p;
	struct annotations one = { .properties = &p, .properties_len = 1 };
	static char text[600];

	err = (struct err){ 0 };
	if (annotation_property_parse("k", name, value, &arena, &p, &err) < 0) {
		snprintf(text, sizeof(text), "!%s", strrchr(err.text, ':') + 2);
		return text;
	}
	buf_done(&out);
	annotations_print(&one, &out);
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(out.data, "\n") - 21, out.data + 21);
	return text;
}

TEST(not_allowed_is_left_out_with_a_warning)
{
	static const char *const keys[] = { "run.oci.mount_context_type",
					    "run.oci.seccomp.receiver",
					    "run.oci.seccomp_bpf_data",
					    "run.oci.keep_original_groups",
					    "run.oci.pidfd_receiver",
					    "run.oci.delegate-cgroup",
					    "run.oci.hooks.stdout",
					    "run.oci.hooks.stderr",
					    "org.systemd.property.ExecStartPre",
					    "org.criu.config" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct annotations none = { 0 };

		/* even what would be an error is nothing then */
		CHECK_INT(parse(keys[i], "", NULL), 0);
		none.properties = an.properties;
		CHECK(memcmp(&an, &none, sizeof(an)) == 0);
		CHECK(strstr(warnings, "--allow-annotation"));
	}
}

/* "may potentially change the behavior of the runtime": also those that need no permission, and those that are errors. */
TEST(FEA_65_listed_are_all_that_do_anything)
{
	static const char *const acted_on[] = { "run.oci.mount_context_type",
						"run.oci.seccomp.receiver",
						"run.oci.seccomp.plugins",
						"run.oci.seccomp_fail_unknown_syscall",
						"run.oci.seccomp_bpf_data",
						"run.oci.keep_original_groups",
						"run.oci.pidfd_receiver",
						"run.oci.systemd.force_cgroup_v1",
						"run.oci.systemd.subgroup",
						"run.oci.delegate-cgroup",
						"run.oci.hooks.stdout",
						"run.oci.hooks.stderr",
						"run.oci.handler",
						"org.systemd.property.",
						"org.criu.config" };

	for (size_t i = 0; i < ARRAY_SIZE(acted_on); i++)
		CHECK_STR(annotation_unsafe_at(i), acted_on[i]);
	CHECK(!annotation_unsafe_at(ARRAY_SIZE(acted_on)));
}

TEST(patterns)
{
	char *one[] = { (char *)"org.*", (char *)"run.oci.hooks.stdout", NULL };

	CHECK_INT(parse("run.oci.hooks.stdout", "/a", one), 0);
	CHECK_STR(an.hooks_stdout, "/a");
	CHECK_STR(warnings, "");
	CHECK_INT(parse("run.oci.hooks.stderr", "/a", one), 0);
	CHECK(!an.hooks_stderr);
	CHECK_INT(parse("org.criu.config", "/a", one), 0);
	CHECK_STR(an.criu_config, "/a");
}

TEST(refused_even_when_not_allowed)
{
	CHECK_ERR(parse("run.oci.handler", "krun", NULL), -EINVAL);
	CHECK_STR(err.pointer, "/annotations/run.oci.handler");
	CHECK_ERR(parse("run.oci.handler", "krun", all), -EINVAL);
	CHECK_INT(parse("run.oci.handler", "", NULL), 0);
	CHECK_ERR(parse("run.oci.seccomp.plugins", "", NULL), -EINVAL);
	CHECK_ERR(parse("run.oci.systemd.force_cgroup_v1", "/x", all), -EINVAL);
}

TEST(unknown_is_nothing)
{
	static const char *const keys[] = { "run.oci.x",
					    "run.oci.hooks.stdout2",
					    "run.oci.",
					    "org.systemd.propertyX",
					    "io.kubernetes.cri.container-type",
					    "a" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		CHECK_INT(parse(keys[i], "!", all), 0);
		CHECK_STR(warnings, "");
	}
	CHECK_INT(parse("krun.cpus", "!", NULL), 0);
	CHECK(strstr(warnings, "has no effect"));
}

TEST(values)
{
	CHECK_ERR(parse("run.oci.pidfd_receiver", "a", all), -EINVAL);
	CHECK_ERR(parse("run.oci.seccomp.receiver", "", all), -EINVAL);
	CHECK_ERR(parse("org.criu.config", "a", all), -EINVAL);
	CHECK_INT(parse("org.criu.config", "", all), 0);
	CHECK_STR(an.criu_config, "");
	CHECK_ERR(parse("run.oci.mount_context_type", "Context", all), -EINVAL);
	CHECK_INT(parse("run.oci.mount_context_type", "defcontext", all), 0);
	CHECK_INT(parse("run.oci.keep_original_groups", "", all), 0);
	CHECK(an.keep_groups);
	CHECK_INT(parse("run.oci.keep_original_groups", "0", all), 0);
	CHECK(!an.keep_groups);
	CHECK_INT(parse("run.oci.seccomp_fail_unknown_syscall", "1", NULL), 0);
	CHECK(an.seccomp_fail_unknown);
}

TEST(cgroup_names)
{
	static const char *const bad[] = { "..", "a/..", "a/../b", ".", "a\nb" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_ERR(parse("run.oci.delegate-cgroup", bad[i], all), -EINVAL);
		CHECK_ERR(parse("run.oci.systemd.subgroup", bad[i], NULL), -EINVAL);
	}
	CHECK_INT(parse("run.oci.delegate-cgroup", "//a//b/", all), 0);
	CHECK_STR(an.delegate_cgroup, "a//b/");
	CHECK_INT(parse("run.oci.delegate-cgroup", "", all), 0);
	CHECK(!an.delegate_cgroup);
	CHECK_ERR(parse("run.oci.systemd.subgroup", "a/b", NULL), -EINVAL);
	CHECK_INT(parse("run.oci.systemd.subgroup", "", NULL), 0);
	CHECK_STR(an.systemd_subgroup, "");
}

TEST(base64)
{
	static const uint8_t allow[] = { 6, 0, 0, 0, 0, 0, 0xff, 0x7f };
	static const char *const bad[] = { "",
					   "BgAA",
					   "BgAAAAAA/38",
					   "BgAAAAAA/3==",
					   "BgAAAAAA/3 =",
					   "====",
					   "BgAAAAAA/38=BgAAAAAA/38=",
					   "BgAAAAAA/3=8",
					   "BgAAAAAA_38=" };

	CHECK_INT(parse("run.oci.seccomp_bpf_data", "BgAAAAAA/38=", all), 0);
	CHECK_INT(an.seccomp_bpf_len, 8);
	CHECK(memcmp(an.seccomp_bpf, allow, 8) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_ERR(parse("run.oci.seccomp_bpf_data", bad[i], all), -EINVAL);
}

TEST(receiver_becomes_listener_path)
{
	struct spec_seccomp s = { 0 };
	struct spec_linux_ lnx = { .seccomp = &s };
	struct spec_config c = { .lnx = &lnx };
	struct annotations a = { .seccomp_receiver = "/r" };
	const struct spec_config *got = annotations_apply(&c, &a, &arena);

	CHECK(got != &c);
	CHECK_STR(got->lnx->seccomp->listener_path, "/r");
	CHECK(!s.listener_path);
	s.listener_path = "/own";
	CHECK(annotations_apply(&c, &a, &arena) == &c);
	c.lnx = NULL;
	CHECK(annotations_apply(&c, &a, &arena) == &c);
	a.seccomp_bpf_len = 8;
	CHECK_STR(annotations_apply(&c, &a, &arena)->lnx->seccomp->listener_path, "/r");
}

TEST(property_values)
{
	CHECK_STR(property("Abc", "true"), "Abc b 1");
	CHECK_STR(property("Abc", " false "), "Abc b 0");
	CHECK_STR(property("Abc", "'a b'"), "Abc s a b");
	CHECK_STR(property("Abc", "\"q'\\n\\u00e9\\\"\""), "Abc s q'\\012\303\251\"");
	CHECK_STR(property("Abc", "string 'x'"), "Abc s x");
	CHECK_STR(property("Abc", "5"), "Abc i 5");
	CHECK_STR(property("Abc", "-0x10"), "Abc i -16");
	CHECK_STR(property("Abc", "010"), "Abc i 8");
	CHECK_STR(property("Abc", "-2147483648"), "Abc i -2147483648");
	CHECK_STR(property("Abc", "byte 255"), "Abc y 255");
	CHECK_STR(property("Abc", "@t 18446744073709551615"), "Abc t 18446744073709551615");
	CHECK_STR(property("Abc", "int64 -9223372036854775808"), "Abc x -9223372036854775808");
	CHECK_STR(property("Abc", "['a', \"b\",]"), "Abc as a b");
	CHECK_STR(property("Abc", "@as []"), "Abc as");
	CHECK_STR(property("Abc", "[uint32 1, 2]"), "Abc au 1 2");
	CHECK_STR(property("Abc", "@ay [1, 2]"), "Abc ay 1 2");
	CHECK_STR(property("Abc", "[('/dev/x', 'rw'), ('/dev/y', 'r')]"), "Abc a(ss) /dev/x=rw /dev/y=r");
	CHECK_STR(property("Abc", "@a(st) [('/dev/x', 7)]"), "Abc a(st) /dev/x=7");
}

TEST(property_seconds)
{
	CHECK_STR(property("TimeoutStopSec", "2"), "TimeoutStopUSec t 2000000");
	CHECK_STR(property("TimeoutStopSec", "0.0000015"), "TimeoutStopUSec t 1");
	CHECK_STR(property("TimeoutStopSec", "uint64 18446744073709"), "TimeoutStopUSec t 18446744073709000000");
	CHECK_STR(property("TimeoutStopSec", "18446744073710"), "!the number is too large");
	CHECK_STR(property("TimeoutStopSec", "-1"), "!expected a number of seconds");
	CHECK_STR(property("TimeoutStopUSec", "uint64 7"), "TimeoutStopUSec t 7");
	CHECK_STR(property("Sec", "7"), "Sec i 7");
	CHECK_STR(property("ASec", "7"), "ASec i 7");
}

TEST(property_errors)
{
	static const char *const bad[] = { "",
					   "'",
					   "'a",
					   "'a' 1",
					   "[",
					   "[1",
					   "[1 2]",
					   "uint64",
					   "byte 256",
					   "2147483648",
					   "uint32 -1",
					   "1.5",
					   "(1,2)",
					   "[]",
					   "['a', 1]",
					   "[1, 2]",
					   "@s 1",
					   "@b 1",
					   "@as ['a',]x",
					   "double 1",
					   "int16 1",
					   "nothing",
					   "true1",
					   "[['a']]",
					   "[('a',)]",
					   "[('a','b','c')]",
					   "[('a', 'b'), ('a', 1)]",
					   "'\\u12'",
					   "'\\u0000'",
					   "'\\ud800'",
					   "0x",
					   "18446744073709551616",
					   "[[[[[['a']]]]]]",
					   "@",
					   "@as 'a'",
					   "@(ss) ('a','b')",
					   "{'a': 1}",
					   "<1>" };
	static const char *const names[] = { "", "Ab", "A b", "Abc1", "Ab\303\251", "Abc=" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK(property("Abc", bad[i])[0] == '!');
		CHECK_STR(err.pointer, "/annotations/k");
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		CHECK(property(names[i], "1")[0] == '!');
}

TEST(harmless_properties_need_no_option)
{
	CHECK_INT(parse("org.systemd.property.TimeoutStopUSec", "uint64 10", NULL), 0);
	CHECK_INT(an.properties_len, 1);
	CHECK_STR(warnings, "");
	CHECK_INT(parse("org.systemd.property.KillSignal", "15", NULL), 0);
	CHECK_INT(an.properties_len, 1);
	CHECK_ERR(parse("org.systemd.property.KillSignal", "x", NULL), -EINVAL);
	CHECK_INT(parse("org.systemd.property.MemoryMax", "x", NULL), 0);
	CHECK_INT(an.properties_len, 0);
}

CHECK_MAIN();
