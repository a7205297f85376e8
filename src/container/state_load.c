/* SPDX-License-Identifier: Apache-2.0 */
/* Reading state.json back. The file is ours, but a damaged one must give an error, not a surprise. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "container/dir.h"
#include "container/state.h"
#include "container/trust.h"
#include "json/read.h"

#define STATE_MAX (4 << 20)

struct reader {
	const struct jr_doc *doc;
	const struct jr_value *root;
	struct arena *arena;
	struct err *err;
};

static int read_str(struct reader *r, const char *key, bool required, const char **ret)
{
	const struct jr_value *v = jr_get(r->root, key);
	const char *s;
	int e;

	if (!v)
		return required ? err_set(r->err, EINVAL, "read state.json: `%s` is missing", key) : 0;
	e = jr_str(r->doc, v, NULL, &s, NULL, r->err);
	if (e < 0)
		return e;
	*ret = arena_strdup(r->arena, s);
	return *ret ? 0 : err_set(r->err, ENOMEM, "read state.json");
}

static int read_i64(struct reader *r, const char *key, int64_t min, int64_t max, int64_t *ret)
{
	const struct jr_value *v = jr_get(r->root, key);
	struct jp at = { .key = key };

	return v ? jr_i64(r->doc, v, &at, min, max, ret, r->err)
		 : err_set(r->err, EINVAL, "read state.json: `%s` is missing", key);
}

static int read_u64(struct reader *r, const char *key, uint64_t *ret)
{
	const struct jr_value *v = jr_get(r->root, key);
	struct jp at = { .key = key };

	return v ? jr_u64(r->doc, v, &at, UINT64_MAX, ret, r->err)
		 : err_set(r->err, EINVAL, "read state.json: `%s` is missing", key);
}

static int read_bool(struct reader *r, const char *key, bool *ret)
{
	const struct jr_value *v = jr_get(r->root, key);

	return v ? jr_bool(r->doc, v, NULL, ret, r->err) : 0;
}

static int read_annotations(struct reader *r, struct state *s)
{
	const struct jr_value *v = jr_get(r->root, "annotations");
	struct spec_kv *kv;
	size_t n = 0;

	if (!v)
		return 0;
	if (jr_expect(r->doc, v, NULL, JR_OBJECT, r->err) < 0)
		return -EINVAL;
	kv = arena_new(r->arena, struct spec_kv, jr_members(v) + 1);
	if (!kv)
		return err_set(r->err, ENOMEM, "read state.json");
	for (struct jr_member m = jr_first(v); m.key; jr_next(&m)) {
		const char *text;

		if (jr_str(r->doc, m.value, NULL, &text, NULL, r->err) < 0)
			return -EINVAL;
		kv[n].key = arena_strdup(r->arena, m.key);
		kv[n].value = arena_strdup(r->arena, text);
		if (!kv[n].key || !kv[n].value)
			return err_set(r->err, ENOMEM, "read state.json");
		n++;
	}
	s->annotations = kv;
	s->annotations_len = n;
	return 0;
}

/* Older state files have none. */
static int read_descriptors(struct reader *r, struct state *s)
{
	const struct jr_value *v = jr_get(r->root, "descriptors");

	if (!v)
		return 0;
	if (jr_expect(r->doc, v, NULL, JR_ARRAY, r->err) < 0)
		return -EINVAL;
	for (size_t i = 0; i < DESCRIPTORS_LEN && i < jr_elements(v); i++) {
		const char *text;

		if (jr_str(r->doc, jr_element(v, i), NULL, &text, NULL, r->err) < 0)
			return -EINVAL;
		s->descriptors[i] = arena_strdup(r->arena, text);
		if (!s->descriptors[i])
			return err_set(r->err, ENOMEM, "read state.json");
	}
	return 0;
}

static int read_allowed(struct reader *r, struct state *s)
{
	const struct jr_value *v = jr_get(r->root, "allowedAnnotations");
	char **list;

	if (!v)
		return 0;
	if (jr_expect(r->doc, v, NULL, JR_ARRAY, r->err) < 0)
		return -EINVAL;
	list = arena_new(r->arena, char *, jr_elements(v) + 1);
	for (size_t i = 0; list && i < jr_elements(v); i++) {
		const char *text;

		if (jr_str(r->doc, jr_element(v, i), NULL, &text, NULL, r->err) < 0)
			return -EINVAL;
		list[i] = arena_strdup(r->arena, text);
		if (!list[i])
			return err_set(r->err, ENOMEM, "read state.json");
	}
	s->allowed = list;
	return list ? 0 : err_set(r->err, ENOMEM, "read state.json");
}

