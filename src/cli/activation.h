/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager says through the environment: LISTEN_FDS and NOTIFY_SOCKET. */
#pragma once

#include "masu/masu.h"

/* Number of descriptors (from 3 on) that were handed over for the container, and their names or NULL. */
int activation_fds(int *ret_fds, const char **ret_names, struct masu_error *err);
/* $NOTIFY_SOCKET or NULL. */
const char *activation_notify_socket(void);
