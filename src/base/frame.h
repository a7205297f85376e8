/* SPDX-License-Identifier: Apache-2.0 */
/* Frames over a SOCK_SEQPACKET pair between masu and masu-init: one message each, fds by SCM_RIGHTS, the sender's
 * pid by SCM_CREDENTIALS (translated by the kernel into the receiver's pid namespace). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum frame_kind { FRAME_SYNC = 1, FRAME_ERROR, FRAME_LOG };
#define FRAME_MAX 4096 /* bytes of payload */
#define FRAME_FDS_MAX 64

struct frame {
	uint16_t kind;  /* enum frame_kind */
	uint16_t point; /* sync point (wire/protocol.h), or log level for FRAME_LOG, or errno for FRAME_ERROR */
	uint32_t len;   /* bytes of payload */
	char payload[FRAME_MAX];
};

/* Makes the pair, both ends CLOEXEC, SO_PASSCRED on fds[0] (the host end). */
int frame_pair(int fds[2]);
int frame_send(int sock, uint16_t kind, uint16_t point, const void *payload, size_t len, const int *fds, size_t nfds);
/* Receives one frame. -ECONNRESET when the peer is gone, -EPROTO when it is malformed. Received fds are CLOEXEC and
 * owned by the caller; more than max_fds: -EPROTO (none leak). ret_pid (may be NULL): sender as seen here, 0 if unknown. */
int frame_recv(int sock, struct frame *f, int *fds, size_t max_fds, size_t *ret_nfds, pid_t *ret_pid);
