/* SPDX-License-Identifier: Apache-2.0 */
/* Which hole is open, in builds with --enable-mutations; otherwise this file is empty, and check-symbols proves it. */
#include "base/mutation.h"

#ifdef MASU_MUTATIONS
#include <string.h>
#include <unistd.h>

static const char variable[] = "MASU_MUTATION=";

char *mutation_environment(void)
{
	for (char **e = environ; e && *e; e++)
		if (!strncmp(*e, variable, sizeof(variable) - 1))
			return *e;
	return NULL;
}

bool mutation_is(const char *row)
{
	const char *e = mutation_environment();

	return e && !strcmp(e + sizeof(variable) - 1, row);
}
#endif
