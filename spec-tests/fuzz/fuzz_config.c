/* SPDX-License-Identifier: Apache-2.0 */
/* Documents: what decodes is written, decodes again, and is written as the same bytes. What does not has an explained error. */
#include "fuzz.h"
#include "spec/decode.h"
#include "spec/encode.h"
#include "json/write.h"

static void written(const struct spec_config *c, struct buf *ret)
{
	AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, jw_to_buf, ret);

	spec_encode_config(c, w);
	MUST(jw_finish(w) == 0);
}

static void other_documents(const char *json, size_t len)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct spec_process *process;
	const struct spec_resources *resources;
	struct err err = { 0 };
	int r = spec_decode_process("x", json, len, &a, &process, &err);

	if (r < 0)
		must_explain(r, &err);
	err = (struct err){ 0 };
	r = spec_decode_resources("x", json, len, &a, &resources, &err);
	if (r < 0)
		must_explain(r, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_done) struct arena a = { 0 }, b = { 0 };
	AUTO(buf_done) struct buf one = { 0 }, two = { 0 };
	const struct spec_config *c, *again;
	struct err err = { 0 };
	int r = spec_decode_config("config.json", (const char *)data, len, &a, &c, &err);

	other_documents((const char *)data, len);
	if (r < 0) {
		must_explain(r, &err);
		return 0;
	}
	written(c, &one);
	MUST(spec_decode_config("config.json", one.data, one.len, &b, &again, &err) == 0);
	written(again, &two);
	MUST(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
	return 0;
}
