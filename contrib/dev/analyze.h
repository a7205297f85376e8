/* SPDX-License-Identifier: Apache-2.0 */
/* For contrib/dev/analyze alone: clang's analyzer sees one file at a time and has to be told that what reports an error returns one. */
#include "base/err.h"

#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_sys(...) (err_sys(__VA_ARGS__), -1)
#define err_code(e, r, ...) (err_code(e, r, __VA_ARGS__), (r) < 0 ? (r) : -1)
#define err_wrap(e, r, ...) (err_wrap(e, r, __VA_ARGS__), (r))
