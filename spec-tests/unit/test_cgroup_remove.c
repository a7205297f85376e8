/* SPDX-License-Identifier: Apache-2.0 */
/* How the directories of a cgroup go, on a tree that is only a directory: a parent that stays without need is an error, so that the next
 * delete tries again. */

#include <check.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/cgroup/cgroup.h"

struct tree {
	char path[64], parent[72];
	int fd;
	struct cgroup_facts facts;
	struct cgroup cg;
};

/* a and a/b, both made by us. In a mount namespace of its own: a mount is what makes an empty directory busy. */
static bool tree_make(struct tree *t)
{
	*t = (struct tree){ .facts = CGROUP_FACTS_INIT, .cg = CGROUP_INIT, .fd = -1 };
	strcpy(t->path, "/tmp/masu-remove-XXXXXX");
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || !mkdtemp(t->path))
		return false;
	strcat(strcpy(t->parent, t->path), "/a");
	t->fd = open(t->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(t->fd, "a", 0755) < 0 || mkdirat(t->fd, "a/b", 0755) < 0)
		return false;
	t->facts.layout = CGROUP_LAYOUT_V2;
	t->facts.hierarchies[0] = (struct cgroup_hierarchy){ .v2 = true, .name = "unified", .fd = t->fd };
	strcpy(t->facts.hierarchies[0].mount, t->path);
	t->facts.hierarchies_len = 1;
	t->facts.unified = 0;
	return CHECK_ERR(cgroup_open(&t->facts, "cgroupfs unified:2 /a/b", &t->cg, NULL), 0);
}

static void tree_done(struct tree *t)
{
	cgroup_done(&t->cg);
	umount2(t->parent, MNT_DETACH);
	unlinkat(t->fd, "a/b", AT_REMOVEDIR);
	unlinkat(t->fd, "a/c", AT_REMOVEDIR);
	unlinkat(t->fd, "a", AT_REMOVEDIR);
	rmdir(t->path);
	cleanup_close(&t->fd);
}

static bool exists(const struct tree *t, const char *path)
{
	return faccessat(t->fd, path, F_OK, 0) == 0;
}

TEST(a_parent_that_stays_is_an_error_and_goes_the_next_time)
{
	AUTO(tree_done) struct tree t;
	struct err err = { 0 };

	if (geteuid() != 0)
		SKIP("needs root");
	REQUIRE(tree_make(&t));
	CHECK_INT(mount(t.parent, t.parent, NULL, MS_BIND, NULL), 0);
	CHECK_ERR(cgroup_destroy(&t.cg, &err), -EBUSY);
	CHECK(strstr(err.text, "remove cgroup `/a` in `/tmp/masu-remove-"));
	CHECK(!exists(&t, "a/b") && exists(&t, "a"));
	CHECK_INT(umount2(t.parent, MNT_DETACH), 0);
	CHECK_ERR(cgroup_destroy(&t.cg, &err), 0);
	CHECK(!exists(&t, "a"));
}

TEST(a_parent_that_is_busy_for_a_moment_goes)
{
	AUTO(tree_done) struct tree t;
	struct err err = { 0 };
	pid_t pid;

	if (geteuid() != 0)
		SKIP("needs root");
	REQUIRE(tree_make(&t));
	CHECK_INT(mount(t.parent, t.parent, NULL, MS_BIND, NULL), 0);
	pid = fork();
	if (pid == 0) {
		usleep(100000);
		_exit(umount2(t.parent, MNT_DETACH) != 0);
	}
	CHECK_ERR(cgroup_destroy(&t.cg, &err), 0);
	CHECK(!exists(&t, "a"));
	CHECK_INT(waitpid(pid, NULL, 0), pid);
}

TEST(a_parent_that_somebody_else_uses_stays)
{
	AUTO(tree_done) struct tree t;
	struct err err = { 0 };

	if (geteuid() != 0)
		SKIP("needs root");
	REQUIRE(tree_make(&t));
	CHECK_INT(mkdirat(t.fd, "a/c", 0755), 0);
	CHECK_ERR(cgroup_destroy(&t.cg, &err), 0);
	CHECK(!exists(&t, "a/b") && exists(&t, "a/c"));
}

CHECK_MAIN();
