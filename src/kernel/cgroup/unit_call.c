/* SPDX-License-Identifier: Apache-2.0 */
/* The calls and their second tries. Each wait has an end. */
#include "kernel/cgroup/unit_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"
#include "kernel/cgroup/internal.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define EXISTS SYSTEMD ".UnitExists"
#define NOT_LOADED SYSTEMD ".NoSuchUnit"
#define EXISTS_MS 5000

int unit_manager_open(bool user, struct unit_manager *ret, struct err *err)
{
	*ret = (struct unit_manager){ .user = user };
	return sdbus_open(user, &ret->bus, err);
}

void unit_manager_done(struct unit_manager *m)
{
	sdbus_close(&m->bus);
}

static int reconnect(struct unit_manager *m, struct err *err)
{
	sdbus_close(&m->bus);
	return sdbus_open(m->user, &m->bus, err);
}

/* For calls that may be made twice: a connection that broke is opened anew, once. */
static int call(struct unit_manager *m, const struct sdbus_call *c, struct sdbus_answer *a, const char *what,
		struct err *err)
{
	int r;

	*a = (struct sdbus_answer){ .text = "" };
	r = m->bus ? sdbus_call(m->bus, c, a, what, err) : -ECONNRESET;
	if (r != -ECONNRESET)
		return r;
	err_clear(err);
	r = reconnect(m, err);
	return r < 0 ? r : sdbus_call(m->bus, c, a, what, err);
}

static int get(struct unit_manager *m, const char *path, const char *interface, const char *property,
	       struct sdbus_answer *a, struct err *err)
{
	struct sdbus_call c = {
		.path = path,
		.interface = "org.freedesktop.DBus.Properties",
		.member = "Get",
		.strings = { interface, property },
	};
	char what[128];

	snprintf(what, sizeof(what), "read property `%s` of systemd", property);
	return call(m, &c, a, what, err);
}

unsigned unit_manager_version(struct unit_manager *m)
{
	struct sdbus_answer a;
	char digits[16];
	const char *p;
	uint64_t n;

	if (get(m, "/org/freedesktop/systemd1", SYSTEMD ".Manager", "Version", &a, NULL) < 0)
		return 0;
	p = a.text + (a.text[0] == 'v');
	snprintf(digits, sizeof(digits), "%.*s", (int)strspn(p, "0123456789"), p);
	return parse_u64(digits, 100000, &n) == 0 ? (unsigned)n : 0;
}

static int copy_path(const struct sdbus_answer *a, char *ret, size_t len, struct err *err)
{
	const char *path = strcmp(a->text, "/") == 0 ? "" : a->text;

	if (strlen(path) >= len)
		return err_set(err, ENAMETOOLONG, "read a cgroup from systemd: too long");
	strcpy(ret, path);
	return 0;
}

int unit_manager_cgroup(struct unit_manager *m, char *ret, size_t len, struct err *err)
{
	struct sdbus_answer a;
	int r = get(m, "/org/freedesktop/systemd1", SYSTEMD ".Manager", "ControlGroup", &a, err);

	return r < 0 ? r : copy_path(&a, ret, len, err);
}

/* "active", "failed", ...; "" when there is no such unit. *object: its path. */
static int unit_state(struct unit_manager *m, const char *unit, char *ret, size_t len, struct sdbus_answer *object)
{
	struct sdbus_call c = { .member = "GetUnit", .strings = { unit } };
	struct sdbus_answer a;
	int r = call(m, &c, object, "find unit", NULL);

	ret[0] = 0;
	if (r < 0)
		return strcmp(object->error, NOT_LOADED) == 0 ? 0 : r;
	r = get(m, object->text, SYSTEMD ".Unit", "ActiveState", &a, NULL);
	if (r == 0)
		snprintf(ret, len, "%.31s", a.text);
	return r;
}

static void reset_failed(struct unit_manager *m, const char *unit)
{
	struct sdbus_call c = { .member = "ResetFailedUnit", .strings = { unit } };
	struct sdbus_answer a;

	(void)call(m, &c, &a, "reset unit", NULL);
}

static int start_once(struct unit_manager *m, const char *unit, const struct unit_props *props, struct sdbus_answer *a,
		      struct err *err)
{
	struct sdbus_call c = { .member = "StartTransientUnit",
				.strings = { unit, "fail" },
				.props = props,
				.auxiliary = true,
				.job = true };
	char what[UNIT_NAME_MAX + 32];
	int r;

	snprintf(what, sizeof(what), "start unit `%s`", unit);
	r = sdbus_call(m->bus, &c, a, what, err);
	if (r < 0 || strcmp(a->result, "done") == 0)
		return r;
	reset_failed(m, unit);
	return err_set(err, EIO, "%s: the job ended with `%s`", what, a->result);
}

/* 0: may be tried again. */
static int make_room(struct unit_manager *m, const char *unit, int64_t end, struct err *err)
{
	struct sdbus_answer object;
	char state[32];
	int r;

	reset_failed(m, unit);
	r = unit_state(m, unit, state, sizeof(state), &object);
	if (r < 0)
		return r;
	if (strcmp(state, "active") == 0 || strcmp(state, "activating") == 0 || strcmp(state, "reloading") == 0 ||
	    clock_ms() >= end) {
		err_set(err, EEXIST, "start unit `%s`: a unit of this name is there already (%s)", unit,
			state[0] ? state : "just ended");
		err_pointer(err, "/linux/cgroupsPath");
		err_hint(err, "look at it with `systemctl %sstatus '%s'`", m->user ? "--user " : "", unit);
		return -EEXIST;
	}
	clock_pause_us(20000);
	return 0;
}

