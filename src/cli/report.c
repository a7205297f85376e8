/* SPDX-License-Identifier: Apache-2.0 */
/* Errors and log lines as engines and people read them. Each line is one write, so that lines of several processes
 * that append to one file do not mix. */
#include "cli/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/io.h"
#include "cli/fail.h"
#include "cli/logd.h"

/* Log files are kept away from the numbers that --preserve-fds and LISTEN_FDS speak of; below 64 the kernel needs no
 * larger descriptor table. */
#define REPORT_FD_MIN 56

static struct {
	int fd;
	int format;
	int level;
	bool away; /* lines go to a file or a daemon, not to stderr */
	struct logd daemon;
} report = { .fd = STDERR_FILENO };

static const char *const level_names[] = { "error", "warning", "info", "debug", "trace" };

static const char *report_level_name(int level)
{
	return level_names[level < 0                               ? 0
			   : level >= (int)ARRAY_SIZE(level_names) ? (int)ARRAY_SIZE(level_names) - 1
								   : level];
}

/* RFC 3339 in UTC with microseconds. */
static void report_time(char *out, size_t len)
{
	struct timespec now = { 0 };
	struct tm tm = { 0 };
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(out, len, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, len - n, ".%06ldZ", now.tv_nsec / 1000);
}

static int report_add(void *arg, const char *data, size_t len)
{
	return buf_add(arg, data, len);
}

/* key="value" of the text format: no control character or quote may end the value early. */
static void report_add_quoted(struct buf *b, const char *key, const char *value)
{
	buf_addf(b, " %s=\"", key);
	for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_addf(b, "\\%c", *p);
		else if (*p == '\n')
			buf_adds(b, "\\n");
		else if (*p < 0x20 || *p == 0x7f)
			buf_addf(b, "\\x%02x", *p);
		else
			buf_add(b, p, 1);
	}
	buf_adds(b, "\"");
}

/* The same to a daemon, which has level and time in fields of its own. */
static void report_daemon(int level, const char *text, const char *now, const struct masu_error *err)
{
	static const int priorities[] = { 3, 4, 6, 7, 7 }; /* of syslog(3) */
	AUTO(buf_done) struct buf b = { 0 };

	if (report.format == REPORT_JSON) {
		masu_format_log_json(report_level_name(level), text, now, err, report_add, &b);
		if (b.len > 0 && b.data[b.len - 1] == '\n')
			b.data[b.len - 1] = '\0';
	} else {
		buf_adds(&b, text);
		if (err && err->hint[0])
			buf_addf(&b, " (hint: %s)", err->hint);
	}
	level = level < 0 ? 0 : level >= (int)ARRAY_SIZE(priorities) ? (int)ARRAY_SIZE(priorities) - 1 : level;
	if (!b.error && b.data)
		logd_send(&report.daemon, priorities[level], b.data);
}

static void report_line(int level, const char *text, const struct masu_error *err)
{
	AUTO(buf_done) struct buf b = { 0 };
	char now[64];

	report_time(now, sizeof(now));
	if (report.daemon.kind != LOGD_NONE) {
		report_daemon(level, text, now, err);
		return;
	}
	if (report.format == REPORT_JSON) {
		masu_format_log_json(report_level_name(level), text, now, err, report_add, &b);
	} else {
		buf_addf(&b, "time=\"%s\" level=%s", now, report_level_name(level));
		report_add_quoted(&b, "msg", text);
		if (err && err->hint[0])
			report_add_quoted(&b, "hint", err->hint);
		buf_adds(&b, "\n");
	}
	/* The last resort against a full disk is stderr, which report_error writes to anyway. */
	if (b.len > 0)
		(void)io_write_full(report.fd, b.data, b.len);
}

static void report_log(void *arg, int level, const char *text)
{
	AUTO(buf_done) struct buf b = { 0 };

	(void)arg;
	if (report.away || report.format == REPORT_JSON) {
		report_line(level, text, NULL);
		return;
	}
	buf_addf(&b, "masu: %s: %s\n", report_level_name(level), text);
	if (b.len > 0)
		(void)io_write_full(STDERR_FILENO, b.data, b.len);
}

/* Owned by the report from here on. */
static void report_take(int *fd)
{
	int moved = fd_dup_above(*fd, REPORT_FD_MIN);

	report.fd = moved < 0 ? take_fd(fd) : moved;
	report.away = true;
}

static int report_open_file(const char *path, struct masu_error *err)
{
	autoclose int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);

	if (fd < 0)
		return fail_sys(err, errno, "open log `%s`", path);
	report_take(&fd);
	return 0;
}

static int report_open_daemon(enum logd_kind kind, const char *ident, struct masu_error *err)
{
	struct logd d;
	int r = logd_open(&d, kind, *ident ? ident : "masu", err);

	if (r < 0)
		return r;
	report_take(&d.fd);
	cleanup_close(&d.fd);
	d.fd = report.fd;
	report.daemon = d;
	return 0;
}

int report_open(const struct report_options *o, struct masu_error *err)
{
	const char *dest = o->dest;

	report.format = o->format;
	report.level = o->level;
	masu_set_log(report_log, NULL, o->level);
	if (!dest || !*dest)
		return 0;
	if (strncmp(dest, "journald:", 9) == 0)
		return report_open_daemon(LOGD_JOURNALD, dest + 9, err);
	if (strncmp(dest, "syslog:", 7) == 0)
		return report_open_daemon(LOGD_SYSLOG, dest + 7, err);
	return report_open_file(strncmp(dest, "file:", 5) == 0 ? dest + 5 : dest, err);
}

void report_container(const char *id)
{
	report.daemon.id = id;
}

#define REPORT_TEXT_MAX (sizeof(struct masu_error))

/* base/ knows how the parts of an error are put into one line. */
static void report_text(const struct masu_error *err, char *out, size_t len)
{
	struct err e = { .code = err->code };

	memcpy(e.step, err->step, sizeof(e.step));
	memcpy(e.pointer, err->pointer, sizeof(e.pointer));
	memcpy(e.text, err->text, sizeof(e.text));
	if (!e.text[0])
		snprintf(e.text, sizeof(e.text), "%s", strerror(err->code));
	err_format(&e, out, len);
}

void report_error(const struct masu_error *err)
{
	AUTO(buf_done) struct buf b = { 0 };
	char text[REPORT_TEXT_MAX];

	report_text(err, text, sizeof(text));
	if (report.away || report.format == REPORT_JSON)
		report_line(0, text, err);
	if (report.away) {
		/* Engines put what stands on stderr into their own message: the bare text. */
		buf_addf(&b, "%s\n", text);
	} else if (report.format == REPORT_TEXT) {
		buf_addf(&b, "masu: %s\n", text);
		if (err->hint[0])
			buf_addf(&b, "hint: %s\n", err->hint);
	}
	if (b.len > 0)
		(void)io_write_full(STDERR_FILENO, b.data, b.len);
}

void report_further(const struct masu_error *err)
{
	char text[REPORT_TEXT_MAX];

	report_text(err, text, sizeof(text));
	report_log(NULL, 0, text);
}
