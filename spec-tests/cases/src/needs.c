/* SPDX-License-Identifier: Apache-2.0 */
/* What a case needs of the machine, each word checked; and the layout of the cgroup hierarchies that a case sees. */
#include "cases.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define CGROUP "/sys/fs/cgroup"

static char *mounts(void)
{
	char *text = file_text("/proc/self/mounts");

	return text ? text : strdup("");
}

const char *cgroup_layout_host(void)
{
	char *text = mounts();
	bool one = strstr(text, " cgroup rw") || strstr(text, " cgroup ro"), two = strstr(text, " cgroup2 ");

	return two && !one ? "v2" : two ? "hybrid" : one ? "v1" : "none";
}

/* In the mount namespace of the case. The hierarchies themselves are the host's: v1 and v2 are two ways to see a hybrid one. */
bool cgroup_layout_set(const char *layout)
{
	if (!strcmp(layout, cgroup_layout_host()))
		return true;
	if (strcmp(cgroup_layout_host(), "hybrid"))
		return false;
	if (!strcmp(layout, "v2"))
		return !mount("cgroup2", CGROUP, "cgroup2", 0, NULL);
	if (strcmp(layout, "v1"))
		return false;
	for (char *save = NULL, *text = mounts(), *l = strtok_r(text, "\n", &save); l;
	     l = strtok_r(NULL, "\n", &save)) {
		char where[256], type[64];

		if (sscanf(l, "%*s %255s %63s", where, type) == 2 && !strcmp(type, "cgroup2") &&
		    umount2(where, MNT_DETACH) < 0)
			return false;
	}
	return true;
}

static bool has_word(const char *path, const char *name)
{
	char *text = file_text(path), *save = NULL;

	for (char *t = text ? strtok_r(text, " \n\t", &save) : NULL; t; t = strtok_r(NULL, " \n\t", &save))
		if (!strcmp(t, name))
			return true;
	return false;
}

