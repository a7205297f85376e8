/* SPDX-License-Identifier: Apache-2.0 */
/* JSON bytes to typed values. The only door to the parser library; every document passes the strict scan (scan.h) first.
 * Values belong to the document and end with it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "json/pointer.h"
#include "json/scan.h"

struct jr_doc;
struct jr_value;

enum jr_type { JR_NULL, JR_BOOL, JR_INT, JR_REAL, JR_STRING, JR_ARRAY, JR_OBJECT };

/* name is the document's name for error texts ("config.json"); borrowed while the document lives. The bytes are borrowed
 * for the call. 0, -EINVAL or -ENOMEM with err filled. */
int jr_parse(const char *name, const char *json, size_t len, struct jr_doc **ret, struct err *err);
void jr_free(struct jr_doc **doc); /* for AUTO(jr_free); idempotent */

const struct jr_value *jr_root(const struct jr_doc *doc); /* always an object */
const char *jr_name(const struct jr_doc *doc);
enum jr_type jr_type_of(const struct jr_value *v);
const char *jr_type_name(enum jr_type t); /* "an integer", for texts */

/* Members in document order:
 *	for (struct jr_member m = jr_first(obj); m.key; jr_next(&m)) use(m.key, m.value); */
struct jr_member {
	const char *key;
	const struct jr_value *value;
	const void *entry;
};
struct jr_member jr_first(const struct jr_value *object);
void jr_next(struct jr_member *m);
size_t jr_members(const struct jr_value *object);
/* NULL when absent or null. */
const struct jr_value *jr_get(const struct jr_value *object, const char *key);

size_t jr_elements(const struct jr_value *array);
const struct jr_value *jr_element(const struct jr_value *array, size_t index);

/* Without conversions: 0, or -EINVAL with "<name>: <pointer>: expected ..." in err. at may be NULL (the document). */
int jr_str(const struct jr_doc *doc, const struct jr_value *v, const struct jp *at, const char **ret, size_t *ret_len,
	   struct err *err);
int jr_bool(const struct jr_doc *doc, const struct jr_value *v, const struct jp *at, bool *ret, struct err *err);
int jr_i64(const struct jr_doc *doc, const struct jr_value *v, const struct jp *at, int64_t min, int64_t max,
	   int64_t *ret, struct err *err);
int jr_u64(const struct jr_doc *doc, const struct jr_value *v, const struct jp *at, uint64_t max, uint64_t *ret,
	   struct err *err);
/* Checks the type only. */
int jr_expect(const struct jr_doc *doc, const struct jr_value *v, const struct jp *at, enum jr_type want,
	      struct err *err);
/* Reports a bad value at a place; returns -EINVAL. */
int jr_fail(const struct jr_doc *doc, const struct jp *at, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
