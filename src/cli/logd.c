/* SPDX-License-Identifier: Apache-2.0 */
/* Sending to journald and syslog over their sockets. */
#include "cli/logd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/sys.h"
#include "base/unixsock.h"
#include "cli/fail.h"

#define JOURNALD_SOCKET "/run/systemd/journal/socket"
#define SYSLOG_SOCKET "/dev/log"
#define SYSLOG_FACILITY_USER (1 << 3)
#define PATIENCE_SECONDS 2

int logd_open(struct logd *l, enum logd_kind kind, const char *ident, struct masu_error *err)
{
	const char *path = kind == LOGD_JOURNALD ? JOURNALD_SOCKET : SYSLOG_SOCKET;

	*l = (struct logd){ .kind = kind, .ident = ident };
	l->fd = unixsock_connect(path, SOCK_DGRAM);
	if (l->fd == -EPROTOTYPE && kind == LOGD_SYSLOG) {
		l->stream = true;
		l->fd = unixsock_connect(path, SOCK_STREAM);
	}
	if (l->fd < 0)
		return fail_sys(err, -l->fd, "open log: connect to `%s`", path);
	logd_hurry(l->fd);
	return 0;
}

/* Containers are locked while lines are sent: a daemon that does not read must not hold up every other command. */
void logd_hurry(int fd)
{
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

static int logd_flags(const struct logd *l)
{
	return MSG_NOSIGNAL | (l->stuck ? MSG_DONTWAIT : 0);
}

/* KEY=value and a newline, or with a newline in the value its length as 64 bits, lowest byte first. */
static void journald_field(struct buf *b, const char *key, const char *value)
{
	uint64_t len = strlen(value);

	if (!strchr(value, '\n')) {
		buf_addf(b, "%s=%s\n", key, value);
		return;
	}
	buf_addf(b, "%s\n", key);
	for (int i = 0; i < 8; i++) {
		char byte = (char)(len >> (8 * i));

		buf_add(b, &byte, 1);
	}
	buf_addf(b, "%s\n", value);
}

/* What is too large for a datagram goes as a sealed memory file, which journald insists on. */
static int journald_send_file(const struct logd *l, const struct buf *b)
{
	autoclose int mem = sys_memfd_create("masu-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int r = mem < 0 ? -errno : io_write_full(mem, b->data, b->len);

	if (r < 0)
		return r;
	if (fcntl(mem, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &mem, sizeof(mem));
	return sendmsg(l->fd, &msg, logd_flags(l)) < 0 ? -errno : 0;
}

static int journald_send(const struct logd *l, int priority, const char *text)
{
	AUTO(buf_done) struct buf b = { 0 };

	journald_field(&b, "MESSAGE", text);
	buf_addf(&b, "PRIORITY=%d\nSYSLOG_PID=%d\n", priority, (int)getpid());
	journald_field(&b, "SYSLOG_IDENTIFIER", l->ident);
	if (l->id)
		journald_field(&b, "ID", l->id);
	if (b.error)
		return b.error;
	if (send(l->fd, b.data, b.len, logd_flags(l)) >= 0)
		return 0;
	return errno == EMSGSIZE || errno == ENOBUFS ? journald_send_file(l, &b) : -errno;
}

static int syslog_send(const struct logd *l, int priority, const char *text)
{
	AUTO(buf_done) struct buf b = { 0 };
	time_t now = time(NULL);
	struct tm tm = { 0 };
	char stamp[32];

	/* The C locale's names of months: the program never calls setlocale. */
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%b %e %T", &tm);
	buf_addf(&b, "<%d>%s %s[%d]: ", SYSLOG_FACILITY_USER | priority, stamp, l->ident, (int)getpid());
	for (const char *p = text; *p; p++)
		buf_add(&b, *p == '\n' ? " " : p, 1);
	if (l->stream)
		buf_add(&b, "", 1); /* the end of a message */
	if (b.error)
		return b.error;
	return send(l->fd, b.data, b.len, logd_flags(l)) < 0 ? -errno : 0;
}

void logd_send(struct logd *l, int priority, const char *text)
{
	int r = 0;

	if (l->kind == LOGD_JOURNALD)
		r = journald_send(l, priority, text);
	else if (l->kind == LOGD_SYSLOG)
		r = syslog_send(l, priority, text);
	l->stuck = r == -EAGAIN;
}
