/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of one container below the state directory. Its existence is the claim on the id; an flock on it is the
 * lock of every operation that changes the container.
 *
 *   journal      completed steps whose undo outlives the process (container/journal.h)
 *   config.json  the document as it was at create
 *   state.json   written last: the container exists
 *   start.fifo   init waits on it: as long as it exists the container has not been started
 *   result.fifo  end of file when the program was executed, else the error
 *   notify/      mounted into a container whose caller has a NOTIFY_SOCKET
 */
#pragma once

#include <stdbool.h>

#include "container/runtime.h"

#define DIR_JOURNAL "journal"
#define DIR_CONFIG "config.json"
#define DIR_STATE "state.json"
#define DIR_START_FIFO "start.fifo"
#define DIR_RESULT_FIFO "result.fifo"
#define DIR_NOTIFY "notify"

/* Makes the directory and locks it. -EEXIST when the id is taken. *ret_fd is owned. */
int dir_claim(struct masu_runtime *rt, const char *id, int *ret_fd, struct err *err);
/* Opens it without the lock. -ENOENT with "container `id` does not exist". */
int dir_open(struct masu_runtime *rt, const char *id, int *ret_fd, struct err *err);
/* Opens and locks it, waiting for whoever holds it, at most timeout_ms. */
#define DIR_LOCK_MS 10000 /* how long commands wait for each other */
int dir_open_locked(struct masu_runtime *rt, const char *id, int timeout_ms, int *ret_fd, struct err *err);
/* The lock of a directory that is open already; -EBUSY after timeout_ms. Look at dir_is_gone() then. */
int dir_lock(int dir_fd, int timeout_ms);
/* True when it was removed after it was opened. */
bool dir_is_gone(int dir_fd);
/* -ENOENT with "container `id` does not exist". */
int dir_no_such(const char *id, struct err *err);
/* True when somebody else holds the lock: a create is under way. */
bool dir_is_locked(int dir_fd);
/* Removes the directory with all that is in it. */
int dir_remove(struct masu_runtime *rt, const char *id, struct err *err);
