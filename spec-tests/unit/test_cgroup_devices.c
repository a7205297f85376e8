/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules (RDV-01..11, behaviours 7, 19, 21; GHSA-g54h-m393-cpwq): the v1 list and the eBPF program, the latter run by an
 * interpreter (lib/device_bpf.h), must decide exactly like the reference. Pure. */
#include "check.h"

#include <errno.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "device_bpf.h"
#include "kernel/cgroup/devices.h"

#define DEV(allow_, type_, maj_, min_, acc_)                                                                \
	{                                                                                                   \
		.allow = { true, allow_ }, .type = { (type_) != 0, type_ }, .major = { (maj_) >= 0, maj_ }, \
		.minor = { (min_) >= 0, min_ }, .access = acc_                                              \
	}

static const uint32_t numbers[] = { 0, 1, 3, 5, 8, 9, 10, 136, 200, 229, 0x80000000u, 0xffffffffu };
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/* Compares all three over the sample grid; returns how many decisions were "yes". */
static unsigned compare(const struct device_rule *rules, size_t n, bool want_v1)
{
	AUTO(buf_done) struct buf program = { 0 };
	AUTO(devices_v1_done) struct devices_v1 v1 = { 0 };
	unsigned yes = 0, bad = 0;

	CHECK_INT(devices_plan_bpf(rules, n, &program, NULL), 0);
	if (want_v1)
		CHECK_INT(devices_plan_v1(rules, n, &v1, NULL), 0);
	for (size_t k = 0; k < NUMBERS * NUMBERS * 14; k++) {
		char type = k % 2 ? 'c' : 'b';
		uint8_t access = (uint8_t)(k / 2 % 7 + 1);
		uint32_t major = numbers[k / 14 % NUMBERS], minor = numbers[k / 14 / NUMBERS];
		int want = devices_decide(rules, n, type, major, minor, access);

		yes += want == 1;
		bad += device_bpf_ask(&program, type, major, minor, access) != want;
		bad += want_v1 && device_v1_ask(&v1, type, major, minor, access) != want;
	}
	CHECK_INT(bad, 0);
	return yes;
}

static const struct device_rule *plan(const struct spec_device_rule *user, size_t n, struct buf *b)
{
	struct spec_resources res = { .devices = user, .devices_len = n, .devices_set = true };

	CHECK_INT(devices_plan(&res, NULL, 0, b, NULL), 0);
	return (const struct device_rule *)b->data;
}
#define LEN(b) ((b).len / sizeof(struct device_rule))

TEST(default_list)
{
	AUTO(buf_done) struct buf b = { 0 };
	const struct device_rule *r;

	CHECK_INT(devices_plan(NULL, NULL, 0, &b, NULL), 0);
	r = (const struct device_rule *)b.data;
	CHECK(devices_decide(r, LEN(b), 'c', 1, 3, DEVICE_ALL));
	CHECK(devices_decide(r, LEN(b), 'c', 5, 2, DEVICE_READ | DEVICE_WRITE));
	CHECK(devices_decide(r, LEN(b), 'c', 136, 77, DEVICE_READ));
	CHECK(!devices_decide(r, LEN(b), 'c', 10, 200, DEVICE_READ)); /* tun */
	CHECK(!devices_decide(r, LEN(b), 'c', 1, 11, DEVICE_MKNOD));  /* kmsg: no mknod of any */
	CHECK(!devices_decide(r, LEN(b), 'b', 8, 0, DEVICE_MKNOD));
	CHECK(!devices_decide(r, LEN(b), 'b', 1, 3, DEVICE_READ));
	CHECK(compare(r, LEN(b), true) > 0);
}

TEST(template_keeps_defaults)
{
	AUTO(buf_done) struct buf b = { 0 };
	static const struct spec_device_rule user[] = { DEV(false, 0, -1, -1, "rwm"), DEV(true, 'c', 10, 229, "rw") };
	const struct device_rule *r = plan(user, 2, &b);

	CHECK(devices_decide(r, LEN(b), 'c', 1, 3, DEVICE_ALL));
	CHECK(devices_decide(r, LEN(b), 'c', 10, 229, DEVICE_READ | DEVICE_WRITE));
	CHECK(!devices_decide(r, LEN(b), 'c', 10, 229, DEVICE_MKNOD));
	compare(r, LEN(b), true);
}

