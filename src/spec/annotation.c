/* SPDX-License-Identifier: Apache-2.0 */
/* The annotations that we know, one row each: what they need, and what they become. */
#include "spec/annotation.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"

#define SYSTEMD_PREFIX "org.systemd.property."
#define FILTER_BYTES 8 /* struct sock_filter */

enum need {
	SAFE,    /* gives nothing that the document does not */
	ALLOWED, /* the caller has to allow it */
	REFUSED, /* cannot be done: an error even where it is not allowed, since going on would be something else */
	UNUSED,  /* for a handler that does not exist here */
};

struct take {
	struct arena *arena;
	struct annotations *ret;
	const char *key, *value;
	struct err *err;
};

static int fail(struct take *t, const char *why)
{
	err_pointer(t->err, "/annotations/%s", t->key);
	return err_set(t->err, EINVAL, "use annotation `%s`: %s", t->key, why);
}

static int take_context(struct take *t)
{
	static const char *const words[] = { "context", "fscontext", "defcontext", "rootcontext" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(t->value, words[i]) == 0) {
			t->ret->mount_context_type = t->value;
			return 0;
		}
	return fail(t, "expected context, fscontext, defcontext or rootcontext");
}

static int take_path(struct take *t, const char **ret)
{
	*ret = t->value;
	return path_is_absolute(t->value) ? 0 : fail(t, "expected an absolute path");
}

static int take_receiver(struct take *t)
{
	return take_path(t, &t->ret->seccomp_receiver);
}

static int take_pidfd(struct take *t)
{
	return take_path(t, &t->ret->pidfd_receiver);
}

static int take_stdout(struct take *t)
{
	return take_path(t, &t->ret->hooks_stdout);
}

static int take_stderr(struct take *t)
{
	return take_path(t, &t->ret->hooks_stderr);
}

static int take_criu(struct take *t)
{
	t->ret->criu_config = t->value;
	return *t->value ? take_path(t, &t->ret->criu_config) : 0;
}

static int take_fail_unknown(struct take *t)
{
	t->ret->seccomp_fail_unknown = strcmp(t->value, "0") != 0;
	return 0;
}

static int take_groups(struct take *t)
{
	t->ret->keep_groups = strcmp(t->value, "0") != 0;
	return 0;
}

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Strict: whole groups of four, padding at the end only. */
static int take_bpf(struct take *t)
{
	size_t len = strlen(t->value), n = 0;
	uint8_t *out = arena_new(t->arena, uint8_t, len / 4 * 3 + 1);

	if (!out)
		return err_set(t->err, ENOMEM, "use annotation `%s`", t->key);
	if (!len || len % 4)
		return fail(t, "expected base64");
	for (size_t i = 0; i < len; i += 4) {
		unsigned pad = i + 4 == len ? (t->value[len - 1] == '=') + (t->value[len - 2] == '=') : 0;
		uint32_t bits = 0;

		for (unsigned k = 0; k < 4; k++) {
			int d = k >= 4 - pad ? 0 : base64_digit(t->value[i + k]);

			if (d < 0 || (pad == 2 && t->value[len - 1] != '='))
				return fail(t, "expected base64");
			bits = bits << 6 | (uint32_t)d;
		}
		for (unsigned k = 0; k < 3 - pad; k++)
			out[n++] = (uint8_t)(bits >> (16 - 8 * k));
	}
	if (n % FILTER_BYTES)
		return fail(t, "not a list of BPF instructions");
	t->ret->seccomp_bpf = out;
	t->ret->seccomp_bpf_len = n;
	return 0;
}

static bool is_component(const char *s, size_t len)
{
	return len && len < 256 && !memchr(s, '\n', len) && !(len == 1 && s[0] == '.') &&
	       !(len == 2 && s[0] == '.' && s[1] == '.');
}

static int take_subgroup(struct take *t)
{
	t->ret->systemd_subgroup = t->value;
	if (*t->value && (strchr(t->value, '/') || !is_component(t->value, strlen(t->value))))
		return fail(t, "expected the name of a cgroup");
	return 0;
}

static int take_delegate(struct take *t)
{
	const char *s = t->value + strspn(t->value, "/");

	t->ret->delegate_cgroup = *s ? s : NULL;
	while (*s) {
		size_t len = strcspn(s, "/");

		if (!is_component(s, len))
			return fail(t, "expected the path of a cgroup, without `..`");
		s += len;
		s += strspn(s, "/");
	}
	return 0;
}

static int take_handler(struct take *t)
{
	return *t->value ? fail(t, "there are no handlers in masu: the program would run in a container, not in it")
			 : 0;
}

static int take_plugins(struct take *t)
{
	return fail(t, "seccomp plugins are not supported, only an agent at linux.seccomp.listenerPath");
}

static int take_cgroup_v1(struct take *t)
{
	return fail(t, "not supported: the container would not be confined in that hierarchy");
}

