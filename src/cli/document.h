/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that the command line names: a file, or - for stdin. What is in them is the library's matter. */
#pragma once

#include "base/buf.h"
#include "masu/masu.h"

/* what, as in "list of mounts", is for error texts. */
int document_read(const char *path, const char *what, struct buf *ret, struct masu_error *err);
