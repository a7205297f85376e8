/* SPDX-License-Identifier: Apache-2.0 */
/* JSON pointers as text, and the one way to report a bad place in a document. */

#include "json/pointer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static size_t put(char *out, size_t at, char c)
{
	if (at + 1 < JP_MAX)
		out[at++] = c;
	out[at] = 0;
	return at;
}

void jp_add_key(char out[static JP_MAX], const char *key, size_t len)
{
	size_t at = put(out, strlen(out), '/');

	for (size_t i = 0; i < len && at + 1 < JP_MAX; i++) {
		unsigned char c = (unsigned char)key[i];

		if (c == '~' || c == '/') {
			at = put(out, at, '~');
			at = put(out, at, c == '~' ? '0' : '1');
		} else {
			at = put(out, at, c < 0x20 || c == 0x7f ? '?' : (char)c);
		}
	}
}

void jp_add_index(char out[static JP_MAX], size_t index)
{
	size_t at = strlen(out);

	snprintf(out + at, JP_MAX - at, "/%zu", index);
}

void jp_format(const struct jp *at, char out[static JP_MAX])
{
	const struct jp *chain[64];
	size_t n = 0;

	out[0] = 0;
	for (; at && at->up && n < sizeof(chain) / sizeof(chain[0]); at = at->up)
		chain[n++] = at;
	while (n--) {
		if (chain[n]->key)
			jp_add_key(out, chain[n]->key, strlen(chain[n]->key));
		else
			jp_add_index(out, chain[n]->index);
	}
}

int jp_fail(const char *name, const char *pointer, struct err *err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* texts quote values of the document */
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	if (*pointer)
		err_set(err, EINVAL, "%s: %s: %s", name, pointer, text);
	else
		err_set(err, EINVAL, "%s: %s", name, text);
	if (*pointer)
		err_pointer(err, "%s", pointer);
	return -EINVAL;
}
