/* SPDX-License-Identifier: Apache-2.0 */
/* The journal file: "key value" lines, one write each. */

#include "container/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/parse.h"
#include "container/dir.h"
#include "container/trust.h"

#define JOURNAL_MAX 65536

int journal_create(int dir_fd, struct journal *ret, struct err *err)
{
	ret->fd = openat(dir_fd, DIR_JOURNAL, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	return ret->fd < 0 ? err_sys(err, "make journal") : 0;
}

int journal_add(struct journal *j, const char *key, const char *value, struct err *err)
{
	AUTO(buf_done) struct buf line = { 0 };
	int r;

	buf_addf(&line, "%s %s\n", key, value);
	r = line.error ? line.error : io_write_full(j->fd, line.data, line.len);
	return r < 0 ? err_code(err, r, "write journal") : 0;
}

void journal_done(struct journal *j)
{
	cleanup_close(&j->fd);
}

static void take_pid(const char *value, struct journal_entries *e)
{
	long long pid;
	unsigned long long start;

	if (sscanf(value, "%lld %llu", &pid, &start) == 2 && pid > 1 && pid <= INT32_MAX) {
		e->pid = (pid_t)pid;
		e->start_time = start;
	}
}

static void take_line(const char *line, struct arena *a, struct journal_entries *e)
{
	const char *value = strchr(line, ' ');
	size_t key_len = value ? (size_t)(value - line) : 0;

	if (!value)
		return;
	value++;
	if (key_len == 6 && memcmp(line, "bundle", 6) == 0)
		e->bundle = arena_strdup(a, value);
	else if (key_len == 6 && memcmp(line, "cgroup", 6) == 0)
		e->cgroup = arena_strdup(a, value);
	else if (key_len == 9 && memcmp(line, "rdt-group", 9) == 0)
		e->rdt_group = arena_strdup(a, value);
	else if (key_len == 11 && memcmp(line, "rdt-monitor", 11) == 0)
		e->rdt_monitor = arena_strdup(a, value);
	else if (key_len == 4 && memcmp(line, "init", 4) == 0)
		take_pid(value, e);
	else if (key_len == 5 && memcmp(line, "hooks", 5) == 0)
		e->hooks = true;
}

int journal_load(int dir_fd, struct arena *a, struct journal_entries *ret, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	autoclose int fd = openat(dir_fd, DIR_JOURNAL, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *line, *end;
	int r;

	*ret = (struct journal_entries){ 0 };
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : err_sys(err, "open journal");
	r = trust_check(fd, TRUST_FILE, DIR_JOURNAL, err);
	if (r < 0)
		return r;
	r = io_read_all(fd, JOURNAL_MAX, &text);
	if (r < 0)
		return err_code(err, r, "read journal");
	for (line = text.data; line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		take_line(line, a, ret);
	}
	return 0;
}
