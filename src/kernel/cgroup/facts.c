/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the mounted cgroup hierarchies. The usual v2 host costs one statfs and no parsing; controllers and the caller's
 * own cgroup are looked up where they are needed. */
#include "kernel/cgroup/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/procfs.h"

#define CGROUP_STD_MOUNT "/sys/fs/cgroup"
#define MOUNTINFO_MAX (16u << 20)

const char *cgroup_layout_name(enum cgroup_layout l)
{
	static const char *const names[] = { "no cgroups", "cgroup v1", "hybrid cgroups", "cgroup v2" };

	return names[l];
}

/* True if word is one of the comma-separated words of list. */
static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p;) {
		size_t n = strcspn(p, ",");

		if (n == len && memcmp(p, word, n) == 0)
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

int cgroup_facts_find_v1(const struct cgroup_facts *f, const char *controller)
{
	for (size_t i = 0; i < f->hierarchies_len; i++)
		if (!f->hierarchies[i].v2 && list_has(f->hierarchies[i].name, controller))
			return (int)i;
	return -1;
}

int cgroup_facts_find(const struct cgroup_facts *f, const char *controller)
{
	int i = cgroup_facts_find_v1(f, controller);

	/* The block controller changed its name with v2. */
	if (i < 0 && strcmp(controller, "io") == 0)
		i = cgroup_facts_find_v1(f, "blkio");
	return i >= 0 ? i : f->unified;
}

/* One line of mountinfo, cut at blanks in place of copying: "36 35 0:29 /root /mount opts [tags] - type source super". */
struct mount_line {
	char mount[256], type[16], super[512];
};

static bool line_scan(const char *line, size_t len, struct mount_line *ret)
{
	char mount[256], text[2048];
	const char *tail;

	if (len >= sizeof(text))
		return false;
	memcpy(text, line, len);
	text[len] = 0;
	tail = strstr(text, " - cgroup");
	if (!tail || sscanf(text, "%*s %*s %*s %*s %255s", mount) != 1)
		return false;
	if (sscanf(tail, " - %15s %*s %511s", ret->type, ret->super) != 2)
		return false;
	memcpy(ret->mount, mount, sizeof(mount));
	return strcmp(ret->type, "cgroup") == 0 || strcmp(ret->type, "cgroup2") == 0;
}

/* Super options that are no controller. "name=" stays: it is what tells a named hierarchy. */
static bool is_controller_word(const char *w)
{
	static const char *const other[] = { "rw",
					     "ro",
					     "none",
					     "noprefix",
					     "clone_children",
					     "xattr",
					     "cpuset_v2_mode",
					     "favordynmods",
					     "nofavordynmods",
					     "sync",
					     "dirsync",
					     "lazytime" };

	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		if (strcmp(w, other[i]) == 0)
			return false;
	return strncmp(w, "release_agent=", 14) != 0 && strncmp(w, "seclabel", 8) != 0 && !strstr(w, "context=");
}

static void hierarchy_from_line(const struct mount_line *l, struct cgroup_hierarchy *h)
{
	char super[512];
	char *save = NULL;

	*h = (struct cgroup_hierarchy){ .v2 = strcmp(l->type, "cgroup2") == 0, .fd = -1 };
	memcpy(h->mount, l->mount, sizeof(h->mount));
	path_unescape(h->mount);
	if (h->v2) {
		strcpy(h->name, "unified");
		return;
	}
	memcpy(super, l->super, sizeof(super));
	for (char *w = strtok_r(super, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		size_t used = strlen(h->name);

		if (strcmp(w, "noprefix") == 0)
			h->noprefix = true;
		if (is_controller_word(w) && used + strlen(w) + 2 < sizeof(h->name))
			sprintf(h->name + used, "%s%s", used ? "," : "", w);
	}
}

static bool known(const struct cgroup_facts *f, const struct cgroup_hierarchy *h)
{
	for (size_t i = 0; i < f->hierarchies_len; i++)
		if (f->hierarchies[i].v2 == h->v2 && strcmp(f->hierarchies[i].name, h->name) == 0)
			return true;
	return false;
}

int cgroup_facts_parse(const char *mountinfo, struct cgroup_facts *ret, struct err *err)
{
	bool v1 = false;

	*ret = (struct cgroup_facts)CGROUP_FACTS_INIT;
	for (const char *p = mountinfo; *p;) {
		struct cgroup_hierarchy h;
		struct mount_line l;
		size_t len = strcspn(p, "\n");

		if (line_scan(p, len, &l)) {
			hierarchy_from_line(&l, &h);
			if (h.name[0] && !known(ret, &h)) { /* a second mount of a hierarchy shows the same tree */
				if (ret->hierarchies_len == CGROUP_HIERARCHIES_MAX)
					return err_set(err, E2BIG, "read mountinfo: more than %d cgroup hierarchies",
						       CGROUP_HIERARCHIES_MAX);
				if (h.v2)
					ret->unified = (int)ret->hierarchies_len;
				v1 |= !h.v2;
				ret->hierarchies[ret->hierarchies_len++] = h;
			}
		}
		p += len + (p[len] == '\n');
	}
	if (v1)
		ret->layout = ret->unified >= 0 ? CGROUP_LAYOUT_HYBRID : CGROUP_LAYOUT_V1;
	else if (ret->unified >= 0)
		ret->layout = CGROUP_LAYOUT_V2;
	return 0;
}

static int hierarchy_open(struct cgroup_hierarchy *h, struct err *err)
{
	struct statfs st;
	long want = h->v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;

	h->fd = open(h->mount, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (h->fd < 0)
		return err_sys(err, "open cgroup hierarchy `%s`", h->mount);
	if (fstatfs(h->fd, &st) < 0)
		return err_sys(err, "stat cgroup hierarchy `%s`", h->mount);
	if ((long)st.f_type != want)
		return err_set(err, ENODEV, "open cgroup hierarchy `%s`: something else is mounted over it", h->mount);
	return 0;
}

static void facts_set_pure_v2(struct cgroup_facts *ret, int *fd)
{
	struct cgroup_hierarchy *h = &ret->hierarchies[0];

	*h = (struct cgroup_hierarchy){ .v2 = true, .name = "unified", .mount = CGROUP_STD_MOUNT, .fd = take_fd(fd) };
	ret->layout = CGROUP_LAYOUT_V2;
	ret->hierarchies_len = 1;
	ret->unified = 0;
}

#define V1_MOUNT(n) "30 29 0:26 / " CGROUP_STD_MOUNT "/" n " rw - cgroup cgroup rw," n "\n"

int cgroup_facts_assume(enum cgroup_layout layout, struct cgroup_facts *ret, struct err *err)
{
	static const char v1[] =
		V1_MOUNT("cpuset") V1_MOUNT("cpu,cpuacct") V1_MOUNT("blkio") V1_MOUNT("memory") V1_MOUNT("devices")
			V1_MOUNT("freezer") V1_MOUNT("net_cls,net_prio") V1_MOUNT("perf_event") V1_MOUNT("hugetlb")
				V1_MOUNT("pids") V1_MOUNT("rdma") "30 29 0:26 / " CGROUP_STD_MOUNT
								  "/systemd rw - cgroup cgroup rw,name=systemd\n";
	static const char *const mountinfo[] = {
		[CGROUP_LAYOUT_NONE] = "",
		[CGROUP_LAYOUT_V1] = v1,
		[CGROUP_LAYOUT_HYBRID] = "30 29 0:26 / " CGROUP_STD_MOUNT "/unified rw - cgroup2 cgroup2 rw\n",
		[CGROUP_LAYOUT_V2] = "30 29 0:26 / " CGROUP_STD_MOUNT " rw - cgroup2 cgroup2 rw\n",
	};
	char text[sizeof(v1) + 256];

	snprintf(text, sizeof(text), "%s%s", layout == CGROUP_LAYOUT_HYBRID ? v1 : "", mountinfo[layout]);
	return cgroup_facts_parse(text, ret, err);
}

int cgroup_facts_load(struct cgroup_facts *ret, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	autoclose int proc_fd = -1, fd = -1, std = -1;
	struct statfs st;
	int r;

	*ret = (struct cgroup_facts)CGROUP_FACTS_INIT;
	std = open(CGROUP_STD_MOUNT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (std >= 0 && fstatfs(std, &st) == 0 && (long)st.f_type == CGROUP2_SUPER_MAGIC) {
		facts_set_pure_v2(ret, &std);
		return 0;
	}
	proc_fd = procfs_open(err);
	if (proc_fd < 0)
		return proc_fd;
	fd = procfs_open_file(proc_fd, "self/mountinfo", O_RDONLY);
	if (fd < 0)
		return err_code(err, fd, "open `/proc/self/mountinfo`");
	r = io_read_all(fd, MOUNTINFO_MAX, &text);
	if (r < 0)
		return err_code(err, r, "read `/proc/self/mountinfo`");
	r = cgroup_facts_parse(text.data ? text.data : "", ret, err);
	for (size_t i = 0; r == 0 && i < ret->hierarchies_len; i++)
		r = hierarchy_open(&ret->hierarchies[i], err);
	if (r < 0)
		cgroup_facts_done(ret);
	return r;
}

void cgroup_facts_done(struct cgroup_facts *f)
{
	for (size_t i = 0; i < f->hierarchies_len; i++)
		cleanup_close(&f->hierarchies[i].fd);
	*f = (struct cgroup_facts)CGROUP_FACTS_INIT;
}
