/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules: the eBPF program, and the v1 list where there is one, decide as the reference does. */
#include "fuzz.h"

#include "device_bpf.h"

static void rule(struct fuzz_in *in, struct spec_device_rule *r, char access[4])
{
	static const int64_t numbers[] = { 0, 1, 3, 5, 8, 10, 136, 229 };
	uint8_t what = fuzz_u8(in), bits = fuzz_u8(in), major = fuzz_u8(in), minor = fuzz_u8(in);
	size_t n = 0;

	for (int i = 0; i < 3; i++)
		if (bits >> i & 1)
			access[n++] = "rwm"[i];
	access[n] = '\0';
	r->allow = (struct opt_bool){ true, what & 1 };
	if (what & 6)
		r->type = (struct opt_i64){ true, "acb"[(what >> 1 & 3) - 1] };
	if (major & 1)
		r->major = (struct opt_i64){ true, numbers[major >> 1 & 7] };
	if (minor & 1)
		r->minor = (struct opt_i64){ true, numbers[minor >> 1 & 7] };
	r->access = bits & 0x80 ? NULL : access;
}

static void compare(const struct device_rule *rules, size_t n)
{
	static const uint32_t numbers[] = { 0, 1, 3, 5, 8, 10, 136, 229, 4000000000u };
	AUTO(buf_done) struct buf program = { 0 };
	AUTO(devices_v1_done) struct devices_v1 v1 = { 0 };
	bool listed = devices_plan_v1(rules, n, &v1, NULL) == 0;

	MUST(devices_plan_bpf(rules, n, &program, NULL) == 0);
	for (size_t k = 0; k < 81 * 14; k++) {
		char type = k % 2 ? 'c' : 'b';
		uint8_t access = (uint8_t)(k / 2 % 7 + 1);
		uint32_t major = numbers[k / 14 % 9], minor = numbers[k / 14 / 9];
		int want = devices_decide(rules, n, type, major, minor, access);

		MUST(device_bpf_ask(&program, type, major, minor, access) == want);
		MUST(!listed || device_v1_ask(&v1, type, major, minor, access) == want);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(buf_done) struct buf b = { 0 };
	struct fuzz_in in = { data, len };
	struct spec_device_rule user[12] = { 0 };
	char access[12][4];
	struct spec_resources res = { .devices = user, .devices_set = true };
	struct err err = { 0 };
	int r;

	while (in.left && res.devices_len < 12) {
		rule(&in, &user[res.devices_len], access[res.devices_len]);
		res.devices_len++;
	}
	r = devices_plan(&res, NULL, 0, &b, &err);
	if (r < 0)
		must_explain(r, &err);
	else
		compare((const struct device_rule *)b.data, b.len / sizeof(struct device_rule));
	return 0;
}
