/* SPDX-License-Identifier: Apache-2.0 */
/* JSON for the runner of the cases: the one file of the tests that includes json-c. Everything lives until the process of
 * the case ends, so nothing is released. NULL is JSON's null, as in json-c. */
#ifndef CASES_DOC_H
#define CASES_DOC_H
#include <json-c/json.h>
#include <stdbool.h>

typedef struct json_object json;

/* The whole file as one document; NULL with *why. */
json *j_load(const char *path, const char **why);
json *j_parse(const char *text);
/* The bytes as a string, or as its JSON when a document. */
const char *j_text(json *j);

json *j_get(json *object, const char *key);
const char *j_str(json *object, const char *key, const char *otherwise);
long j_int(json *object, const char *key, long otherwise);
bool j_true(json *object, const char *key);
bool j_has(json *object, const char *key);
bool j_is(json *j, enum json_type type);
bool j_same(json *a, json *b);

/* "/a/0/b" or, without the first slash, the member of exactly that name; false when there is none. */
bool j_find(json *doc, const char *where, json **value);

/* doc changed by a merge patch (RFC 7386, an object) or by a list of these and of {"op","path","value"} (RFC 6902: add, replace,
 * remove). NULL with *why. */
json *j_patched(json *doc, json *patch, const char **why);
#endif
