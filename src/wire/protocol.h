/* SPDX-License-Identifier: Apache-2.0 */
/* Meeting points of masu and masu-init by name, with the order checked on both sides. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/frame.h"

enum wire_point {
	WIRE_BEGIN = 0,
#define POINT(name, who, what) WIRE_##name,
#include "wire/protocol.def"
#undef POINT
	WIRE__COUNT
};

struct wire {
	int sock;             /* owned by whoever made it */
	enum wire_point last; /* last point said or heard */
};

const char *wire_point_name(unsigned point);

/* Says a point, with up to FRAME_FDS_MAX fds. -EPROTO when the order is broken. */
int wire_say(struct wire *w, enum wire_point point, const int *fds, size_t nfds, struct err *err);
/* Waits for a point. Log frames on the way are logged; an error frame fills *err (step, pointer, hint included) and its
 * code is returned. The death of the peer is -ECONNRESET. ret_pid may be NULL; fds as in frame_recv. */
int wire_hear(struct wire *w, enum wire_point point, int *fds, size_t max_fds, size_t *ret_nfds, pid_t *ret_pid,
	      struct err *err);
/* Waits for the end of the peer's socket: 0, or the error it reported. */
int wire_hear_end(struct wire *w, struct err *err);
/* For a peer that was found dead: true when it had said why, which is then in *err. */
bool wire_last_words(struct wire *w, struct err *err);
/* Reports an error; best effort. */
void wire_report(struct wire *w, const struct err *err);
void wire_log(struct wire *w, int level, const char *text);
