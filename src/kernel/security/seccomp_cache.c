/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and files of compiled filters. A wrong filter is a hole, so a file counts only if it is ours, whole, and holds exactly
 * the key that was asked for. No libseccomp here: a hit must stay cheap. */
#include "kernel/security/seccomp_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

#define CACHE_MAGIC UINT64_C(0x0131706d6f63736d) /* the last byte is the version of the file's form */
#define CACHE_PREFIX "seccomp-"
#define CACHE_FILE_MAX (1 << 20)

struct cache_header {
	uint64_t magic;
	uint64_t check; /* hash of all that follows */
	uint32_t key_len, program_len;
};

uint64_t seccomp_cache_hash(const void *p, size_t len)
{
	const unsigned char *at = p;
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ len;

	while (len) {
		size_t n = len < 8 ? len : 8;
		uint64_t w = 0;

		memcpy(&w, at, n);
		h = (h ^ w) * UINT64_C(0xd6e8feb86659fd93);
		h ^= h >> 32;
		at += n;
		len -= n;
	}
	h *= UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 29;
}

/* Numbers are written with their width and strings with their length, so that no two profiles look alike. */
static void key_u64(struct buf *key, uint64_t v)
{
	buf_add(key, &v, sizeof(v));
}

static void key_opt(struct buf *key, bool set, uint64_t v)
{
	key_u64(key, set);
	key_u64(key, set ? v : 0);
}

static void key_str(struct buf *key, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	key_u64(key, s ? len : UINT64_MAX);
	buf_add(key, s ? s : "", len);
}

static void key_syscall(struct buf *key, const struct spec_seccomp_syscall *c)
{
	key_opt(key, c->action.set, (uint64_t)c->action.value);
	key_opt(key, c->errno_ret.set, c->errno_ret.value);
	key_u64(key, c->names_len);
	for (size_t i = 0; i < c->names_len; i++)
		key_str(key, c->names[i]);
	key_u64(key, c->args_len);
	for (size_t i = 0; i < c->args_len; i++) {
		key_opt(key, c->args[i].index.set, c->args[i].index.value);
		key_opt(key, c->args[i].op.set, (uint64_t)c->args[i].op.value);
		key_opt(key, c->args[i].value.set, c->args[i].value.value);
		key_opt(key, c->args[i].value_two.set, c->args[i].value_two.value);
	}
}

int seccomp_cache_key(const struct spec_seccomp *s, const char *compiler, struct buf *key)
{
	key_str(key, compiler);
	key_opt(key, s->default_action.set, (uint64_t)s->default_action.value);
	key_opt(key, s->default_errno_ret.set, s->default_errno_ret.value);
	key_u64(key, s->architectures_len);
	for (size_t i = 0; i < s->architectures_len; i++)
		key_u64(key, (uint64_t)s->architectures[i]);
	key_u64(key, s->syscalls_len);
	for (size_t i = 0; i < s->syscalls_len; i++)
		key_syscall(key, &s->syscalls[i]);
	return key->error;
}

static void cache_name(const struct buf *key, char out[40])
{
	snprintf(out, 40, CACHE_PREFIX "%016" PRIx64, seccomp_cache_hash(key->data, key->len));
}

/* A regular file of ours that nobody else can write or link to. */
static bool cache_file_is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0600 && st.st_uid == geteuid() &&
	       st.st_nlink == 1 && st.st_size <= CACHE_FILE_MAX;
}

int seccomp_cache_load(int dir_fd, const struct buf *key, struct buf *ret)
{
	AUTO(buf_done) struct buf file = { 0 };
	struct cache_header h;
	autoclose int fd = -EBADF;
	const char *body;
	char name[40];

	cache_name(key, name);
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || !cache_file_is_ours(fd) || io_read_all(fd, CACHE_FILE_MAX, &file) < 0 || file.len < sizeof(h))
		return -ENOENT;
	memcpy(&h, file.data, sizeof(h));
	body = file.data + sizeof(h);
	if (h.magic != CACHE_MAGIC || (uint64_t)h.key_len + h.program_len != file.len - sizeof(h) || !h.program_len ||
	    h.program_len % 8 || h.key_len != key->len || memcmp(body, key->data, key->len) ||
	    h.check != seccomp_cache_hash(body, file.len - sizeof(h)))
		return -ENOENT;
	return buf_add(ret, body + h.key_len, h.program_len);
}

/* Profiles may change with every container: the oldest file makes room. */
static void cache_evict(int dir_fd)
{
	char oldest[64] = "";
	struct timespec oldest_time = { 0 };
	unsigned n = 0;
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(d));) {
		struct stat st;

		if (strncmp(e->d_name, CACHE_PREFIX, strlen(CACHE_PREFIX)) || strlen(e->d_name) >= sizeof(oldest) ||
		    fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (!n++ || st.st_mtim.tv_sec < oldest_time.tv_sec ||
		    (st.st_mtim.tv_sec == oldest_time.tv_sec && st.st_mtim.tv_nsec < oldest_time.tv_nsec)) {
			oldest_time = st.st_mtim;
			strcpy(oldest, e->d_name);
		}
	}
	closedir(d);
	if (n >= SECCOMP_CACHE_MAX)
		unlinkat(dir_fd, oldest, 0);
}

int seccomp_cache_store(int dir_fd, const struct buf *key, const void *program, size_t len)
{
	AUTO(buf_done) struct buf file = { 0 };
	struct cache_header h = { .magic = CACHE_MAGIC, .key_len = (uint32_t)key->len, .program_len = (uint32_t)len };
	char name[40];

	if (key->len + len + sizeof(h) > CACHE_FILE_MAX)
		return -EFBIG;
	buf_add(&file, &h, sizeof(h));
	buf_add(&file, key->data, key->len);
	buf_add(&file, program, len);
	if (file.error)
		return file.error;
	h.check = seccomp_cache_hash(file.data + sizeof(h), file.len - sizeof(h));
	memcpy(file.data, &h, sizeof(h));
	cache_name(key, name);
	cache_evict(dir_fd);
	return io_replace_at(dir_fd, name, file.data, file.len, 0600);
}
