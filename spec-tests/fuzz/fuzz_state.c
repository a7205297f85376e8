/* SPDX-License-Identifier: Apache-2.0 */
/* state.json as found on disk: read or refused with an explanation; what is read is saved and read as the same. */
#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "container/dir.h"
#include "container/state.h"

static char dir[] = "/dev/shm/masu-fuzz-XXXXXX";
static int dir_fd = -1;

static void remove_dir(void)
{
	unlinkat(dir_fd, "state.json", 0);
	rmdir(dir);
}

static void prepare(void)
{
	MUST(mkdtemp(dir));
	atexit(remove_dir);
	dir_fd = open(dir, O_DIRECTORY | O_CLOEXEC);
	MUST(dir_fd >= 0);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct state one, two;
	struct err err = { 0 };
	int fd, r;

	if (dir_fd < 0)
		prepare();
	unlinkat(dir_fd, "state.json", 0);
	fd = openat(dir_fd, "state.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	MUST(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	close(fd);
	r = state_load(dir_fd, "box", &a, &one, &err);
	if (r < 0) {
		must_explain(r, &err);
		return 0;
	}
	MUST(one.id && one.bundle && one.pid >= 0);
	MUST(state_save(dir_fd, &one, &err) == 0);
	MUST(state_load(dir_fd, "box", &a, &two, &err) == 0);
	MUST(same_text(one.id, two.id) && same_text(one.bundle, two.bundle) && same_text(one.cgroup, two.cgroup));
	MUST(one.pid == two.pid && one.start_time == two.start_time && one.annotations_len == two.annotations_len);
	for (size_t i = 0; i < one.annotations_len; i++)
		MUST(same_text(one.annotations[i].value, two.annotations[i].value));
	return 0;
}
