/* SPDX-License-Identifier: Apache-2.0 */
/* Bit masks are hexadecimal, bandwidths (MB) decimal. */
#include "kernel/rdt/schema.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct value {
	uint64_t id, value;
};

/* Length of the resource's name before the colon; 0 when there is none. */
static size_t resource_length(const char *line)
{
	size_t n = strcspn(line, ":\n");

	return line[n] == ':' ? n : 0;
}

static bool is_decimal(const char *line)
{
	return !strncmp(line, "MB:", 3) || !strncmp(line, "SMBA:", 5);
}

static bool at_end(char c)
{
	return c == '\0' || c == '\n';
}

/* One "id=value" at *p, which moves behind it and its semicolon. */
static bool next_value(const char **p, bool decimal, struct value *ret)
{
	char *end;

	*p += strspn(*p, " \t");
	if (**p < '0' || **p > '9')
		return false;
	ret->id = strtoull(*p, &end, 10);
	end += strspn(end, " \t");
	if (*end++ != '=')
		return false;
	end += strspn(end, " \t");
	*p = end;
	ret->value = strtoull(*p, &end, decimal ? 10 : 16);
	if (end == *p)
		return false;
	end += strspn(end, " \t");
	if (*end != ';' && !at_end(*end))
		return false;
	*p = end + (*end == ';');
	return true;
}

/* The values of this resource in the file's text, or NULL. The kernel aligns the names with blanks. */
static const char *find_resource(const char *text, const char *name, size_t len)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *p = text + strspn(text, " \t");

		if (!strncmp(p, name, len) && p[len] == ':')
			return p + len + 1;
	}
	return NULL;
}

static bool has_value(const char *values, bool decimal, const struct value *want)
{
	struct value v;

	while (!at_end(*values) && next_value(&values, decimal, &v))
		if (v.id == want->id)
			return v.value == want->value;
	return false;
}

const char *rdt_schema_find(const char *file_text, const char *line, size_t *ret_len)
{
	size_t len = resource_length(line);
	const char *values = len ? find_resource(file_text, line, len) : NULL;

	if (!values)
		return NULL;
	*ret_len = len + 1 + strcspn(values, "\n");
	return values - len - 1;
}

bool rdt_schema_matches(const char *file_text, const char *line)
{
	size_t len = resource_length(line);
	const char *values = len ? find_resource(file_text, line, len) : NULL, *p = line + len + 1;
	bool decimal = is_decimal(line), any = false;
	struct value want;

	if (!values)
		return false;
	while (!at_end(*p)) {
		if (!next_value(&p, decimal, &want) || !has_value(values, decimal, &want))
			return false;
		any = true;
		p += strspn(p, " \t");
	}
	return any;
}