TEST(user_denies_last_word)
{
	AUTO(buf_done) struct buf b = { 0 };
	static const struct spec_device_rule user[] = { DEV(true, 'c', 10, -1, "rwm"), DEV(false, 'c', 1, 3, "w"),
							DEV(false, 'a', -1, -1, "mr"), DEV(false, 'c', 136, -1, NULL) };
	const struct device_rule *r = plan(user, 4, &b);

	CHECK(!devices_decide(r, LEN(b), 'c', 1, 3, DEVICE_WRITE));
	CHECK(!devices_decide(r, LEN(b), 'c', 1, 5, DEVICE_READ));
	CHECK(devices_decide(r, LEN(b), 'c', 1, 5, DEVICE_WRITE));
	CHECK(!devices_decide(r, LEN(b), 'c', 136, 1, DEVICE_WRITE));
	CHECK(devices_decide(r, LEN(b), 'c', 10, 9, DEVICE_WRITE));
	compare(r, LEN(b), true);
}

/* Found by fuzzing: entries that move while pairs are looked for, and crossings of crossings. */
TEST(overlaps_of_overlaps)
{
	AUTO(buf_done) struct buf b = { 0 }, c = { 0 };
	static const struct spec_device_rule moves[] = { DEV(true, 'c', 1, -1, "m"), DEV(true, 'c', -1, -1, "w") };
	static const struct spec_device_rule three[] = { DEV(true, 'c', 8, -1, "r"), DEV(true, 'c', -1, 5, "w"),
							 DEV(true, 'c', -1, -1, "m") };
	const struct device_rule *r = plan(moves, 2, &b);

	CHECK(compare(r, LEN(b), true) > 0);
	r = plan(three, 3, &c);
	CHECK(compare(r, LEN(c), true) > 0);
}

/* It takes back what was allowed before it, and leaves the default list as one at the beginning does: Docker since 26 says its list,
 * which begins with it and lacks full, ptmx and the terminals, twice. */
TEST(deny_all_in_the_middle)
{
	AUTO(buf_done) struct buf b = { 0 };
	static const struct spec_device_rule user[] = { DEV(true, 'c', 10, 229, "rw"), DEV(true, 'b', -1, -1, "m"),
							DEV(false, 0, -1, -1, NULL), DEV(true, 'c', 1, 11, "r") };
	const struct device_rule *r = plan(user, 4, &b);

	CHECK(!devices_decide(r, LEN(b), 'c', 10, 229, DEVICE_READ));
	CHECK(!devices_decide(r, LEN(b), 'b', 8, 0, DEVICE_MKNOD));
	CHECK(devices_decide(r, LEN(b), 'c', 1, 7, DEVICE_ALL));
	CHECK(devices_decide(r, LEN(b), 'c', 136, 9, DEVICE_READ | DEVICE_WRITE));
	CHECK(devices_decide(r, LEN(b), 'c', 1, 11, DEVICE_READ));
	CHECK(!devices_decide(r, LEN(b), 'c', 1, 11, DEVICE_WRITE));
	compare(r, LEN(b), true);
}

TEST(deny_all_after_allow_all)
{
	AUTO(buf_done) struct buf b = { 0 };
	static const struct spec_device_rule user[] = { DEV(true, 0, -1, -1, "rwm"), DEV(false, 'a', -1, -1, "rwm") };
	const struct device_rule *r = plan(user, 2, &b);

	CHECK(!devices_decide(r, LEN(b), 'b', 8, 0, DEVICE_READ));
	CHECK(devices_decide(r, LEN(b), 'c', 1, 3, DEVICE_ALL));
	compare(r, LEN(b), true);
}

/* Only denials in the document do not turn the list into "all but these". */
TEST(only_denials)
{
	AUTO(buf_done) struct buf b = { 0 };
	static const struct spec_device_rule user[] = { DEV(false, 'b', 8, 0, "rwm") };
	const struct device_rule *r = plan(user, 1, &b);

	CHECK(!devices_decide(r, LEN(b), 'b', 9, 0, DEVICE_READ));
	CHECK(!devices_decide(r, LEN(b), 'c', 1, 1, DEVICE_READ));
	compare(r, LEN(b), true);
}

