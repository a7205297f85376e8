/* SPDX-License-Identifier: Apache-2.0 */
/* org.systemd.property.NAME = GVariant text: a property of a known type, or an explained error. */
#include "fuzz.h"

#include "spec/annotation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct fuzz_words w = fuzz_words(data, len, 2);
	struct annotation_property p = { 0 };
	struct err err = { 0 };
	const char *value = w.n > 1 ? w.v[1] : "";
	int r = annotation_property_parse("org.systemd.property.X", w.v[0], value, &a, &p, &err);

	if (r < 0) {
		must_explain(r, &err);
	} else {
		static const char *const types[] = { "b", "y",  "u",  "t",  "i",     "x",
						     "s", "as", "au", "ay", "a(ss)", "a(st)" };
		bool known = false;

		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
			known |= strcmp(p.type, types[i]) == 0;
		MUST(known && p.name && strlen(p.name) >= 3);
		MUST(strspn(p.name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == strlen(p.name));
		MUST(strcmp(p.type, "s") != 0 || p.text);
	}
	fuzz_words_free(&w);
	return 0;
}
