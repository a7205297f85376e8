/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output of the program. */
#pragma once

#include "base/buf.h"
#include "masu/masu.h"

/* A masu_write_fn on stdout; arg is not used. */
int out_write(void *arg, const char *data, size_t len);
/* A masu_write_fn that fills a struct buf. */
int out_collect(void *arg, const char *data, size_t len);
/* Writes the buffer to stdout; 0 or a negative errno with err filled. */
int out_buf(const struct buf *b, struct masu_error *err);
/* SIGPIPE must not end a half-made container: writing to a closed pipe only fails with EPIPE. The handler (rather
 * than SIG_IGN) is gone after an execve, so that no container inherits an ignored signal. */
void out_catch_sigpipe(void);
