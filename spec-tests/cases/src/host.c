/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of a container, and of anything: cgroup files, /proc, files, the state document. */
#include "cases.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Where the hierarchy that has the controller ("unified": cgroup2) is mounted. */
static bool hierarchy(const char *controller, char *where, size_t size)
{
	char *text = file_text("/proc/self/mounts"), *save = NULL;
	bool unified = !strcmp(controller, "unified"), found = false;

	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l; l = strtok_r(NULL, "\n", &save)) {
		char path[256], type[64], options[512];

		if (sscanf(l, "%*s %255s %63s %511s", path, type, options) != 3)
			continue;
		if (unified ? strcmp(type, "cgroup2")
			    : strcmp(type, "cgroup") || !strstr(text_of(",%s,", options), text_of(",%s,", controller)))
			continue;
		snprintf(where, size, "%s", path);
		found = true;
	}
	return found;
}

/* The container's directory in the hierarchy of a controller, else in cgroup2. It is remembered from its first sight. */
const char *cgroup_path(struct box *b, const char *controller, char *out, size_t size)
{
	static char *texts[BOXES_MAX];
	static pid_t pids[BOXES_MAX];
	char *text, *save = NULL, where[256], unified[512] = "";
	int slot = 0;

	while (slot < BOXES_MAX - 1 && pids[slot] && pids[slot] != b->pid)
		slot++;
	if (!texts[slot] || pids[slot] != b->pid) {
		texts[slot] = file_text(text_of("/proc/%d/cgroup", b->pid));
		pids[slot] = b->pid;
	}
	text = strdup(texts[slot] ? texts[slot] : "");
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(l, ':'), *path = names ? strchr(names + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = 0;
		if (!names[1])
			snprintf(unified, sizeof(unified), "%s", path);
		else if (strstr(text_of(",%s,", names + 1), text_of(",%s,", controller)) &&
			 hierarchy(controller, where, sizeof(where))) {
			snprintf(out, size, "%s%s", where, path);
			return out;
		}
	}
	if (!*unified || !hierarchy("unified", where, sizeof(where)))
		return NULL;
	snprintf(out, size, "%s%s", where, unified);
	return out;
}

static json *text_json(const char *path)
{
	size_t n;
	char *text = file_bytes(path, &n);

	if (!text)
		return NULL;
	while (n && text[n - 1] == '\n')
		n--;
	return json_object_new_string_len(text, (int)n);
}

/* Each line of the file, as text or as a document. */
static json *lines_json(const char *path, bool parse)
{
	char *text = file_text(path), *save = NULL;
	json *list = text ? json_object_new_array() : NULL;

	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l; l = strtok_r(NULL, "\n", &save))
		json_object_array_add(list, parse ? j_parse(l) : json_object_new_string(l));
	return list;
}

static json *stat_json(const char *path)
{
	static const char *const types[] = { "", "fifo", "char", "",     "directory", "",      "block",
					     "", "file", "",     "link", "",          "socket" };
	struct stat st;
	json *o;

	if (lstat(path, &st) < 0)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "type",
			       json_object_new_string(types[(st.st_mode >> 12) < 13 ? st.st_mode >> 12 : 0]));
	json_object_object_add(o, "mode", json_object_new_string(text_of("%04o", st.st_mode & 07777)));
	json_object_object_add(o, "uid", json_object_new_int64(st.st_uid));
	json_object_object_add(o, "gid", json_object_new_int64(st.st_gid));
	json_object_object_add(o, "ino", json_object_new_int64((int64_t)st.st_ino));
	json_object_object_add(o, "size", json_object_new_int64(st.st_size));
	json_object_object_add(o, "major", json_object_new_int64(major(st.st_rdev)));
	json_object_object_add(o, "minor", json_object_new_int64(minor(st.st_rdev)));
	return o;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static json *dir_json(const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, by_name);
	json *names = n < 0 ? NULL : json_object_new_array();

	for (int i = 0; i < n; i++)
		if (strcmp(list[i]->d_name, ".") && strcmp(list[i]->d_name, ".."))
			json_object_array_add(names, json_object_new_string(list[i]->d_name));
	return names;
}

