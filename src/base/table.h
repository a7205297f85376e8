/* SPDX-License-Identifier: Apache-2.0 */
/* Word tables: sorted or not, a linear or binary search over { name, value } rows; one table serves both directions. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct word {
	const char *name;
	int64_t value;
};

struct vocab {
	const char *what; /* "namespace type", for error texts */
	const struct word *words;
	size_t len;
};

/* The row or NULL. */
const struct word *vocab_find(const struct vocab *v, const char *name);
/* First name of value, or NULL. */
const char *vocab_name(const struct vocab *v, int64_t value);
