/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and printing a container's state. Reading it back is in state_load.c. */

#include "container/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/pidref.h"
#include "base/procfs.h"
#include "base/sys.h"
#include "container/dir.h"
#include "kernel/cgroup/cgroup.h"
#include "spec/version.h"

static const char *const status_names[] = { "creating", "created", "running", "paused", "stopped" };

const char *status_name(enum status s)
{
	return status_names[s];
}

/* Days since 1970-01-01 to a date of the Gregorian calendar; counted from March, so that the leap day is the last of a year. gmtime(3)
 * would first read /etc/localtime. */
static void date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	int64_t z = days + 719468, era = z / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*ret_day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*ret_year = (int)(yoe + era * 400 + (*ret_month <= 2));
}

void state_format_time(int64_t secs, long nsecs, char *out, size_t len)
{
	int year, month, day, rest = (int)(secs % 86400);

	date_of(secs / 86400, &year, &month, &day);
	snprintf(out, len, "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", year, month, day, rest / 3600, rest / 60 % 60,
		 rest % 60, nsecs);
}

void state_timestamp(char *out, size_t len)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	state_format_time(ts.tv_sec, ts.tv_nsec, out, len);
}

static void write_annotations(struct jw *w, const struct state *s)
{
	if (!s->annotations_len)
		return;
	jw_key(w, "annotations");
	jw_object(w);
	for (size_t i = 0; i < s->annotations_len; i++) {
		jw_key(w, s->annotations[i].key);
		jw_str(w, s->annotations[i].value);
	}
	jw_end(w);
}

static void write_allowed(struct jw *w, const struct state *s)
{
	if (!s->allowed)
		return;
	jw_key(w, "allowedAnnotations");
	jw_array(w);
	for (size_t i = 0; s->allowed[i]; i++)
		jw_str(w, s->allowed[i]);
	jw_end(w);
}

static void write_str(struct jw *w, const char *key, const char *value)
{
	jw_key(w, key);
	jw_str(w, value);
}

static void write_int(struct jw *w, const char *key, int64_t value)
{
	jw_key(w, key);
	jw_i64(w, value);
}

static void write_bool(struct jw *w, const char *key, bool value)
{
	jw_key(w, key);
	jw_bool(w, value);
}

void state_write(struct jw *w, const struct state *s, enum status status, pid_t pid, bool extended,
		 const char *owner_name)
{
	jw_object(w);
	write_str(w, "ociVersion", SPEC_VERSION);
	write_str(w, "id", s->id);
	write_str(w, "status", status_name(status));
	write_int(w, "pid", status == STATUS_STOPPED ? 0 : pid);
	write_str(w, "bundle", s->bundle);
	if (extended) {
		write_str(w, "rootfs", s->rootfs ? s->rootfs : "");
		write_str(w, "created", s->created ? s->created : "");
		write_str(w, "owner", owner_name ? owner_name : "");
	}
	write_annotations(w, s);
	jw_end(w);
}

int state_hook_document(const struct state *s, enum status status, pid_t pid, struct buf *ret)
{
	AUTO(jw_free) struct jw *w = jw_new(JW_COMPACT, jw_to_buf, ret);

	state_write(w, s, status, pid, false, NULL);
	return jw_finish(w);
}

/* The pid is the only number in the compact document before "bundle", so a marker value finds its place. */
int state_hook_split(const struct state *s, enum status status, struct buf *head, struct buf *tail)
{
	static const char marker[] = "\"pid\":999999999,\"bundle\"";
	AUTO(buf_done) struct buf whole = { 0 };
	const char *at;
	int r = state_hook_document(s, status, 999999999, &whole);

	if (r < 0)
		return r;
	at = strstr(whole.data, marker);
	if (!at)
		return -EINVAL;
	buf_add(head, whole.data, (size_t)(at - whole.data) + strlen("\"pid\":"));
	return buf_adds(tail, at + strlen("\"pid\":999999999"));
}

/* FNV-1a: each step is reversible, so that one changed byte always shows. */
void state_sum(const char *text, size_t len, char ret[STATE_SUM_LEN])
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3;
	snprintf(ret, STATE_SUM_LEN, "%016llx", (unsigned long long)h);
}

/* A last member: the checksum of all that stands before it. */
static int seal(struct buf *text)
{
	static const char end[] = "\n}\n";
	char sum[STATE_SUM_LEN];

	if (text->len < strlen(end) || memcmp(text->data + text->len - strlen(end), end, strlen(end)) != 0)
		return -EINVAL;
	text->len -= strlen(end);
	state_sum(text->data, text->len, sum);
	return buf_addf(text, STATE_SUM_KEY "%s\"\n}\n", sum);
}

