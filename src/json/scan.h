/* SPDX-License-Identifier: Apache-2.0 */
/* The strict gate before the parser library: walks the bytes once by the JSON grammar (RFC 8259) and refuses what the
 * library would take silently: repeated keys, NUL in strings, broken UTF-8, lone surrogates, integers beyond 64 bits. */
#pragma once

#include <stddef.h>

#include "base/err.h"

#define SCAN_SIZE_MAX (16u << 20)   /* bytes of a document */
#define SCAN_STRING_MAX (4u << 20)  /* bytes of one string */
#define SCAN_DEPTH_MAX 64           /* nested objects and arrays */
#define SCAN_MEMORY_MAX (24u << 20) /* what the parser may need for the values, beside its copy of the strings */

/* 0 when the bytes are one JSON object that the parser can be trusted with; else -EINVAL (or -ENOMEM) with err filled. */
int scan_document(const char *name, const char *json, size_t len, struct err *err);
