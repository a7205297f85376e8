/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a JSON log. Engines read level, msg and time; the other keys are for people and their tools. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "masu/masu.h"
#include "json/write.h"

static void log_json_text(struct jw *w, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	jw_key(w, key);
	jw_str(w, text);
}

static void log_json_error(struct jw *w, const struct masu_error *err)
{
	if (err->code > 0) {
		jw_key(w, "code");
		jw_i64(w, err->code);
#ifdef __GLIBC__
		log_json_text(w, "errno", strerrorname_np(err->code));
#endif
	}
	log_json_text(w, "step", err->step);
	log_json_text(w, "pointer", err->pointer);
	log_json_text(w, "hint", err->hint);
}

int masu_format_log_json(const char *level, const char *msg, const char *time, const struct masu_error *err,
			 masu_write_fn *out, void *arg)
{
	AUTO(buf_done) struct buf line = { 0 };
	AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, jw_to_buf, &line);
	int r;

	jw_object(w);
	jw_key(w, "level");
	jw_str(w, level);
	jw_key(w, "msg");
	jw_str(w, msg);
	jw_key(w, "time");
	jw_str(w, time);
	if (err)
		log_json_error(w, err);
	jw_end(w);
	r = jw_finish(w);
	if (r < 0)
		return r;
	buf_adds(&line, "\n");
	return line.error ? line.error : out(arg, line.data, line.len);
}
