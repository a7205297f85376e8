/* SPDX-License-Identifier: Apache-2.0 */
/* What must not be there any more: processes, cgroups, mounts, links, state of containers that are gone. */
#include "cases.h"
#include <dirent.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *links(void)
{
	struct if_nameindex *list = if_nameindex();
	char *text = text_of("%s", "");

	for (struct if_nameindex *i = list; i && i->if_name; i++)
		text = text_of("%s %s", text, i->if_name);
	return text;
}

void left_note(struct world *w)
{
	w->mounts_before = file_text("/proc/self/mountinfo");
	w->links_before = links();
}

/* The cgroups of this case, by the part that all its names have; removes them when asked to. */
static char *cgroups_below(const char *dir, const char *name, int depth, bool removing)
{
	DIR *d = opendir(dir);
	char *found = text_of("%s", "");

	for (struct dirent *e; d && depth && (e = readdir(d));) {
		char *path;

		if (e->d_type != DT_DIR || *e->d_name == '.')
			continue;
		path = text_of("%s/%s", dir, e->d_name);
		found = text_of("%s%s", found, cgroups_below(path, name, depth - 1, removing));
		if (strstr(path, name)) {
			found = text_of("%s %s", found, path);
			if (removing) {
				/* nobody dies while frozen */
				if (!access(text_of("%s/freezer.state", path), W_OK))
					file_write(text_of("%s/freezer.state", path), "THAWED", -1);
				rmdir(path);
			}
		}
	}
	if (d)
		closedir(d);
	return found;
}

static char *cgroups(struct world *w, bool removing)
{
	char *text = file_text("/proc/self/mounts"), *save = NULL, *found = text_of("%s", "");
	const char *name = text_of("mc%d-%d", (int)getppid(), w->job->number);

	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l; l = strtok_r(NULL, "\n", &save)) {
		char where[256], type[64];

		if (sscanf(l, "%*s %255s %63s", where, type) == 2 && !strncmp(type, "cgroup", 6))
			found = text_of("%s%s", found, cgroups_below(where, name, 7, removing));
	}
	/* another case's number may begin with ours */
	return strstr(found, text_of("%s ", name)) || strstr(found, text_of("%s-", name)) ||
			       strstr(found, text_of("%s/", name)) ||
			       (strlen(found) > strlen(name) && !strcmp(found + strlen(found) - strlen(name), name))
		       ? found
		       : text_of("%s", "");
}

/* Processes that came to this one when their parents ended, and helpers not among them. */
static char *processes(struct world *w, bool killing)
{
	char *text = file_text(text_of("/proc/self/task/%d/children", getpid())), *save = NULL,
	     *found = text_of("%s", "");

	for (char *p = text ? strtok_r(text, " ", &save) : NULL; p; p = strtok_r(NULL, " ", &save)) {
		pid_t pid = (pid_t)atoi(p);
		bool helper = false;
		char *name;

		for (int i = 0; i < w->helpers_len; i++)
			helper |= w->helpers[i] == pid;
		if (helper || waitpid(pid, NULL, WNOHANG) == pid)
			continue;
		name = file_text(text_of("/proc/%d/comm", pid));
		found = text_of("%s %d (%.*s)", found, pid, name ? (int)strcspn(name, "\n") : 0, name ? name : "");
		if (killing)
			kill(pid, SIGKILL);
	}
	return found;
}

static void check_mounts(struct world *w)
{
	char *now = file_text("/proc/self/mountinfo"), *save = NULL;

	for (char *l = strtok_r(now, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (!strstr(w->mounts_before, l))
			problem(w, "left behind: mount %s", l);
}

/* Links that are new. A namespace that ends takes its own along, a moment later. */
static void check_links(struct world *w)
{
	for (int i = 0;; i++) {
		char *now = links(), *save = NULL, *left = NULL;

		for (char *l = strtok_r(now, " ", &save); l; l = strtok_r(NULL, " ", &save))
			if (!strstr(text_of("%s ", w->links_before), text_of(" %s ", l)))
				left = l;
		if (!left)
			return;
		if (i == 40) {
			problem(w, "left behind: link %s, before%s", left, w->links_before);
			return;
		}
		usleep(50000);
	}
}

void left_check(struct world *w)
{
	char *left = NULL;

	for (int i = 0; i < 40; i++) {
		left = text_of("%s%s", processes(w, false), cgroups(w, false));
		if (!*left)
			break;
		usleep(50000);
	}
	if (*left)
		problem(w, "left behind:%s", left);
	for (int i = 0; i < w->boxes_len; i++)
		if (!w->boxes[i].live && !access(text_of("%s/%s", w->state, w->boxes[i].id), F_OK))
			problem(w, "left behind: %s in the state directory", w->boxes[i].id);
	check_mounts(w);
	check_links(w);
}

void left_clean(struct world *w)
{
	for (int i = 0; i < w->helpers_len; i++) {
		kill(-w->helpers[i], SIGKILL);
		kill(w->helpers[i], SIGKILL);
		waitpid(w->helpers[i], NULL, 0);
	}
	w->helpers_len = 0;
	for (int i = 0; i < 40 && *processes(w, true); i++)
		usleep(25000);
	for (int i = 0; i < 20 && *cgroups(w, true); i++)
		usleep(50000);
}