/* Filled in annotations_parse, which counts first. */
static int take_property(struct take *t)
{
	struct annotation_property *p = (struct annotation_property *)(uintptr_t)t->ret->properties;

	return annotation_property_parse(t->key, t->key + strlen(SYSTEMD_PREFIX), t->value, t->arena,
					 &p[t->ret->properties_len++], t->err);
}

static const struct row {
	const char *name; /* a prefix when it ends in a dot */
	enum need need;
	int (*take)(struct take *t);
} rows[] = {
	{ "run.oci.mount_context_type", ALLOWED, take_context },
	{ "run.oci.seccomp.receiver", ALLOWED, take_receiver },
	{ "run.oci.seccomp.plugins", REFUSED, take_plugins },
	{ "run.oci.seccomp_fail_unknown_syscall", SAFE, take_fail_unknown },
	{ "run.oci.seccomp_bpf_data", ALLOWED, take_bpf },
	{ "run.oci.keep_original_groups", ALLOWED, take_groups },
	{ "run.oci.pidfd_receiver", ALLOWED, take_pidfd },
	{ "run.oci.systemd.force_cgroup_v1", REFUSED, take_cgroup_v1 },
	{ "run.oci.systemd.subgroup", SAFE, take_subgroup },
	{ "run.oci.delegate-cgroup", ALLOWED, take_delegate },
	{ "run.oci.hooks.stdout", ALLOWED, take_stdout },
	{ "run.oci.hooks.stderr", ALLOWED, take_stderr },
	{ "run.oci.handler", REFUSED, take_handler },
	{ SYSTEMD_PREFIX, ALLOWED, take_property },
	{ "org.criu.config", ALLOWED, take_criu },
	{ "module.wasm.image/variant", UNUSED, NULL },
	{ "krun.", UNUSED, NULL },
};

static const struct row *row_find(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].name);

		if (rows[i].name[len - 1] == '.' ? strncmp(key, rows[i].name, len) == 0
						 : strcmp(key, rows[i].name) == 0)
			return &rows[i];
	}
	return NULL;
}

static bool is_allowed(const struct row *row, const char *key, char *const *allowed)
{
	if (row->take == take_property && annotation_property_is_harmless(key + strlen(SYSTEMD_PREFIX)))
		return true;
	for (; allowed && *allowed; allowed++)
		if (fnmatch(*allowed, key, 0) == 0)
			return true;
	return false;
}

void annotations_warn(const struct spec_config *c, char *const *allowed)
{
	for (size_t i = 0; i < c->annotations_len; i++) {
		const char *key = c->annotations[i].key;
		const struct row *row = row_find(key);

		if (row && row->need == UNUSED)
			log_warn("annotation `%s` has no effect: there are no handlers, the program runs natively",
				 key);
		if (row && row->need == ALLOWED && !is_allowed(row, key, allowed))
			log_warn("annotation `%s` is ignored: it needs the option --allow-annotation", key);
	}
}

static int parse_one(struct take *t, char *const *allowed)
{
	const struct row *row = row_find(t->key);

	if (!row || row->need == UNUSED || (row->need == ALLOWED && !is_allowed(row, t->key, allowed)))
		return 0;
	return row->take(t);
}

int annotations_parse(const struct spec_config *c, char *const *allowed, struct arena *a, struct annotations *ret,
		      struct err *err)
{
	*ret = (struct annotations){ 0 };
	if (!c->annotations_len)
		return 0;
	ret->properties = arena_new(a, struct annotation_property, c->annotations_len);
	if (!ret->properties)
		return err_set(err, ENOMEM, "read the annotations");
	for (size_t i = 0; i < c->annotations_len; i++) {
		struct take t = { a, ret, c->annotations[i].key, c->annotations[i].value, err };
		int r = parse_one(&t, allowed);

		if (r < 0)
			return r;
	}
	return 0;
}

const struct spec_config *annotations_apply(const struct spec_config *c, const struct annotations *an, struct arena *a)
{
	const struct spec_seccomp *old = c->lnx ? c->lnx->seccomp : NULL;
	struct spec_config *copy;
	struct spec_linux_ *lnx;
	struct spec_seccomp *s;

	if (!an->seccomp_receiver || (!old && !an->seccomp_bpf_len) || (old && old->listener_path))
		return c;
	copy = arena_new(a, struct spec_config, 1);
	lnx = arena_new(a, struct spec_linux_, 1);
	s = arena_new(a, struct spec_seccomp, 1);
	if (!copy || !lnx || !s)
		return NULL;
	*copy = *c;
	if (c->lnx)
		*lnx = *c->lnx;
	if (old)
		*s = *old;
	s->listener_path = an->seccomp_receiver;
	lnx->seccomp = s;
	copy->lnx = lnx;
	return copy;
}

const char *annotation_unsafe_at(size_t i)
{
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		if (rows[k].need != UNUSED && i-- == 0)
			return rows[k].name;
	return NULL;
}
