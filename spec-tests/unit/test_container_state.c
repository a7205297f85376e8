/* SPDX-License-Identifier: Apache-2.0 */
/* Ids, directories, journal and state files: what is written comes back, and damage gives errors. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "container/dir.h"
#include "container/id.h"
#include "container/journal.h"
#include "container/state.h"
#include "lib/check.h"

static char root[] = "/tmp/masu-test-XXXXXX";

static struct masu_runtime make_runtime(void)
{
	struct masu_runtime rt = { .root = root, .root_fd = -1, .proc_fd = -1 };

	strcpy(root, "/tmp/masu-test-XXXXXX");
	CHECK(mkdtemp(root));
	return rt;
}

static void end_runtime(struct masu_runtime *rt)
{
	cleanup_close(&rt->root_fd);
	CHECK_INT(rmdir(root), 0);
}

TEST(ids)
{
	static const char *const good[] = { "a", "A-Z_0.9+x", "-x", "0" };
	static const char *const bad[] = { "", ".", "..", ".hidden", "a/b", "a b", "a\n", "ä", "a:b" };
	char long_id[300];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		CHECK_INT(id_check(good[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(id_check(bad[i], NULL), -EINVAL);
	memset(long_id, 'a', sizeof(long_id));
	long_id[255] = '\0';
	CHECK_INT(id_check(long_id, NULL), 0);
	long_id[255] = 'a';
	long_id[256] = '\0';
	CHECK_INT(id_check(long_id, NULL), -EINVAL);
	CHECK_INT(id_check(NULL, NULL), -EINVAL);
}

TEST(claims_are_exclusive)
{
	struct masu_runtime rt = make_runtime();
	struct err err = { 0 };
	int a = -1, b = -1;

	CHECK_INT(dir_claim(&rt, "x", &a, NULL), 0);
	CHECK_INT(dir_claim(&rt, "x", &b, &err), -EEXIST);
	CHECK(strstr(err.text, "already exists"));
	CHECK_INT(dir_open(&rt, "x", &b, NULL), 0);
	CHECK(dir_is_locked(b));
	cleanup_close(&b);
	CHECK_INT(dir_open_locked(&rt, "x", 10, &b, NULL), -EBUSY);
	close(a);
	CHECK_INT(dir_open_locked(&rt, "x", 10, &b, NULL), 0);
	CHECK_INT(dir_remove(&rt, "x", NULL), 0);
	close(b);
	err_clear(&err);
	CHECK_INT(dir_open(&rt, "x", &b, &err), -ENOENT);
	CHECK_STR(err.text, "container `x` does not exist");
	end_runtime(&rt);
}

TEST(journal_survives_a_torn_line)
{
	struct masu_runtime rt = make_runtime();
	struct arena a = { 0 };
	struct journal j;
	struct journal_entries e;
	int dir_fd = -1;

	CHECK_INT(dir_claim(&rt, "x", &dir_fd, NULL), 0);
	CHECK_INT(journal_load(dir_fd, &a, &e, NULL), -ENOENT);
	CHECK_INT(journal_create(dir_fd, &j, NULL), 0);
	CHECK_INT(journal_add(&j, "bundle", "/b c", NULL), 0);
	CHECK_INT(journal_add(&j, "cgroup", "old", NULL), 0);
	CHECK_INT(journal_add(&j, "cgroup", "new", NULL), 0);
	CHECK_INT(journal_add(&j, "init", "4711 99", NULL), 0);
	CHECK_INT(journal_add(&j, "future", "word", NULL), 0);
	CHECK_INT(write(j.fd, "init 17", 7), 7);
	journal_done(&j);
	CHECK_INT(journal_load(dir_fd, &a, &e, NULL), 0);
	CHECK_STR(e.bundle, "/b c");
	CHECK_STR(e.cgroup, "new");
	CHECK_INT(e.pid, 4711);
	CHECK_INT(e.start_time, 99);
	CHECK_INT(dir_remove(&rt, "x", NULL), 0);
	arena_done(&a);
	close(dir_fd);
	end_runtime(&rt);
}

static const struct spec_kv notes[] = { { "a", "b" }, { "k", "" } };
static const struct state sample = {
	.id = "x",
	.bundle = "/b",
	.rootfs = "/b/rootfs",
	.created = "2026-01-02T03:04:05.000000006Z",
	.cgroup = "cgroupfs /x",
	.pid = 4711,
	.start_time = 123456789012345,
	.owner = 0,
	.has_process = true,
	.has_poststart = true,
	.shared_pid = true,
	.keyring = true,
	.annotations = notes,
	.annotations_len = 2,
};

TEST(state_comes_back)
{
	struct masu_runtime rt = make_runtime();
	struct arena a = { 0 };
	struct state s;
	int dir_fd = -1;

	CHECK_INT(dir_claim(&rt, "x", &dir_fd, NULL), 0);
	CHECK_INT(state_load(dir_fd, "x", &a, &s, NULL), -ENOENT);
	CHECK_INT(state_save(dir_fd, &sample, NULL), 0);
	CHECK_INT(state_load(dir_fd, "x", &a, &s, NULL), 0);
	CHECK_STR(s.id, "x");
	CHECK_STR(s.bundle, "/b");
	CHECK_STR(s.rootfs, "/b/rootfs");
	CHECK_STR(s.created, sample.created);
	CHECK_STR(s.cgroup, "cgroupfs /x");
	CHECK_INT(s.pid, 4711);
	CHECK_INT(s.start_time, 123456789012345);
	CHECK(s.has_process && s.has_poststart && s.shared_pid && s.keyring);
	CHECK_INT(s.annotations_len, 2);
	CHECK_STR(s.annotations[1].key, "k");
	CHECK_STR(s.annotations[1].value, "");
	CHECK_INT(dir_remove(&rt, "x", NULL), 0);
	arena_done(&a);
	close(dir_fd);
	end_runtime(&rt);
}

/* Every truncation and a few hostile documents: an error each, never a crash or a wrong process. */
TEST(damaged_state_is_an_error)
{
	static const char *const hostile[] = {
		"", "{}", "[]", "{\"version\":1,\"pid\":1}", "{\"version\":2}", "null", "{\"version\":1,\"pid\":-5}"
	};
	struct masu_runtime rt = make_runtime();
	struct arena a = { 0 };
	struct state s;
	char text[4096];
	ssize_t len;
	int fd, dir_fd = -1;

	CHECK_INT(dir_claim(&rt, "x", &dir_fd, NULL), 0);
	CHECK_INT(state_save(dir_fd, &sample, NULL), 0);
	fd = openat(dir_fd, DIR_STATE, O_RDWR);
	len = read(fd, text, sizeof(text));
	for (ssize_t i = len - 2; i > 0; i--) {
		CHECK_INT(ftruncate(fd, i), 0);
		CHECK_INT(state_load(dir_fd, "x", &a, &s, NULL), -EINVAL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		CHECK_INT(ftruncate(fd, 0), 0);
		CHECK_INT(pwrite(fd, hostile[i], strlen(hostile[i]), 0), (long long)strlen(hostile[i]));
		CHECK_INT(state_load(dir_fd, "x", &a, &s, NULL), -EINVAL);
	}
	close(fd);
	CHECK_INT(unlinkat(dir_fd, DIR_STATE, 0), 0);
	CHECK_INT(mkfifoat(dir_fd, DIR_STATE, 0600), 0);
	CHECK_INT(state_load(dir_fd, "x", &a, &s, NULL), -EINVAL);
	CHECK_INT(dir_remove(&rt, "x", NULL), 0);
	arena_done(&a);
	close(dir_fd);
	end_runtime(&rt);
}

TEST(times_are_those_of_the_calendar)
{
	char got[64], want[64];

	for (int64_t t = 0; t < 8000000000; t += 86399 * 3 + 7) {
		time_t secs = (time_t)t;
		struct tm tm;

		gmtime_r(&secs, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000000042Z", &tm);
		state_format_time(t, 42, got, sizeof(got));
		CHECK_STR(got, want);
	}
}

TEST(hook_documents)
{
	struct buf doc = { 0 }, head = { 0 }, tail = { 0 };

	CHECK_INT(state_hook_document(&sample, STATUS_CREATING, 42, &doc), 0);
	CHECK_STR(doc.data,
		  "{\"ociVersion\":\"1.3.0\",\"id\":\"x\",\"status\":\"creating\",\"pid\":42,\"bundle\":\"/b\","
		  "\"annotations\":{\"a\":\"b\",\"k\":\"\"}}");
	CHECK_INT(state_hook_split(&sample, STATUS_CREATED, &head, &tail), 0);
	CHECK_STR(head.data, "{\"ociVersion\":\"1.3.0\",\"id\":\"x\",\"status\":\"created\",\"pid\":");
	CHECK_STR(tail.data, ",\"bundle\":\"/b\",\"annotations\":{\"a\":\"b\",\"k\":\"\"}}");
	buf_done(&doc);
	buf_done(&head);
	buf_done(&tail);
}

CHECK_MAIN();
