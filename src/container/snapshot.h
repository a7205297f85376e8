/* SPDX-License-Identifier: Apache-2.0 */
/* The document as it was at create, read back from the container's directory. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "spec/annotation.h"
#include "spec/model.h"

struct snapshot {
	struct buf json;
	struct arena arena;
	const struct spec_config *config;
	struct annotations annotations;
};

int snapshot_load(int dir_fd, struct snapshot *ret, struct err *err);
/* The same, with the annotations that the create was allowed (of its state) and what they change in the document. */
int snapshot_load_annotated(int dir_fd, char *const *allowed, struct snapshot *ret, struct err *err);
void snapshot_done(struct snapshot *s);
