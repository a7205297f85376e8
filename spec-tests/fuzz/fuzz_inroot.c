/* SPDX-License-Identifier: Apache-2.0 */
/* Paths in a tree full of links: whatever is opened or made is inside the root, and nothing beside the root changes. */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/inroot.h"

static char top[] = "/dev/shm/masu-fuzz-XXXXXX", root[64];
static int top_fd = -1;

static void clear(int dir_fd, const char *name)
{
	char command[128];

	(void)dir_fd;
	snprintf(command, sizeof(command), "rm -rf %s/%s", top, name);
	MUST(system(command) == 0);
}

static void remove_top(void)
{
	clear(top_fd, "");
}

static void prepare(void)
{
	MUST(mkdtemp(top));
	atexit(remove_top);
	top_fd = open(top, O_DIRECTORY | O_CLOEXEC);
	MUST(top_fd >= 0 && mkdirat(top_fd, "outside", 0755) == 0);
	snprintf(root, sizeof(root), "%s/root", top);
}

static void fill(int fd)
{
	static const char *const links[][2] = {
		{ "up", "../../outside" }, { "abs", "/etc/made" },        { "loop", "loop" },
		{ "dir/back", "../.." },   { "dangling", "dir/no/such" }, { "dots", "dir/../../../outside" }
	};

	MUST(mkdirat(fd, "dir", 0755) == 0 && mkdirat(fd, "etc", 0755) == 0);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		MUST(symlinkat(links[i][1], fd, links[i][0]) == 0);
}

static void inside(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	MUST(n > 0);
	path[n] = '\0';
	MUST(strncmp(path, root, strlen(root)) == 0 && (path[strlen(root)] == '\0' || path[strlen(root)] == '/'));
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_words w = fuzz_words(data, len, 6);
	struct stat before, after;
	char name[256];
	int fd, r;

	if (top_fd < 0)
		prepare();
	clear(top_fd, "root");
	MUST(mkdirat(top_fd, "root", 0755) == 0);
	MUST(fstatat(top_fd, "outside", &before, 0) == 0);
	fd = openat(top_fd, "root", O_DIRECTORY | O_CLOEXEC);
	fill(fd);
	for (size_t i = 0; i < w.n; i++) {
		if ((r = inroot_open(fd, w.v[i], O_PATH, 0)) >= 0)
			inside(r);
		if ((r = inroot_mkdir_p(fd, w.v[i], 0755, (uid_t)-1, (gid_t)-1, NULL)) >= 0)
			inside(r);
		if ((r = inroot_mkfile_p(fd, w.v[i], 0644, (uid_t)-1, (gid_t)-1, NULL)) >= 0)
			inside(r);
		if ((r = inroot_open_parent(fd, w.v[i], 1, name, sizeof(name))) >= 0) {
			inside(r);
			MUST(!strchr(name, '/'));
		}
	}
	close(fd);
	MUST(fstatat(top_fd, "outside", &after, 0) == 0 && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	MUST(faccessat(top_fd, "etc", F_OK, 0) < 0);
	fuzz_words_free(&w);
	return 0;
}