TEST(allow_all_with_exceptions)
{
	AUTO(buf_done) struct buf b = { 0 };
	static const struct spec_device_rule user[] = { DEV(true, 'a', -1, -1, "rwm"), DEV(false, 'b', 8, -1, "rwm"),
							DEV(false, 'c', -1, -1, "m") };
	const struct device_rule *r = plan(user, 3, &b);

	CHECK(devices_decide(r, LEN(b), 'c', 10, 200, DEVICE_READ));
	CHECK(!devices_decide(r, LEN(b), 'c', 10, 200, DEVICE_MKNOD | DEVICE_READ));
	CHECK(!devices_decide(r, LEN(b), 'b', 8, 1, DEVICE_READ));
	compare(r, LEN(b), true);
}

/* RDV-08: the kernel would read `a 10:200 w` as "all". */
TEST(typed_all_with_numbers)
{
	AUTO(buf_done) struct buf b = { 0 };
	static const struct spec_device_rule user[] = { DEV(true, 'a', 10, 200, "w") };
	const struct device_rule *r = plan(user, 1, &b);

	CHECK(devices_decide(r, LEN(b), 'c', 10, 200, DEVICE_WRITE));
	CHECK(devices_decide(r, LEN(b), 'b', 10, 200, DEVICE_WRITE));
	CHECK(!devices_decide(r, LEN(b), 'c', 10, 200, DEVICE_READ));
	CHECK(!devices_decide(r, LEN(b), 'c', 10, 229, DEVICE_WRITE));
	compare(r, LEN(b), true);
}

TEST(overlapping_wildcards)
{
	AUTO(buf_done) struct buf b = { 0 };
	static const struct spec_device_rule user[] = { DEV(true, 'c', 10, -1, "r"), DEV(true, 'c', -1, 200, "w"),
							DEV(true, 'c', 10, 229, "m"), DEV(true, 'c', -1, -1, "m") };
	const struct device_rule *r = plan(user, 4, &b);

	CHECK(devices_decide(r, LEN(b), 'c', 10, 200, DEVICE_ALL));
	compare(r, LEN(b), true);
}

TEST(holes)
{
	AUTO(buf_done) struct buf b = { 0 };
	AUTO(devices_v1_done) struct devices_v1 v1 = { 0 };
	static const struct spec_device_rule user[] = { DEV(true, 'c', -1, -1, "m"), DEV(true, 'c', 10, -1, "rw"),
							DEV(false, 'c', 10, 200, "rw") };
	const struct device_rule *r = plan(user, 3, &b);
	struct err err = { 0 };

	CHECK_ERR(devices_plan_v1(r, LEN(b), &v1, &err), -EOPNOTSUPP);
	CHECK_STR(err.pointer, "/linux/resources/devices");
	CHECK(!devices_decide(r, LEN(b), 'c', 10, 200, DEVICE_READ));
	CHECK(devices_decide(r, LEN(b), 'c', 10, 200, DEVICE_MKNOD));
	compare(r, LEN(b), false);
}

TEST(bad_rules)
{
	AUTO(buf_done) struct buf b = { 0 };
	static const struct spec_device_rule user[] = { DEV(true, 'c', 1, 1, "rwx"), DEV(true, 'c', 1, 1, ""),
							DEV(true, 'u', 1, 1, "r"), DEV(true, 'c', 4294967296, 1, "r") };

	for (size_t i = 0; i < 4; i++) {
		struct spec_resources res = { .devices = &user[i], .devices_len = 1, .devices_set = true };
		struct err err = { 0 };

		CHECK_ERR(devices_plan(&res, NULL, 0, &b, &err), -EINVAL);
		CHECK(strncmp(err.pointer, "/linux/resources/devices/0", 26) == 0);
	}
}

/* Random lists; where v1 can say them it must agree, too. */
TEST(random_lists)
{
	unsigned holes = 0;

	srand(42);
	for (unsigned t = 0; t < 400; t++) {
		struct device_rule r[12];
		AUTO(devices_v1_done) struct devices_v1 v1 = { 0 };
		size_t n = 1 + (size_t)rand() % 12;

		for (size_t i = 0; i < n; i++)
			r[i] = (struct device_rule){ .allow = rand() % 3 > 0,
						     .type = "abc"[rand() % 3],
						     .access = (uint8_t)(1 + rand() % 7),
						     .major = rand() % 3 ? (int64_t)numbers[rand() % 5] : DEVICE_ANY,
						     .minor = rand() % 3 ? (int64_t)numbers[rand() % 5] : DEVICE_ANY };
		int fits = devices_plan_v1(r, n, &v1, NULL);

		holes += fits < 0;
		compare(r, n, fits == 0);
	}
	CHECK(holes > 20 && holes < 380);
}

CHECK_MAIN();
