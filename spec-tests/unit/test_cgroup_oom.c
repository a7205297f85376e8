/* SPDX-License-Identifier: Apache-2.0 */
/* The out-of-memory watch on a cgroup2 tree that is only a directory. (v1 is in lifecycle/events.bats.) */

#include <check.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "kernel/cgroup/oom.h"

struct tree {
	char path[64];
	int fd;
	struct cgroup_facts facts;
	struct cgroup cg;
};

static bool tree_make(struct tree *t)
{
	*t = (struct tree){ .facts = CGROUP_FACTS_INIT, .cg = CGROUP_INIT };
	strcpy(t->path, "/tmp/masu-oom-XXXXXX");
	if (!mkdtemp(t->path))
		return false;
	t->fd = open(t->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(t->fd, "a", 0755) < 0)
		return false;
	t->facts.layout = CGROUP_LAYOUT_V2;
	t->facts.hierarchies[0] = (struct cgroup_hierarchy){ .v2 = true, .name = "unified", .fd = t->fd };
	t->facts.hierarchies_len = 1;
	t->facts.unified = 0;
	return CHECK_ERR(cgroup_open(&t->facts, "cgroupfs unified:1 /a", &t->cg, NULL), 0);
}

static void tree_done(struct tree *t)
{
	cgroup_done(&t->cg);
	unlinkat(t->fd, "a/memory.events", 0);
	unlinkat(t->fd, "a", AT_REMOVEDIR);
	rmdir(t->path);
	close(t->fd);
}

static void set_events(struct tree *t, const char *text)
{
	autoclose int fd = openat(t->fd, "a/memory.events", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK_ERR(io_write_full(fd, text, strlen(text)), 0);
}

TEST(counts_what_is_new)
{
	AUTO(tree_done) struct tree t;
	AUTO(cgroup_oom_done) struct cgroup_oom oom = CGROUP_OOM_INIT;

	REQUIRE(tree_make(&t));
	set_events(&t, "low 0\nhigh 0\nmax 9\noom 9\noom_kill 3\noom_group_kill 9\n");
	CHECK_ERR(cgroup_oom_open(&t.cg, &oom, NULL), 0);
	CHECK(oom.fd >= 0);
	CHECK_INT(oom.events, POLLPRI);
	CHECK_INT(cgroup_oom_take(&oom), 0);
	set_events(&t, "low 0\nhigh 0\nmax 10\noom 10\noom_kill 3\noom_group_kill 10\n");
	CHECK_INT(cgroup_oom_take(&oom), 0);
	set_events(&t, "low 0\nhigh 0\nmax 10\noom 10\noom_kill 5\n");
	CHECK_INT(cgroup_oom_take(&oom), 1);
	CHECK_INT(cgroup_oom_take(&oom), 0);
}

TEST(no_memory_controller)
{
	AUTO(tree_done) struct tree t;
	AUTO(cgroup_oom_done) struct cgroup_oom oom = CGROUP_OOM_INIT;

	REQUIRE(tree_make(&t));
	CHECK_ERR(cgroup_oom_open(&t.cg, &oom, NULL), 0);
	CHECK_INT(oom.fd, -1);
	CHECK_INT(cgroup_oom_take(&oom), 0);
}

CHECK_MAIN();
