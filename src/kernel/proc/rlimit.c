/* SPDX-License-Identifier: Apache-2.0 */
/* Limits by prlimit64(2), which takes 64 bits on every architecture and from every libc. No heap. */
#include "kernel/proc/rlimit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RLIMIT_RTTIME
#define RLIMIT_RTTIME 15
#endif

struct limit {
	uint64_t soft, hard; /* struct rlimit64 */
};

static const char *const names[] = {
	[RLIMIT_CPU] = "RLIMIT_CPU",           [RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_DATA] = "RLIMIT_DATA",         [RLIMIT_STACK] = "RLIMIT_STACK",
	[RLIMIT_CORE] = "RLIMIT_CORE",         [RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",       [RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",   [RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",       [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE", [RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",     [RLIMIT_RTTIME] = "RLIMIT_RTTIME",
};

const char *rlimit_name(uint32_t type)
{
	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

static int limit_call(pid_t pid, uint32_t type, const struct limit *set, struct limit *get)
{
	return (int)syscall(SYS_prlimit64, pid, type, set, get);
}

static void limit_format(uint64_t v, char out[24])
{
	if (v == UINT64_MAX)
		snprintf(out, 24, "unlimited");
	else
		snprintf(out, 24, "%" PRIu64, v);
}

static int limit_error(const struct rlimit_row *row, int code, struct err *err)
{
	const char *name = rlimit_name(row->type);
	char soft[24], hard[24];

	limit_format(row->soft, soft);
	limit_format(row->hard, hard);
	err_pointer(err, "/process/rlimits/%u", row->index);
	err_code(err, -code, "set resource limit `%s` to soft %s, hard %s", name ? name : "?", soft, hard);
	if (code == EPERM)
		err_hint(
			err,
			"raising a hard limit needs CAP_SYS_RESOURCE, and RLIMIT_NOFILE is bounded by the sysctl fs.nr_open");
	return -code;
}

static int rlimit_rows(const struct flat *f, const struct rlimit_plan *p, const struct rlimit_row **ret,
		       struct err *err)
{
	*ret = flat_arr(f, p->rows, sizeof(**ret));
	return p->rows.count && !*ret ? err_set(err, EPROTO, "set resource limits: the record is damaged") : 0;
}

int rlimit_place_raise(pid_t pid, const struct flat *f, const struct rlimit_plan *p, struct err *err)
{
	const struct rlimit_row *rows;
	int r = rlimit_rows(f, p, &rows, err);

	for (size_t i = 0; r >= 0 && i < p->rows.count; i++) {
		struct limit now;

		if (limit_call(pid, rows[i].type, NULL, &now) < 0)
			return limit_error(&rows[i], errno, err);
		if (now.hard >= rows[i].hard)
			continue;
		now.hard = rows[i].hard;
		if (limit_call(pid, rows[i].type, &now, NULL) < 0)
			return limit_error(&rows[i], errno, err);
	}
	return r;
}

int rlimit_apply(const struct flat *f, const struct rlimit_plan *p, struct err *err)
{
	const struct rlimit_row *rows;
	int r = rlimit_rows(f, p, &rows, err);

	for (size_t i = 0; r >= 0 && i < p->rows.count; i++) {
		struct limit want = { rows[i].soft, rows[i].hard }, got;

		if (limit_call(0, rows[i].type, &want, NULL) < 0)
			return limit_error(&rows[i], errno, err);
		if (limit_call(0, rows[i].type, NULL, &got) < 0)
			return limit_error(&rows[i], errno, err);
		if (got.soft != want.soft || got.hard != want.hard)
			return limit_error(&rows[i], ERANGE, err);
	}
	return r;
}
