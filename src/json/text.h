/* SPDX-License-Identifier: Apache-2.0 */
/* Characters of JSON text: UTF-8 and escapes. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Length 1..4 of the well-formed UTF-8 sequence at p (no overlong forms, no surrogates, at most U+10FFFF); 0: none. */
size_t text_utf8(const char *p, const char *end);
/* Length of the escape at p (a backslash); a surrogate pair counts as one. 0: invalid, *why says why. With out, the
 * decoded bytes (at most 4) go there and *out_len is set. NUL is refused. */
size_t text_escape(const char *p, const char *end, char *out, size_t *out_len, const char **why);
/* Decodes a string that is known to be valid; NUL-terminated, in the arena; NULL without memory. */
char *text_unescape(struct arena *a, const char *p, const char *end, size_t *ret_len);
