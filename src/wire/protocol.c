/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol of the two programs, used by both. Bytes are moved by base/frame; what happens at a point is decided by
 * the stories. */

#include "wire/protocol.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"

static const char *const names[WIRE__COUNT] = {
	[WIRE_BEGIN] = "BEGIN",
#define POINT(name, who, what) [WIRE_##name] = #name,
#include "wire/protocol.def"
#undef POINT
};

const char *wire_point_name(unsigned point)
{
	return point < WIRE__COUNT ? names[point] : "UNKNOWN";
}

/* Points come in order; those that a container does not need are left out; SOURCES repeats while there are more. */
static int check_order(struct wire *w, enum wire_point point, struct err *err)
{
	if (point < w->last || (point == w->last && point != WIRE_SOURCES))
		return err_set(err, EPROTO, "reach point %s after %s: out of order", wire_point_name(point),
			       wire_point_name(w->last));
	w->last = point;
	return 0;
}

static void terminate(char *s, size_t len)
{
	s[len - 1] = '\0';
}

/* The peer may be a process that a container has damaged: nothing in its error is trusted but its bytes. */
static int take_error(const struct frame *f, struct err *err)
{
	struct err e = { .code = EPROTO };

	if (f->len == sizeof(e))
		memcpy(&e, f->payload, sizeof(e));
	terminate(e.step, sizeof(e.step));
	terminate(e.pointer, sizeof(e.pointer));
	terminate(e.hint, sizeof(e.hint));
	terminate(e.text, sizeof(e.text));
	if (e.code <= 0 || e.code > 4095)
		e.code = EPROTO;
	if (err)
		*err = e;
	return -e.code;
}

static void take_log(const struct frame *f)
{
	int len = f->len < FRAME_MAX ? (int)f->len : FRAME_MAX - 1;

	if (f->point <= LOG_LEVEL_TRACE)
		log_at((enum log_level)f->point, "%.*s", len, f->payload);
}

static int hear_frame(struct wire *w, struct frame *f, int *fds, size_t max_fds, size_t *ret_nfds, pid_t *ret_pid,
		      struct err *err)
{
	bool reset = false;

	for (;;) {
		int r = frame_recv(w->sock, f, fds, max_fds, ret_nfds, ret_pid);

		/* A peer that ended without reading what it was sent resets the socket before its last words can be read. */
		if (r == -ECONNRESET && !reset) {
			reset = true;
			continue;
		}
		if (r < 0)
			return r;
		if (f->kind == FRAME_LOG) {
			take_log(f);
			continue;
		}
		if (f->kind == FRAME_ERROR)
			return take_error(f, err);
		return 0;
	}
}

bool wire_last_words(struct wire *w, struct err *err)
{
	struct err told = { 0 };
	size_t nfds = 0;
	struct frame f;

	while (hear_frame(w, &f, NULL, 0, &nfds, NULL, &told) >= 0)
		;
	if (told.code && err)
		*err = told;
	return told.code;
}

int wire_say(struct wire *w, enum wire_point point, const int *fds, size_t nfds, struct err *err)
{
	int r = check_order(w, point, err);

	if (r < 0)
		return r;
	r = frame_send(w->sock, FRAME_SYNC, (uint16_t)point, NULL, 0, fds, nfds);
	if (r >= 0)
		return 0;
	if (r == -ECONNRESET && wire_last_words(w, err))
		return r;
	return err_code(err, r, "say %s", wire_point_name(point));
}

int wire_hear(struct wire *w, enum wire_point point, int *fds, size_t max_fds, size_t *ret_nfds, pid_t *ret_pid,
	      struct err *err)
{
	struct frame f;
	struct err told = { 0 };
	int r = hear_frame(w, &f, fds, max_fds, ret_nfds, ret_pid, &told);

	if (r < 0 && told.code) {
		if (err)
			*err = told;
		return r;
	}
	if (r < 0)
		return err_code(err, r, "wait for %s", wire_point_name(point));
	if (f.point != point)
		return err_set(err, EPROTO, "wait for %s: got %s", wire_point_name(point), wire_point_name(f.point));
	return check_order(w, point, err);
}

int wire_hear_end(struct wire *w, struct err *err)
{
	struct frame f;
	size_t nfds = 0;
	struct err told = { 0 };
	int r = hear_frame(w, &f, NULL, 0, &nfds, NULL, &told);

	if (r < 0 && told.code) {
		if (err)
			*err = told;
		return r;
	}
	if (r == -ECONNRESET)
		return 0;
	return r < 0 ? err_code(err, r, "wait for the program")
		     : err_set(err, EPROTO, "wait for the program: got %s", wire_point_name(f.point));
}

void wire_report(struct wire *w, const struct err *err)
{
	frame_send(w->sock, FRAME_ERROR, (uint16_t)err->code, err, sizeof(*err), NULL, 0);
}

void wire_log(struct wire *w, int level, const char *text)
{
	size_t len = strlen(text);

	frame_send(w->sock, FRAME_LOG, (uint16_t)level, text, len < FRAME_MAX ? len : FRAME_MAX, NULL, 0);
}
