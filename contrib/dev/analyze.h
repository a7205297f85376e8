/* SPDX-License-Identifier: Apache-2.0 */
/* For contrib/dev/analyze alone: analyzers see one file at a time and have to be told that what reports an error returns one. Not
 * for base/err.c, which defines them. */
#include "base/err.h"

#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_sys(...) (err_sys(__VA_ARGS__), -1)
#define err_code(e, r, ...) (err_code(e, r, __VA_ARGS__), (r) < 0 ? (r) : -1)
#define err_wrap(e, r, ...) (err_wrap(e, r, __VA_ARGS__), (r))