int state_save(int dir_fd, const struct state *s, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(jw_free) struct jw *w = jw_new(JW_PRETTY, jw_to_buf, &text);
	int r;

	jw_object(w);
	write_int(w, "version", 1);
	write_str(w, "id", s->id);
	write_int(w, "pid", s->pid);
	jw_key(w, "startTime");
	jw_u64(w, s->start_time);
	write_str(w, "bundle", s->bundle);
	write_str(w, "rootfs", s->rootfs);
	write_str(w, "created", s->created);
	write_int(w, "owner", s->owner);
	write_str(w, "cgroup", s->cgroup);
	if (s->rdt_group) {
		write_str(w, "rdtGroup", s->rdt_group);
		write_str(w, "rdtMonitor", s->rdt_monitor);
		write_bool(w, "rdtOwn", s->rdt_own);
	}
	write_bool(w, "process", s->has_process);
	write_bool(w, "poststart", s->has_poststart);
	write_bool(w, "listener", s->has_listener);
	write_bool(w, "sharedPid", s->shared_pid);
	write_bool(w, "keyring", s->keyring);
	jw_key(w, "descriptors");
	jw_array(w);
	for (int i = 0; i < DESCRIPTORS_LEN; i++)
		jw_str(w, s->descriptors[i] ? s->descriptors[i] : "");
	jw_end(w);
	write_annotations(w, s);
	write_allowed(w, s);
	jw_end(w);
	r = jw_finish(w);
	if (r >= 0)
		r = seal(&text);
	if (r >= 0)
		r = io_replace_at(dir_fd, DIR_STATE, text.data, text.len, 0600);
	return r < 0 ? err_code(err, r, "write state.json") : 0;
}

/* Init holds the gate open until it executes the program, so a gate without a reader means that it was started. */
static int waits_at_gate(int dir_fd, struct err *err)
{
	autoclose int fd = openat(dir_fd, DIR_START_FIFO, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0)
		return 1;
	return errno == ENOENT || errno == ENXIO ? 0 : err_sys(err, "open " DIR_START_FIFO);
}

int state_is_frozen(struct masu_runtime *rt, const struct state *s, struct err *err)
{
	const struct cgroup_facts *facts;
	struct cgroup cg = CGROUP_INIT;
	int r;

	if (!s->cgroup)
		return 0;
	r = runtime_cgroup_facts(rt, &facts, err);
	if (r >= 0)
		r = cgroup_open(facts, s->cgroup, &cg, err);
	if (r < 0)
		return r;
	r = cgroup_is_frozen(&cg, err);
	cgroup_done(&cg);
	return r;
}

/* A /proc with hidepid says that a process is not there when it only may not be seen. */
static int check_hidden(const struct state *s, struct err *err)
{
	autoclose int fd = sys_pidfd_open(s->pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0 || poll(&p, 1, 0) != 0)
		return 0;
	err_set(err, EACCES, "look at process %d: /proc does not show it", s->pid);
	err_hint(err,
		 "/proc is mounted with hidepid; this caller needs CAP_SYS_PTRACE, or the group of its gid option");
	return -EACCES;
}

/* 1 when the first process runs. */
static int has_process(struct masu_runtime *rt, const struct state *s, struct err *err)
{
	uint64_t start = 0;
	char letter = 0;
	int r = procfs_start_time(rt->proc_fd, s->pid, &start, &letter);

	if (r == -ESRCH) {
		r = check_hidden(s, NULL);
		if (r == 0)
			return 0;
		/* It may have been made since. */
		r = procfs_start_time(rt->proc_fd, s->pid, &start, &letter);
		if (r == -ESRCH)
			return check_hidden(s, err);
	}
	if (r < 0)
		return err_code(err, r, "look at process %d", s->pid);
	return start == s->start_time && letter != 'Z' && letter != 'X';
}

int state_status(struct masu_runtime *rt, int dir_fd, const struct state *s, enum status *ret, struct err *err)
{
	int r = has_process(rt, s, err);

	*ret = STATUS_STOPPED;
	if (r > 0) {
		r = waits_at_gate(dir_fd, err);
		*ret = STATUS_CREATED;
		if (r == 0) {
			r = state_is_frozen(rt, s, err);
			*ret = r > 0 ? STATUS_PAUSED : STATUS_RUNNING;
		}
	}
	return r < 0 ? err_wrap(err, r, "find the status of container `%s`", s->id) : 0;
}