static bool v1_has(const char *name)
{
	for (char *save = NULL, *l = strtok_r(mounts(), "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char type[64], options[512];

		if (sscanf(l, "%*s %*s %63s %511s", type, options) == 2 && !strcmp(type, "cgroup") &&
		    strstr(text_of(",%s,", options), text_of(",%s,", name)))
			return true;
	}
	return false;
}

static bool v2_has(const char *name)
{
	for (char *save = NULL, *l = strtok_r(mounts(), "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char type[64], where[256];

		if (sscanf(l, "%*s %255s %63s", where, type) == 2 && !strcmp(type, "cgroup2") &&
		    has_word(text_of("%s/cgroup.controllers", where), name))
			return true;
	}
	return false;
}

/* Of the hierarchies that this process sees, as the layout says. */
bool has_controller(const char *name, const char *layout)
{
	if (!strcmp(layout, "v2"))
		return !strcmp(cgroup_layout_host(), "v2") || !strcmp(cgroup_layout_host(), "hybrid") ? v2_has(name)
												      : false;
	return v1_has(name) || (strcmp(layout, "v1") && v2_has(name));
}

static bool has_cap(const char *name)
{
	static const struct {
		const char *name;
		int nr;
	} caps[] = { { "NET_ADMIN", 12 },    { "SYS_ADMIN", 21 },  { "SYS_BOOT", 22 },  { "SYS_NICE", 23 },
		     { "SYS_RESOURCE", 24 }, { "SYS_TIME", 25 },   { "MKNOD", 27 },     { "BPF", 39 },
		     { "SYS_RAWIO", 17 },    { "SYS_MODULE", 16 }, { "MAC_ADMIN", 33 }, { "CHECKPOINT_RESTORE", 40 } };

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		if (!strcmp(caps[i].name, name))
			return prctl(PR_CAPBSET_READ, caps[i].nr) == 1;
	return false;
}

static bool has_tool(const char *name)
{
	char *save = NULL, *path = strdup(getenv("PATH") ? getenv("PATH") : "/usr/sbin:/usr/bin:/sbin:/bin");

	for (char *p = strtok_r(path, ":", &save); p; p = strtok_r(NULL, ":", &save))
		if (!access(text_of("%s/%s", p, name), X_OK))
			return true;
	return false;
}

static bool kernel_is(const char *least)
{
	struct utsname u;
	int a = 0, b = 0, c = 0, d = 0;

	uname(&u);
	sscanf(u.release, "%d.%d", &a, &b);
	sscanf(least, "%d.%d", &c, &d);
	return a > c || (a == c && b >= d);
}

static int count_dirs(const char *path, const char *pattern)
{
	DIR *d = opendir(path);
	int n = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		n += !fnmatch(pattern, e->d_name, 0);
	if (d)
		closedir(d);
	return n;
}

static bool lsm_is(const char *name)
{
	char *text = file_text("/sys/kernel/security/lsm");

	if (!strcmp(name, "apparmor")) {
		char *on = file_text("/sys/module/apparmor/parameters/enabled");

		return on && *on == 'Y';
	}
	if (!strcmp(name, "selinux"))
		return !access("/sys/fs/selinux/enforce", F_OK);
	return text && strstr(text, name);
}

/* The document is optional. */
static bool has_features(void)
{
	return !system(text_of("'%s' features >/dev/null 2>&1", setup.runtime));
}

/* Members of the document are optional too: what a runtime does not say about itself binds it to nothing. */
static bool features_list(const char *pointer)
{
	static json *features;
	json *value = NULL;

	if (!features) {
		FILE *f = popen(text_of("'%s' features 2>/dev/null", setup.runtime), "r");
		static char text[1 << 16];
		size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

		text[n] = '\0';
		if (f)
			pclose(f);
		features = n ? j_parse(text) : NULL;
	}
	return features && j_find(features, pointer, &value) && value;
}

static int free_hugepages(void)
{
	char *text = file_text("/proc/meminfo"), *line = text ? strstr(text, "HugePages_Free:") : NULL;

	return line ? atoi(line + strlen("HugePages_Free:")) : 0;
}

static bool has_swap(void)
{
	char *text = file_text("/proc/swaps"), *line = text ? strchr(text, '\n') : NULL;

	return line && line[1];
}

/* Every user may execute it: it does not lie in root's home. */
static bool is_for_all(const char *program)
{
	char path[PATH_MAX];
	struct stat st;

	if (!realpath(program, path) || stat(path, &st) < 0 || !(st.st_mode & S_IXOTH))
		return false;
	for (char *slash = strrchr(path, '/'); slash > path; slash = strrchr(path, '/')) {
		*slash = 0;
		if (stat(path, &st) < 0 || !(st.st_mode & S_IXOTH))
			return false;
	}
	return true;
}

/* Whether one word, NAME or NAME:ARGUMENT, is fulfilled. */
static bool fulfilled(const char *word, const char *layout)
{
	const char *arg = strchr(word, ':');

	arg = arg ? arg + 1 : "";
#define IS(name) !strncmp(word, name, strlen(name))
	if (IS("not:"))
		return !fulfilled(arg, layout);
	if (IS("root"))
		return geteuid() == 0;
	if (IS("userns"))
		return !access("/proc/self/ns/user", F_OK);
	if (IS("ns:"))
		return !access(text_of("/proc/self/ns/%s", arg), F_OK);
	if (IS("cgroup:"))
		return has_controller(arg, layout);
	if (IS("v1:"))
		return strcmp(layout, "v2") && v1_has(arg);
	if (IS("v2:"))
		return strcmp(layout, "v1") && v2_has(arg);
	if (IS("v1") || IS("v2") || IS("hybrid"))
		return !strcmp(word, layout);
	if (IS("cap:"))
		return has_cap(arg);
	if (IS("apparmor") || IS("selinux"))
		return lsm_is(word);
	if (IS("resctrl"))
		return count_dirs("/sys/fs/resctrl", "info") == 1;
	if (IS("numa:"))
		return count_dirs("/sys/devices/system/node", "node[0-9]*") >= atoi(arg);
	if (IS("cpus:"))
		return sysconf(_SC_NPROCESSORS_ONLN) >= atoi(arg);
	if (IS("kernel:"))
		return kernel_is(arg);
	if (IS("features"))
		return has_features();
	if (IS("lists:"))
		return features_list(arg);
	if (IS("hugepages:"))
		return free_hugepages() >= atoi(arg);
	if (IS("swap"))
		return has_swap();
	if (IS("fs:"))
		return has_word("/proc/filesystems", arg);
	if (IS("tool:"))
		return has_tool(arg);
	if (IS("file:"))
		return !access(arg, F_OK);
	if (IS("busybox"))
		return setup.busybox;
	if (IS("runtime-for-all"))
		return is_for_all(setup.runtime);
	if (IS("runtime:"))
		return !strcmp(setup.name, arg);
	if (IS("arch:")) {
		struct utsname u;

		uname(&u);
		return !strcmp(u.machine, arg);
	}
#undef IS
	return false;
}

const char *needs_lack(json *words, const char *layout)
{
	for (size_t i = 0; j_is(words, json_type_array) && i < json_object_array_length(words); i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(words, i));

		if (!fulfilled(word, layout))
			return text_of("needs %s", word);
	}
	return NULL;
}
