/* SPDX-License-Identifier: Apache-2.0 */
/* The wire between masu and masu-init. Reading: any reference into any bytes gives NULL or memory inside the buffer, strings that
 * end. Writing: what was added is what is read. */
#include "fuzz.h"

static void inside(const struct flat *f, const void *p, size_t len)
{
	MUST((const char *)p >= f->base && len <= f->len && (size_t)((const char *)p - f->base) <= f->len - len);
}

static void read_anything(struct fuzz_in *in, const struct flat *f)
{
	static const size_t sizes[] = { 1, 4, 8, 12, 16, 40, 200 };

	for (int i = 0; i < 32 && in->left; i++) {
		struct flat_str s = { .off = fuzz_u32(in) % 512, .len = fuzz_u8(in) };
		struct flat_arr a = { .off = fuzz_u32(in), .count = fuzz_u32(in) };
		struct flat_bytes b = { .off = a.off % 512, .len = a.count % 512 };
		size_t size = sizes[fuzz_u8(in) % 7];
		const char *text = flat_str(f, s);
		const void *p;

		if (text) {
			inside(f, text, s.len + 1);
			MUST(strlen(text) == s.len);
		}
		p = flat_arr(f, a, size);
		if (p && a.count)
			inside(f, p, (size_t)a.count * size);
		a.off %= 512;
		a.count %= 64;
		p = flat_arr(f, a, size);
		if (p && a.count)
			inside(f, p, (size_t)a.count * size);
		p = flat_bytes(f, b);
		if (p)
			inside(f, p, b.len);
	}
}

static void write_and_read(const uint8_t *data, size_t len)
{
	AUTO(buf_done) struct buf b = { 0 };
	struct fuzz_words w = fuzz_words(data, len, 64);
	struct flat_arr v;
	struct flat_bytes bytes;
	struct flat f;
	const struct flat_str *s;

	MUST(buf_add(&b, "header..", 8) == 0);
	v = flat_add_strv(&b, (const char *const *)w.v, w.n);
	bytes = flat_add_bytes(&b, data, len);
	MUST(b.error == 0);
	f = (struct flat){ b.data, b.len };
	s = flat_arr(&f, v, sizeof(*s));
	MUST(v.count == w.n && (s || w.n == 0));
	for (size_t i = 0; i < w.n; i++)
		MUST(strcmp(flat_str(&f, s[i]), w.v[i]) == 0);
	MUST(bytes.len == len && (len == 0 || memcmp(flat_bytes(&f, bytes), data, len) == 0));
	fuzz_words_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_in in = { data, len };
	size_t part = fuzz_u8(&in) * 2u;
	_Alignas(8) char copy[512];
	struct flat f = { copy, part < in.left ? part : in.left };

	memcpy(copy, in.at, f.len);
	in.at += f.len;
	in.left -= f.len;
	read_anything(&in, &f);
	write_and_read(data, len);
	return 0;
}
