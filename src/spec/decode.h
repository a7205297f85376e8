/* SPDX-License-Identifier: Apache-2.0 */
/* JSON bytes to the model: strict, validated, with a JSON pointer in every error. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/model.h"

/* name is the document's name for error texts ("config.json"). The result lives in the arena.
 * Decodes, checks ranges, vocabularies and required members, then the cross-field rules (spec/check.h). -EINVAL with err filled.
 * Unknown properties are logged at debug level. */
int spec_decode_config(const char *name, const char *json, size_t len, struct arena *a, const struct spec_config **ret,
		       struct err *err);
/* A process document alone (exec --process FILE) and a resources document (update --resources FILE). */
int spec_decode_process(const char *name, const char *json, size_t len, struct arena *a,
			const struct spec_process **ret, struct err *err);
int spec_decode_resources(const char *name, const char *json, size_t len, struct arena *a,
			  const struct spec_resources **ret, struct err *err);
struct spec_object; /* spec/fields.h */
/* Any object of the tables, without the rules between properties (state, features). */
int spec_decode_object(const struct spec_object *o, const char *name, const char *json, size_t len, struct arena *a,
		       const void **ret, struct err *err);
/* The first property that is present and REFUSED(...): -EOPNOTSUPP with its pointer; 0 when there is none. */
int spec_refuse_unapplied(const struct spec_config *c, struct err *err);
