/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a resctrl schemata file ("L3:0=7f0;1=1f"). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The line of the file that has the resource of line, without its end, and its length; NULL when there is none. */
const char *rdt_schema_find(const char *file_text, const char *line, size_t *ret_len);
/* Whether each value of line is what the text of the file has, whatever the order and the leading zeros. Ids that line does not name
 * may be anything: writing it would not change them. */
bool rdt_schema_matches(const char *file_text, const char *line);