static json *link_json(const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target));

	return n < 0 ? NULL : json_object_new_string_len(target, (int)n);
}

static json *status_field(pid_t pid, const char *name)
{
	char *text = file_text(text_of("/proc/%d/status", pid)), *save = NULL;
	size_t n = strlen(name);

	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l; l = strtok_r(NULL, "\n", &save))
		if (!strncmp(l, name, n) && l[n] == ':')
			return json_object_new_string(l + n + 1 + strspn(l + n + 1, " \t"));
	return NULL;
}

json *host_probe(struct world *w, const char *word)
{
	char *argv[] = { (char *)setup.probe, (char *)word, NULL };

	return j_get(command_run(w, argv, NULL, "probe", NULL), word);
}

static json *state_json(struct world *w, struct box *b)
{
	char *argv[] = { (char *)setup.runtime, "--root", w->state, "state", b->id, NULL };

	return command_run(w, argv, NULL, "state", NULL);
}

/* What is nothing but one number, as a number. */
static json *number_json(json *text)
{
	const char *s = text ? json_object_get_string(text) : "";
	char *end;
	long long v;

	errno = 0;
	v = strtoll(s, &end, 10);
	return *s && !*end && !errno ? json_object_new_int64(v) : text;
}

static json *cgroup_json(struct box *b, const char *file)
{
	char controller[64], path[1024];

	/* "memory.max", "cpu.cfs_quota_us"; the core's own files are cgroup2's or, on v1, those of every hierarchy */
	snprintf(controller, sizeof(controller), "%.*s", (int)strcspn(file, "."), file);
	return cgroup_path(b, controller, path, sizeof(path)) ? number_json(text_json(text_of("%s/%s", path, file)))
							      : NULL;
}

static json *alive_json(struct box *b)
{
	json *state = status_field(b->pid, "State");

	return json_object_new_boolean(state && *json_object_get_string(state) != 'Z' &&
				       *json_object_get_string(state) != 'X');
}

static json *fact(struct world *w, struct box *b, const char *key)
{
#define ARG(name) !strncmp(key, name ":", sizeof(name)) ? key + sizeof(name) : NULL
	const char *a;

	if ((a = ARG("cgroup")))
		return cgroup_json(b, a);
	if ((a = ARG("proc")))
		return text_json(text_of("/proc/%d/%s", b->pid, a));
	if ((a = ARG("status")))
		return status_field(b->pid, a);
	if ((a = ARG("file")))
		return text_json(a);
	if ((a = ARG("json")))
		return j_load(a, NULL);
	if ((a = ARG("jsonl")))
		return lines_json(a, true);
	if ((a = ARG("lines")))
		return lines_json(a, false);
	if ((a = ARG("link")))
		return link_json(a);
	if ((a = ARG("stat")))
		return stat_json(a);
	if ((a = ARG("dir")))
		return dir_json(a);
	if ((a = ARG("probe")))
		return host_probe(w, a);
	if ((a = ARG("var")))
		return j_get(w->vars, a);
	if (!strcmp(key, "state"))
		return state_json(w, b);
	if (!strcmp(key, "alive"))
		return alive_json(b);
#undef ARG
	problem(w, "the case asks the host for `%s`, which is nothing", key);
	return NULL;
}

void host_check(struct world *w, struct box *b, json *expectations)
{
	if (!j_is(expectations, json_type_object))
		return;
	expectations = subst(w, expectations);
	json_object_object_foreach(expectations, key, want)
	{
		json *doc = json_object_new_object(), *one = json_object_new_object(), *got;

		/* {"remember": {"NAME": "KEY"}}: ${NAME} is then what KEY says now */
		if (!strcmp(key, "remember")) {
			json_object_object_foreach(want, name, what)
				json_object_object_add(w->vars, name, fact(w, b, j_text(what)));
			continue;
		}
		got = fact(w, b, key);
		/* the probe's null is a value, e.g. of a mount that is not there */
		if (got || !strncmp(key, "probe:", 6))
			json_object_object_add(doc, "it", json_object_get(got));
		json_object_object_add(one, "it", json_object_get(want));
		expect(w, text_of("on the host: %s", key), doc, one);
	}
}
