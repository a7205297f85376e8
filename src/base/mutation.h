/* SPDX-License-Identifier: Apache-2.0 */
/* Published holes on purpose, for the tests in spec-tests/security (configure --enable-mutations): MASU_MUTATION=A25 brings the hole of
 * that row back, so that its test can be seen to fail. In any other build MUTATION() is the constant 0 and nothing reads the variable. */
#pragma once

#ifdef MASU_MUTATIONS
#include <stdbool.h>

bool mutation_is(const char *row);
char *mutation_environment(void); /* MASU_MUTATION=… or NULL: what masu-init needs of it */
#define MUTATION(row) mutation_is(#row)
#define MUTATION_BUILD 1
#else
#define MUTATION(row) 0
#define MUTATION_BUILD 0
#endif
