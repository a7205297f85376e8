/* SPDX-License-Identifier: Apache-2.0 */
/* Typed values to JSON bytes, streamed into a sink; byte-stable. The only door to the generator library.
 * Errors are sticky: check jw_finish once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes the bytes; a negative errno ends the output and comes back from jw_finish. */
typedef int jw_sink_fn(void *arg, const char *data, size_t len);

enum { JW_COMPACT = 0, JW_PRETTY = 1 }; /* pretty: two blanks per level and a newline at the end */

struct jw;

/* NULL without memory; every call below accepts NULL and jw_finish then says -ENOMEM. */
struct jw *jw_new(int style, jw_sink_fn *sink, void *arg);
void jw_free(struct jw **w); /* for AUTO(jw_free); does not flush */
/* Flushes. 0, -ENOMEM, the sink's error, or -EINVAL when the calls did not make one whole value. */
int jw_finish(struct jw *w);

void jw_object(struct jw *w);
void jw_array(struct jw *w);
void jw_end(struct jw *w); /* of the innermost object or array */
void jw_key(struct jw *w, const char *key);
/* Host strings may hold any bytes: what is not UTF-8 becomes U+FFFD. NULL is written as null. */
void jw_str(struct jw *w, const char *s);
void jw_strn(struct jw *w, const char *s, size_t len);
void jw_i64(struct jw *w, int64_t v);
void jw_u64(struct jw *w, uint64_t v);
/* v/100 with two digits behind the point. */
void jw_hundredths(struct jw *w, uint64_t v);
void jw_bool(struct jw *w, bool v);
void jw_null(struct jw *w);

/* A sink that appends to a struct buf (base/buf.h). */
int jw_to_buf(void *buf, const char *data, size_t len);
