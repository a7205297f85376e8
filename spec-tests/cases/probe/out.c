/* SPDX-License-Identifier: Apache-2.0 */
/* The probe's writer of JSON: into one buffer, written by one call, so that a reader never sees half a line. */
#include "probe.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char text[1 << 20];
static size_t used;
static char last; /* outlives a flush: a forked child goes on in the middle of the object */

static void put(const char *s, size_t n)
{
	if (n > sizeof(text) - used)
		n = sizeof(text) - used;
	memcpy(text + used, s, n);
	used += n;
	if (n)
		last = s[n - 1];
}

static void before_value(void)
{
	if (last && !strchr("[{:,", last))
		put(",", 1);
}

void out_open(char bracket)
{
	before_value();
	put(&bracket, 1);
}

void out_close(char bracket)
{
	put(&bracket, 1);
}

/* The length of the character of UTF-8 that starts here; 0 when none does. */
static size_t character(const unsigned char *s, size_t n)
{
	size_t len = *s < 0x80                 ? 1
		     : *s >= 0xc2 && *s < 0xe0 ? 2
		     : *s >= 0xe0 && *s < 0xf0 ? 3
		     : *s >= 0xf0 && *s < 0xf5 ? 4
					       : 0;

	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

void out_strn(const char *s, size_t n)
{
	char esc[8];
	size_t len;

	before_value();
	put("\"", 1);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			put((char[]){ '\\', (char)c }, 2);
		else if (c >= 0x80 && (len = character((const unsigned char *)s + i, n - i))) {
			put(s + i, len);
			i += len - 1;
		} else if (c < 0x20 || c >= 0x7f)
			put(esc, (size_t)snprintf(esc, sizeof(esc), "\\u%04x", c));
		else
			put((const char *)&c, 1);
	}
	put("\"", 1);
}

void out_str(const char *s)
{
	out_strn(s, strlen(s));
}

void out_key(const char *key)
{
	out_str(key);
	put(":", 1);
}

static void put_word(const char *s)
{
	before_value();
	put(s, strlen(s));
}

void out_num(long long v)
{
	char s[32];

	snprintf(s, sizeof(s), "%lld", v);
	put_word(s);
}

void out_unum(unsigned long long v)
{
	char s[32];

	snprintf(s, sizeof(s), "%llu", v);
	put_word(s);
}

void out_bool(bool v)
{
	put_word(v ? "true" : "false");
}

void out_null(void)
{
	put_word("null");
}

void out_flush(int fd)
{
	size_t done = 0;

	while (done < used) {
		ssize_t n = write(fd, text + done, used - done);

		if (n <= 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	used = 0;
}

const char *errno_name(int err)
{
	static const struct {
		int nr;
		const char *name;
	} names[] = {
#define E(x) { x, #x }
		E(EPERM),       E(ENOENT),      E(EINTR),           E(EIO),          E(ENXIO),      E(E2BIG),
		E(ENOEXEC),     E(EBADF),       E(ECHILD),          E(EAGAIN),       E(ENOMEM),     E(EACCES),
		E(EFAULT),      E(ENOTBLK),     E(EBUSY),           E(EEXIST),       E(EXDEV),      E(ENODEV),
		E(ENOTDIR),     E(EISDIR),      E(EINVAL),          E(ENFILE),       E(EMFILE),     E(ENOTTY),
		E(ETXTBSY),     E(EFBIG),       E(ENOSPC),          E(ESPIPE),       E(EROFS),      E(EMLINK),
		E(EPIPE),       E(ERANGE),      E(EDEADLK),         E(ENAMETOOLONG), E(ENOSYS),     E(ENOTEMPTY),
		E(ELOOP),       E(EOVERFLOW),   E(EUSERS),          E(ENOTSOCK),     E(EOPNOTSUPP), E(EAFNOSUPPORT),
		E(EADDRINUSE),  E(ENETDOWN),    E(ENETUNREACH),     E(ECONNREFUSED), E(ETIMEDOUT),  E(ESTALE),
		E(EDQUOT),      E(ENODATA),     E(EPROTONOSUPPORT), E(ENOKEY),       E(EUCLEAN),    E(ESRCH),
		E(EKEYEXPIRED), E(ENOPROTOOPT),
#undef E
	};
	static char other[16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].nr == err)
			return names[i].name;
	snprintf(other, sizeof(other), "%d", err);
	return other;
}

void out_errno(int err)
{
	out_str(errno_name(err));
}

void out_result(long r)
{
	out_str(r < 0 ? errno_name(errno) : "ok");
}
