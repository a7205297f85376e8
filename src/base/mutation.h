/* SPDX-License-Identifier: Apache-2.0 */
/* Published holes on purpose, for the tests in spec-tests/security (configure --enable-mutations): MASU_MUTATION=A25 brings the hole of
 * that row back, so that its test can be seen to fail. In any other build MUTATION() is the constant 0 and nothing reads the variable. */
#pragma once

#ifdef MASU_MUTATIONS
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

bool mutation_is(const char *row);
char *mutation_environment(void);      /* MASU_MUTATION=… or NULL: what masu-init needs of it */
uint32_t mutation_passwd(uint32_t id); /* the id of the one who is named like a number in rootfs/etc/passwd */
void mutation_listen(void);            /* on an abstract socket, for whoever comes */
int mutation_leave_cgroup(pid_t pid);  /* into the host's cgroup of one hierarchy */
#define MUTATION(row) mutation_is(#row)
#define MUTATION_BUILD 1
#else
#define MUTATION(row) 0
#define mutation_passwd(id) (id)
#define mutation_listen() (void)0
#define mutation_leave_cgroup(pid) 0
#define MUTATION_BUILD 0
#endif
