/* SPDX-License-Identifier: Apache-2.0 */
/* Writing kernel parameters and comparing what the kernel then shows: it prints tabs for blanks, decimal for hexadecimal, ranges
 * for lists and sets in an order of its own. */
#include "kernel/ns/sysctl.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/procfs.h"

#define LIST_BITS 65536 /* port lists */
#define BLANKS " \t\n"

struct token {
	const char *p;
	size_t len;
};

/* The next word of *at; false at the end. */
static bool token_next(const char **at, struct token *t)
{
	*at += strspn(*at, BLANKS);
	t->p = *at;
	t->len = strcspn(*at, BLANKS);
	*at += t->len;
	return t->len > 0;
}

/* The whole word as a number in C notation. */
static bool token_number(const struct token *t, long long *ret)
{
	char copy[32], *end;

	if (t->len >= sizeof(copy))
		return false;
	memcpy(copy, t->p, t->len);
	copy[t->len] = '\0';
	errno = 0;
	*ret = strtoll(copy, &end, 0);
	if (errno == ERANGE) { /* kernel.shmmax goes beyond */
		errno = 0;
		*ret = (long long)strtoull(copy, &end, 0);
	}
	return end != copy && !*end && !errno;
}

static bool token_equal(const struct token *a, const struct token *b)
{
	long long x, y;

	if (a->len == b->len && !memcmp(a->p, b->p, a->len))
		return true;
	return token_number(a, &x) && token_number(b, &y) && x == y;
}

static bool words_equal(const char *a, const char *b)
{
	struct token x, y;

	for (;;) {
		bool more = token_next(&a, &x), more_b = token_next(&b, &y);

		if (more != more_b)
			return false;
		if (!more)
			return true;
		if (!token_equal(&x, &y))
			return false;
	}
}

/* Every word of a occurs in b. */
static bool words_contained(const char *a, const char *b)
{
	struct token x, y;

	while (token_next(&a, &x)) {
		const char *at = b;
		bool found = false;

		while (!found && token_next(&at, &y))
			found = token_equal(&x, &y);
		if (!found)
			return false;
	}
	return true;
}

/* Static: 16 KiB would be a large piece of masu-init's stack. */
static bool lists_equal(const char *a, const char *b)
{
	static unsigned long x[LIST_BITS / (8 * sizeof(long))], y[LIST_BITS / (8 * sizeof(long))];
	char copy[4096];
	size_t n = strcspn(b, BLANKS);

	if (n >= sizeof(copy) || !strpbrk(a, ",-"))
		return false;
	memcpy(copy, b, n);
	copy[n] = '\0';
	memset(x, 0, sizeof(x));
	memset(y, 0, sizeof(y));
	return parse_list(a, x, LIST_BITS) == 0 && parse_list(copy, y, LIST_BITS) == 0 && !memcmp(x, y, sizeof(x));
}

/* Keys and masks: one thing has many spellings (an address, groups of hexadecimal digits). */
static bool has_spellings(const char *path)
{
	static const char *const names[] = { "stable_secret", "tcp_fastopen_key", "rps_default_mask",
					     "flow_limit_cpu_bitmap" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(path_basename(path), names[i]))
			return true;
	return false;
}

static int sysctl_compare(const char *key, const char *path, const char *want, const char *got, struct err *err)
{
	if (words_equal(want, got) || lists_equal(want, got) ||
	    (words_contained(want, got) && words_contained(got, want)))
		return 0;
	if (has_spellings(path)) {
		log_debug("sysctl `%s`: written `%s`, the kernel shows `%.*s`", key, want, (int)strcspn(got, "\n"),
			  got);
		return 0;
	}
	return err_set(err, ERANGE, "set sysctl `%s` to `%s`: the kernel keeps `%.*s`", key, want,
		       (int)strcspn(got, "\n"), got);
}

static int sysctl_apply_row(const char *key, const char *path, const char *value, int proc_fd, struct err *err)
{
	char got[4096];
	ssize_t n;
	int r = procfs_write(proc_fd, path, value);

	if (r == -ENOENT)
		return err_set(err, ENOENT, "set sysctl `%s`: no such parameter in this namespace (/proc/%s)", key,
			       path);
	if (r < 0)
		return err_code(err, r, "set sysctl `%s` to `%s`", key, value);
	n = procfs_read(proc_fd, path, got, sizeof(got));
	if (n == -EACCES || n == -EPERM || n == -EFBIG)
		return 0; /* some can only be written (net.ipv4.route.flush), some are longer than a page */
	if (n < 0)
		return err_code(err, (int)n, "read sysctl `%s`", key);
	return sysctl_compare(key, path, value, got, err);
}

/* "~" and "/" as RFC 6901 writes them in a pointer. */
void sysctl_point(const char *key, struct err *err)
{
	char out[160];
	size_t n = 0;

	for (; *key && n < sizeof(out) - 3; key++) {
		if (*key == '/' || *key == '~') {
			out[n++] = '~';
			out[n++] = *key == '/' ? '1' : '0';
		} else {
			out[n++] = *key;
		}
	}
	out[n] = '\0';
	err_pointer(err, "/linux/sysctl/%s", out);
}

int sysctl_apply(const struct flat *f, const struct sysctl_plan *p, int proc_fd, struct err *err)
{
	const struct sysctl_row *rows = flat_arr(f, p->rows, sizeof(*rows));
	int r = 0;

	if (p->rows.count && !rows)
		return err_set(err, EPROTO, "set the sysctls: the record is damaged");
	for (size_t i = 0; r >= 0 && i < p->rows.count; i++) {
		const char *key = flat_str(f, rows[i].key), *path = flat_str(f, rows[i].path),
			   *value = flat_str(f, rows[i].value);

		if (!key || !path || !value || strncmp(path, "sys/", 4))
			return err_set(err, EPROTO, "set the sysctls: row %zu is damaged", i);
		r = sysctl_apply_row(key, path, value, proc_fd, err);
		if (r < 0)
			sysctl_point(key, err);
	}
	return r;
}
