/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations that change what is done: crun's run.oci.*, org.systemd.property.* and org.criu.config. Those that give a container
 * more than its document does count only when the caller allows them, since engines copy annotations from images. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "spec/model.h"

struct annotation_item {
	const char *text, *second;
	uint64_t number;
};

/* One org.systemd.property.NAME; the members are those of a property of a unit. NAMESec is NAMEUSec here, microseconds. */
struct annotation_property {
	const char *key;                     /* of the annotation */
	const char *name;                    /* at least three letters, nothing else */
	const char *type;                    /* D-Bus signature: b y u t i x s, as au ay, a(ss) a(st) */
	const char *text;                    /* s */
	int64_t number;                      /* b y u t i x; t above INT64_MAX as its two's complement */
	const struct annotation_item *items; /* as: text; au: number; a(ss): text, second; a(st): text, number */
	size_t items_len;
	const uint8_t *bytes; /* ay */
	size_t bytes_len;
};

struct annotations {
	const char *mount_context_type; /* "context" and its kin; NULL: absent */
	const char *seccomp_receiver;   /* AF_UNIX path */
	const char *pidfd_receiver;     /* AF_UNIX path */
	const char *hooks_stdout, *hooks_stderr;
	const char *systemd_subgroup; /* one component; NULL: absent, "": none is made */
	const char *delegate_cgroup;  /* relative path */
	const char *criu_config;      /* absolute path; NULL: absent, "": no file at all */
	bool seccomp_fail_unknown;
	bool keep_groups;
	const void *seccomp_bpf; /* struct sock_filter[] */
	size_t seccomp_bpf_len;  /* bytes; 0: absent */
	const struct annotation_property *properties;
	size_t properties_len;
};

/* allowed: patterns of fnmatch(3), NULL or NULL-terminated. What needs one and has none is left out; what cannot be done is an error
 * with its pointer; unknown keys are nothing to us. Strings are borrowed from the document or live in a. */
int annotations_parse(const struct spec_config *c, char *const *allowed, struct arena *a, struct annotations *ret,
		      struct err *err);
/* Says what annotations_parse leaves out. */
void annotations_warn(const struct spec_config *c, char *const *allowed);
/* The document with what an annotation puts into a property: run.oci.seccomp.receiver is a listenerPath. NULL without memory. */
const struct spec_config *annotations_apply(const struct spec_config *c, const struct annotations *an, struct arena *a);
/* One line each. */
void annotations_print(const struct annotations *an, struct buf *out);
/* Those that do anything, be it an error, for `features`: a name, or a prefix that ends in a dot. NULL at the end. */
const char *annotation_unsafe_at(size_t i);

/* src/spec/annotation_property.c: value is GVariant text. */
int annotation_property_parse(const char *key, const char *name, const char *value, struct arena *a,
			      struct annotation_property *ret, struct err *err);
/* Properties of a unit that grant nothing and that engines set on every container. */
bool annotation_property_is_harmless(const char *name);
