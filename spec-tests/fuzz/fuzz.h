/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share. A target is one function over bytes; what must always hold is said with MUST, which stops the run. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/flat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MUST(cond)                                                                                \
	do {                                                                                      \
		if (!(cond)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                                  \
		}                                                                                 \
	} while (0)

/* An error always has a code and a text, and both fit. */
static inline void must_explain(int r, const struct err *err)
{
	MUST(r > -4096);
	MUST(err->text[0] && memchr(err->text, 0, sizeof(err->text)));
}

/* A stream of small numbers out of the input; zeros when it is used up. */
struct fuzz_in {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t fuzz_u8(struct fuzz_in *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static inline uint32_t fuzz_u32(struct fuzz_in *in)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | fuzz_u8(in);
	return v;
}

/* The input as words: each NUL or line break ends one. NULL-terminated; free with fuzz_words_free. */
struct fuzz_words {
	char *text, **v;
	size_t n;
};

static inline struct fuzz_words fuzz_words(const uint8_t *data, size_t len, size_t max)
{
	struct fuzz_words w = { .text = malloc(len + 1), .v = calloc(max + 1, sizeof(char *)) };
	char *start = w.text;

	memcpy(w.text, data, len);
	w.text[len] = '\0';
	for (size_t i = 0; i <= len && w.n < max; i++) {
		if (w.text[i] != '\0' && w.text[i] != '\n')
			continue;
		w.text[i] = '\0';
		w.v[w.n++] = start;
		start = w.text + i + 1;
	}
	return w;
}

static inline void fuzz_words_free(struct fuzz_words *w)
{
	free(w->text);
	free(w->v);
}
