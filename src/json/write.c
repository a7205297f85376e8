/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that knows yajl, and of it only the generator. Parsing is not done here. */

#include "json/write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "json/text.h"

enum { WRITE_DEPTH_MAX = 100 }; /* yajl itself stops at 128 */

struct jw {
	yajl_gen gen;
	jw_sink_fn *sink;
	void *arg;
	int error;
	int depth;
	/* An object or array is opened when its first content comes, because yajl breaks the line of an empty one. */
	bool pending;
	bool array[WRITE_DEPTH_MAX];
	size_t len;
	char data[2048];
};

static void flush(struct jw *w)
{
	if (w->len && !w->error)
		w->error = w->sink(w->arg, w->data, w->len);
	w->len = 0;
}

static void print(void *ctx, const char *data, size_t len)
{
	struct jw *w = ctx;

	if (w->error)
		return;
	if (len > sizeof(w->data) - w->len)
		flush(w);
	if (w->error)
		return;
	if (len > sizeof(w->data)) {
		w->error = w->sink(w->arg, data, len);
		return;
	}
	memcpy(w->data + w->len, data, len);
	w->len += len;
}

struct jw *jw_new(int style, jw_sink_fn *sink, void *arg)
{
	struct jw *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->sink = sink;
	w->arg = arg;
	w->gen = yajl_gen_alloc(NULL);
	if (!w->gen) {
		free(w);
		return NULL;
	}
	yajl_gen_config(w->gen, yajl_gen_print_callback, print, w);
	if (style == JW_PRETTY) {
		yajl_gen_config(w->gen, yajl_gen_beautify, 1);
		yajl_gen_config(w->gen, yajl_gen_indent_string, "  ");
	}
	return w;
}

void jw_free(struct jw **w)
{
	int saved = errno;

	if (*w) {
		yajl_gen_free((*w)->gen);
		free(*w);
	}
	*w = NULL;
	errno = saved;
}

/* A wrong order of calls is a bug of the caller; it must not come out as broken JSON. */
static void note(struct jw *w, yajl_gen_status s)
{
	if (s != yajl_gen_status_ok && !w->error)
		w->error = -EINVAL;
}

static void open_pending(struct jw *w)
{
	if (!w->pending)
		return;
	w->pending = false;
	note(w, w->array[w->depth - 1] ? yajl_gen_array_open(w->gen) : yajl_gen_map_open(w->gen));
}

static bool ready(struct jw *w)
{
	if (!w || w->error)
		return false;
	open_pending(w);
	return !w->error;
}

static void container(struct jw *w, bool array)
{
	if (!ready(w))
		return;
	if (w->depth == WRITE_DEPTH_MAX) {
		w->error = -EINVAL;
		return;
	}
	w->array[w->depth++] = array;
	w->pending = true;
}

void jw_object(struct jw *w)
{
	container(w, false);
}

void jw_array(struct jw *w)
{
	container(w, true);
}

void jw_end(struct jw *w)
{
	if (!w || w->error)
		return;
	if (!w->depth) {
		w->error = -EINVAL;
		return;
	}
	w->depth--;
	if (w->pending) {
		w->pending = false;
		/* yajl writes a number's text as it is, with the separators that belong to a value */
		note(w, yajl_gen_number(w->gen, w->array[w->depth] ? "[]" : "{}", 2));
		return;
	}
	note(w, w->array[w->depth] ? yajl_gen_array_close(w->gen) : yajl_gen_map_close(w->gen));
}

static size_t valid_prefix(const char *s, size_t len)
{
	size_t at = 0, n;

	while (at < len && (n = text_utf8(s + at, s + len)))
		at += n;
	return at;
}

static void put_string(struct jw *w, const char *s, size_t len)
{
	struct buf b = { 0 };

	if (valid_prefix(s, len) == len) {
		note(w, yajl_gen_string(w->gen, (const unsigned char *)s, len));
		return;
	}
	while (len) {
		size_t n = valid_prefix(s, len);

		buf_add(&b, s, n);
		s += n;
		len -= n;
		if (len) {
			buf_adds(&b, "\xef\xbf\xbd");
			s++;
			len--;
		}
	}
	if (b.error)
		w->error = b.error;
	else
		note(w, yajl_gen_string(w->gen, (const unsigned char *)b.data, b.len));
	buf_done(&b);
}

void jw_key(struct jw *w, const char *key)
{
	if (!ready(w))
		return;
	if (!w->depth || w->array[w->depth - 1])
		w->error = -EINVAL;
	else
		put_string(w, key, strlen(key));
}

void jw_strn(struct jw *w, const char *s, size_t len)
{
	if (ready(w))
		put_string(w, s, len);
}

void jw_str(struct jw *w, const char *s)
{
	if (s)
		jw_strn(w, s, strlen(s));
	else
		jw_null(w);
}

static void put_number(struct jw *w, const char *text)
{
	if (ready(w))
		note(w, yajl_gen_number(w->gen, text, strlen(text)));
}

void jw_i64(struct jw *w, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, v);
	put_number(w, text);
}

void jw_u64(struct jw *w, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, v);
	put_number(w, text);
}

void jw_hundredths(struct jw *w, uint64_t v)
{
	char text[28];

	snprintf(text, sizeof(text), "%" PRIu64 ".%02u", v / 100, (unsigned)(v % 100));
	put_number(w, text);
}

void jw_bool(struct jw *w, bool v)
{
	if (ready(w))
		note(w, yajl_gen_bool(w->gen, v));
}

void jw_null(struct jw *w)
{
	if (ready(w))
		note(w, yajl_gen_null(w->gen));
}

int jw_finish(struct jw *w)
{
	if (!w)
		return -ENOMEM;
	if (!w->error && (w->depth || w->pending))
		w->error = -EINVAL;
	/* a whole value makes the generator refuse another one */
	if (!w->error && yajl_gen_null(w->gen) != yajl_gen_generation_complete)
		w->error = -EINVAL;
	flush(w);
	return w->error;
}

int jw_to_buf(void *buf, const char *data, size_t len)
{
	return buf_add(buf, data, len);
}
