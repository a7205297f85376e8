/* SPDX-License-Identifier: Apache-2.0 */
/* The session keyring of a container. Init side. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Joins the session keyring called name ("_ses.<id>"), making it when there is none, and adds set_perm to its permissions
 * (0: leaves them, as exec does). A kernel without keyrings (ENOSYS) has nothing to hide: debug log. Any other error is fatal,
 * for the container would see the caller's keys. */
int keyring_apply_session(const char *name, uint32_t set_perm, struct err *err);

#define KEYRING_OTHER_SEARCH 0x00000008u /* with a user namespace: the joining root is another uid to the kernel */
#define KEYRING_USER_SEARCH 0x00080000u
