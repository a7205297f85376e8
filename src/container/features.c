/* SPDX-License-Identifier: Apache-2.0 */
/* The features document, printed from the tables that parse and act: what is listed works, what is refused is not listed. */

#include <errno.h>

#include "base/cleanup.h"
#include "container/api.h"
#include "container/checkpoint/criu.h"
#include "kernel/cgroup/sdbus.h"
#include "kernel/mount/options.h"
#include "kernel/security/caps.h"
#include "kernel/security/seccomp.h"
#include "spec/annotation.h"
#include "spec/model.h"
#include "spec/version.h"
#include "json/write.h"

#define CAPS_KNOWN 41 /* CAP_CHOWN … CAP_CHECKPOINT_RESTORE */

static void write_words(struct jw *w, const char *key, const char *const *words, size_t n)
{
	jw_key(w, key);
	jw_array(w);
	for (size_t i = 0; i < n; i++)
		jw_str(w, words[i]);
	jw_end(w);
}

static void write_vocab(struct jw *w, const char *key, const struct vocab *v)
{
	jw_key(w, key);
	jw_array(w);
	for (size_t i = 0; i < v->len; i++)
		jw_str(w, v->words[i].name);
	jw_end(w);
}

static void write_flag(struct jw *w, const char *key, bool value)
{
	jw_key(w, key);
	jw_bool(w, value);
}

static void write_enabled(struct jw *w, const char *key, bool value)
{
	jw_key(w, key);
	jw_object(w);
	write_flag(w, "enabled", value);
	jw_end(w);
}

static void write_hooks(struct jw *w)
{
	static const char *const hooks[] = { "prestart",       "createRuntime", "createContainer",
					     "startContainer", "poststart",     "poststop" };

	write_words(w, "hooks", hooks, ARRAY_SIZE(hooks));
}

static void write_mount_options(struct jw *w)
{
	const struct mount_option *o;

	jw_key(w, "mountOptions");
	jw_array(w);
	for (size_t i = 0; (o = mount_option_at(i)); i++)
		if (o->origin != MOUNT_OPTION_MOUNT8)
			jw_str(w, o->word);
	jw_end(w);
}

static void write_capabilities(struct jw *w)
{
	jw_key(w, "capabilities");
	jw_array(w);
	for (unsigned i = 0; i < CAPS_KNOWN; i++) {
		char name[32];

		caps_name(i, name);
		jw_str(w, name);
	}
	jw_end(w);
}

static void write_cgroup(struct jw *w)
{
	jw_key(w, "cgroup");
	jw_object(w);
	write_flag(w, "v1", true);
	write_flag(w, "v2", true);
	write_flag(w, "systemd", sdbus_is_built());
	write_flag(w, "systemdUser", sdbus_is_built());
	write_flag(w, "rdma", true);
	jw_end(w);
}

static void write_supported_flags(struct jw *w)
{
	const struct vocab *v = &vocab_seccomp_flag;
	uint32_t have = seccomp_features_flags();

	jw_key(w, "supportedFlags");
	jw_array(w);
	for (size_t i = 0; i < v->len; i++)
		if (have & (uint32_t)v->words[i].value)
			jw_str(w, v->words[i].name);
	jw_end(w);
}

static void write_seccomp(struct jw *w)
{
	const char *archs[32];
	size_t n = seccomp_features_archs(archs, ARRAY_SIZE(archs));

	jw_key(w, "seccomp");
	jw_object(w);
	write_flag(w, "enabled", true);
	write_vocab(w, "actions", &vocab_seccomp_action);
	write_vocab(w, "operators", &vocab_seccomp_op);
	write_words(w, "archs", archs, n < ARRAY_SIZE(archs) ? n : ARRAY_SIZE(archs));
	write_vocab(w, "knownFlags", &vocab_seccomp_flag);
	write_supported_flags(w);
	jw_end(w);
}

static void write_linux(struct jw *w)
{
	jw_key(w, "linux");
	jw_object(w);
	write_vocab(w, "namespaces", &vocab_namespace);
	write_capabilities(w);
	write_cgroup(w);
	write_seccomp(w);
	write_enabled(w, "apparmor", true);
	write_enabled(w, "selinux", true);
	jw_key(w, "memoryPolicy");
	jw_object(w);
	write_vocab(w, "modes", &vocab_mempolicy_mode);
	write_vocab(w, "flags", &vocab_mempolicy_flag);
	jw_end(w);
	jw_key(w, "intelRdt");
	jw_object(w);
	write_flag(w, "enabled", true);
	write_flag(w, "schemata", true);
	write_flag(w, "monitoring", true);
	jw_end(w);
	jw_key(w, "mountExtensions");
	jw_object(w);
	write_enabled(w, "idmap", true);
	jw_end(w);
	write_enabled(w, "netDevices", true);
	jw_end(w);
}

static void write_annotations(struct jw *w)
{
	jw_key(w, "annotations");
	jw_object(w);
	jw_key(w, "io.github.seccomp.libseccomp.version");
	jw_str(w, masu_libseccomp_version());
	jw_key(w, "org.opencontainers.runc.checkpoint.enabled");
	jw_str(w, criu_is_built_in() ? "true" : "false");
	jw_end(w);
}

/* A name, or a prefix that ends in a dot. */
static void write_unsafe(struct jw *w)
{
	const char *name;

	jw_key(w, "potentiallyUnsafeConfigAnnotations");
	jw_array(w);
	for (size_t i = 0; (name = annotation_unsafe_at(i)); i++)
		jw_str(w, name);
	jw_end(w);
}

int masu_features(masu_write_fn *out, void *arg, struct masu_error *error)
{
	AUTO(jw_free) struct jw *w = jw_new(JW_PRETTY, out, arg);
	struct err err = { 0 };
	int r;

	jw_object(w);
	jw_key(w, "ociVersionMin");
	jw_str(w, SPEC_VERSION_MIN);
	jw_key(w, "ociVersionMax");
	jw_str(w, SPEC_VERSION);
	write_hooks(w);
	write_mount_options(w);
	write_linux(w);
	write_annotations(w);
	write_unsafe(w);
	jw_end(w);
	r = jw_finish(w);
	if (r < 0)
		err_code(&err, r, "write features");
	return api_return(r, &err, error);
}