/* The connection broke in the middle, as it does when systemd executes itself anew: 0 started, 1 not at all. */
static int after_break(struct unit_manager *m, const char *unit, int64_t end, struct err *err)
{
	struct sdbus_answer object;
	char state[32] = "";

	for (;;) {
		int r = m->bus ? 0 : reconnect(m, err);

		if (r == 0)
			r = unit_state(m, unit, state, sizeof(state), &object);
		if (r == 0 && strcmp(state, "active") == 0)
			return 0;
		if (r == 0 && (!state[0] || strcmp(state, "inactive") == 0))
			return 1;
		if (clock_ms() >= end)
			return err_set(err, ETIMEDOUT, "start unit `%s`: the connection to systemd broke", unit);
		if (r < 0)
			sdbus_close(&m->bus);
		err_clear(err);
		clock_pause_us(20000);
	}
}

/* *ret_ours: systemd took the job, so the unit is no other's. */
static int start_until(struct unit_manager *m, const char *unit, const struct unit_props *props, bool *ret_ours,
		       struct err *err)
{
	int64_t now = clock_ms(), exists_end = now + EXISTS_MS, end = now + SDBUS_JOB_MS;

	for (;;) {
		struct sdbus_answer a;
		int r = start_once(m, unit, props, &a, err);

		*ret_ours |= a.text[0];
		if (r == -ECONNRESET && clock_ms() < end) {
			sdbus_close(&m->bus);
			r = after_break(m, unit, end, err);
			if (r <= 0)
				return r;
		} else if (r < 0 && strcmp(a.error, EXISTS) == 0) {
			r = make_room(m, unit, exists_end, err);
			if (r < 0)
				return r;
		} else {
			return r;
		}
		err_clear(err);
	}
}

/* A job that did not end in time may yet: a scope goes with its only process, a slice would stay. Not waited for. */
static void abandon(struct unit_manager *m, const char *unit)
{
	struct sdbus_call c = { .member = "StopUnit", .strings = { unit, "replace" } };
	struct sdbus_answer a;

	if (m->bus || reconnect(m, NULL) == 0)
		(void)call(m, &c, &a, "stop unit", NULL);
}

int unit_start(struct unit_manager *m, const char *unit, const struct unit_props *props, struct err *err)
{
	bool ours = false;
	int r = start_until(m, unit, props, &ours, err);

	if (r < 0 && ours)
		abandon(m, unit);
	return r;
}

int unit_stop(struct unit_manager *m, const char *unit, struct err *err)
{
	struct sdbus_call c = { .member = "StopUnit", .strings = { unit, "replace" }, .job = true };
	char what[UNIT_NAME_MAX + 32];
	struct sdbus_answer a = { .text = "" };
	int r;

	snprintf(what, sizeof(what), "stop unit `%s`", unit);
	r = call(m, &c, &a, what, err);
	if (r < 0 && strcmp(a.error, NOT_LOADED) == 0) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	if (strcmp(a.result, "done") != 0)
		log_debug("%s: the job ended with `%s`", what, a.result);
	reset_failed(m, unit);
	return 0;
}

int unit_set(struct unit_manager *m, const char *unit, const struct unit_props *props, struct err *err)
{
	struct sdbus_call set = { .member = "SetUnitProperties", .strings = { unit }, .runtime = 1, .props = props };
	struct sdbus_call ping = { .interface = "org.freedesktop.DBus.Peer", .member = "Ping" };
	char what[UNIT_NAME_MAX + 32];
	struct sdbus_answer a;
	int r;

	if (props->len == 0)
		return 0;
	snprintf(what, sizeof(what), "set properties of unit `%s`", unit);
	r = call(m, &set, &a, what, err);
	/* systemd writes the files behind its answer, but before it takes the next call. */
	return r < 0 ? r : call(m, &ping, &a, what, err);
}

int unit_attach(struct unit_manager *m, const char *unit, const char *below, pid_t pid, struct err *err)
{
	struct sdbus_call c = { .member = "AttachProcessesToUnit", .strings = { unit, below }, .pid = pid };
	char what[UNIT_NAME_MAX + 64];
	struct sdbus_answer a;

	snprintf(what, sizeof(what), "move process %d into unit `%s`", (int)pid, unit);
	return call(m, &c, &a, what, err);
}

int unit_cgroup(struct unit_manager *m, const char *unit, bool is_slice, char *ret, size_t len, struct err *err)
{
	struct sdbus_call c = { .member = "GetUnit", .strings = { unit } };
	struct sdbus_answer object, a;
	char what[UNIT_NAME_MAX + 32];
	int r;

	snprintf(what, sizeof(what), "find the cgroup of unit `%s`", unit);
	r = call(m, &c, &object, what, err);
	if (r == 0)
		r = get(m, object.text, is_slice ? SYSTEMD ".Slice" : SYSTEMD ".Scope", "ControlGroup", &a, err);
	if (r == 0)
		r = copy_path(&a, ret, len, err);
	return r == 0 && !ret[0] ? err_set(err, ENOENT, "%s: it has none", what) : r;
}
