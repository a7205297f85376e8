/* SPDX-License-Identifier: Apache-2.0 */
/* The model to JSON, by the same rows that decode it: what is absent is not written; order is the order of the rows. */
#pragma once

#include "spec/model.h"
#include "json/write.h"

struct spec_object;

/* Writes one object; errors stay in the writer (jw_finish). */
void spec_encode_object(const struct spec_object *o, const void *object, struct jw *w);
void spec_encode_config(const struct spec_config *c, struct jw *w);
