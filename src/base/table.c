/* SPDX-License-Identifier: Apache-2.0 */
/* Looking words up, both ways. The tables live with their users. */
#include "base/table.h"

#include <string.h>

const struct word *vocab_find(const struct vocab *v, const char *name)
{
	for (size_t i = 0; name && i < v->len; i++)
		if (!strcmp(v->words[i].name, name))
			return &v->words[i];
	return NULL;
}

const char *vocab_name(const struct vocab *v, int64_t value)
{
	for (size_t i = 0; i < v->len; i++)
		if (v->words[i].value == value)
			return v->words[i].name;
	return NULL;
}