static int read_members(struct reader *r, struct state *s)
{
	int64_t version = 0, pid = 0, owner = 0;

	if (read_i64(r, "version", 1, INT32_MAX, &version) < 0)
		return -EINVAL;
	if (version != 1)
		return err_set(r->err, EINVAL, "read state.json: it is of a later masu (version %d)", (int)version);
	if (read_i64(r, "pid", 2, INT32_MAX, &pid) < 0 || read_i64(r, "owner", 0, UINT32_MAX, &owner) < 0 ||
	    read_u64(r, "startTime", &s->start_time) < 0)
		return -EINVAL;
	if (read_str(r, "id", true, &s->id) < 0 || read_str(r, "bundle", true, &s->bundle) < 0 ||
	    read_str(r, "rootfs", false, &s->rootfs) < 0 || read_str(r, "created", false, &s->created) < 0 ||
	    read_str(r, "cgroup", false, &s->cgroup) < 0 || read_str(r, "rdtGroup", false, &s->rdt_group) < 0 ||
	    read_str(r, "rdtMonitor", false, &s->rdt_monitor) < 0 || read_bool(r, "rdtOwn", &s->rdt_own) < 0)
		return -EINVAL;
	if (read_bool(r, "process", &s->has_process) < 0 || read_bool(r, "listener", &s->has_listener) < 0 ||
	    read_bool(r, "poststart", &s->has_poststart) < 0 || read_bool(r, "sharedPid", &s->shared_pid) < 0 ||
	    read_bool(r, "keyring", &s->keyring) < 0 || read_descriptors(r, s) < 0 || read_allowed(r, s) < 0)
		return -EINVAL;
	/* Older masu saved the word of a container without one. */
	if (s->cgroup && strcmp(s->cgroup, "disabled") == 0)
		s->cgroup = NULL;
	s->pid = (pid_t)pid;
	s->owner = (uid_t)owner;
	return read_annotations(r, s);
}

/* Files of older masu have no checksum. */
static int check_sum(struct reader *r, const char *text)
{
	const char *sum = NULL, *end = NULL;
	char want[STATE_SUM_LEN] = "";
	int e = read_str(r, "checksum", false, &sum);

	if (e < 0 || !sum)
		return e;
	for (const char *p = strstr(text, STATE_SUM_KEY); p; p = strstr(p + 1, STATE_SUM_KEY))
		end = p;
	if (end)
		state_sum(text, (size_t)(end - text), want);
	return end && strcmp(sum, want) == 0 ? 0
					     : err_set(r->err, EINVAL, "read state.json: its checksum does not fit");
}

/* Removals follow the id, so it has to be that of the directory. */
static int check_id(struct reader *r, const struct state *s, const char *id)
{
	return strcmp(s->id, id) == 0 ? 0 : err_set(r->err, EINVAL, "read state.json: it is of container `%s`", s->id);
}

static int read_file(int dir_fd, struct buf *text, struct err *err)
{
	autoclose int fd = openat(dir_fd, DIR_STATE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int r;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : err_sys(err, "open state.json");
	r = trust_check(fd, TRUST_FILE, DIR_STATE, err);
	if (r < 0)
		return r;
	r = io_read_all(fd, STATE_MAX, text);
	return r < 0 ? err_code(err, r, "read state.json") : 0;
}

int state_load(int dir_fd, const char *id, struct arena *a, struct state *ret, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(jr_free) struct jr_doc *doc = NULL;
	struct reader r = { .arena = a, .err = err };
	int e = read_file(dir_fd, &text, err);

	if (e == -ENOENT)
		return dir_is_gone(dir_fd) ? dir_no_such(id, err) : e;
	*ret = (struct state){ 0 };
	if (e >= 0)
		e = jr_parse("state.json", text.data ? text.data : "", text.len, &doc, err);
	if (e >= 0) {
		r.doc = doc;
		r.root = jr_root(doc);
		e = check_sum(&r, text.data);
	}
	if (e >= 0)
		e = read_members(&r, ret);
	if (e >= 0)
		e = check_id(&r, ret, id);
	return e < 0 ? err_wrap(err, e, "container `%s`", id) : 0;
}
