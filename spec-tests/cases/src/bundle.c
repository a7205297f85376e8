/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle of a container: a small root file system with the probe, the files a case wants, config.json from base.json and patches. */
#include "cases.h"
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct box *box_of(struct world *w, const char *name)
{
	struct box *b;

	for (int i = 0; i < w->boxes_len; i++)
		if (!strcmp(w->boxes[i].name, name))
			return &w->boxes[i];
	if (w->boxes_len == BOXES_MAX)
		return NULL;
	b = &w->boxes[w->boxes_len++];
	snprintf(b->name, sizeof(b->name), "%s", name);
	snprintf(b->id, sizeof(b->id), "mc%d-%d%s%s", (int)getppid(), w->job->number, *name ? "-" : "", name);
	snprintf(b->bundle, sizeof(b->bundle), "%s/bundle%s%s", w->dir, *name ? "-" : "", name);
	return b;
}

static bool node_make(const char *path, const char *spec)
{
	unsigned maj = 0, min = 0;
	char type = 'c';

	sscanf(spec, "%c:%u:%u", &type, &maj, &min);
	return !mknod(path, (type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR) | 0600, makedev(maj, min));
}

/* "text", {"text"}, {"dir":true}, {"link":"to"}, {"node":"c:1:3"}, {"hard":"path of the host"}; with "mode" (octal text), "uid", "gid". */
static bool file_make(const char *path, json *spec)
{
	const char *mode = j_str(spec, "mode", NULL);
	char parent[4096], *slash;
	bool ok;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (slash && slash != parent) {
		*slash = 0;
		make_dirs(parent);
	}
	if (j_is(spec, json_type_string))
		return file_write(path, json_object_get_string(spec), 0644);
	if (j_true(spec, "dir"))
		ok = !mkdir(path, 0755) || errno == EEXIST;
	else if (j_has(spec, "link"))
		ok = !symlink(j_str(spec, "link", ""), path);
	else if (j_has(spec, "hard"))
		ok = !link(j_str(spec, "hard", ""), path);
	else if (j_has(spec, "node"))
		ok = node_make(path, j_str(spec, "node", ""));
	else
		ok = file_write(path, j_str(spec, "text", ""), 0644);
	if (ok && (j_has(spec, "uid") || j_has(spec, "gid")))
		ok = !lchown(path, (uid_t)j_int(spec, "uid", -1), (gid_t)j_int(spec, "gid", -1));
	if (ok && mode)
		ok = !chmod(path, (mode_t)strtoul(mode, NULL, 8));
	return ok;
}

bool files_make(struct world *w, const char *dir, json *files)
{
	if (!j_is(files, json_type_object))
		return true;
	files = subst(w, files);
	json_object_object_foreach(files, name, spec)
	{
		const char *path = *name == '/' ? name : text_of("%s/%s", dir, name);

		if (!file_make(path, spec)) {
			problem(w, "cannot make %s: %s", path, strerror(errno));
			return false;
		}
	}
	return true;
}

static void rootfs_make(const char *root)
{
	static const char *const dirs[] = { "bin", "dev", "etc", "proc", "sys", "tmp", "run" };
	static const char *const applets[] = { "sh", "cat",   "true", "false", "sleep", "env",     "echo",
					       "ls", "touch", "id",   "mkdir", "pwd",   "readlink" };

	make_dirs(root);
	for (unsigned i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		mkdir(text_of("%s/%s", root, dirs[i]), 0755);
	chmod(text_of("%s/tmp", root), 01777);
	link(text_of("%s/probe", setup.top), text_of("%s/bin/probe", root));
	file_write(text_of("%s/etc/passwd", root),
		   "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\n", 0644);
	file_write(text_of("%s/etc/group", root), "root:x:0:\nuser:x:1000:\nstaff:x:50:user\n", 0644);
	if (setup.busybox)
		for (unsigned i = 0; i < sizeof(applets) / sizeof(applets[0]); i++)
			link(text_of("%s/busybox", setup.top), text_of("%s/bin/%s", root, applets[i]));
}

/* ["/bin/probe", WORD…] for "probe", the words themselves for "args". */
static json *args_of(json *spec)
{
	json *words = j_get(spec, "probe"), *args;

	if (!words && (j_has(spec, "args") || !j_true(spec, "stay")))
		return j_get(spec, "args");
	args = json_object_new_array();
	json_object_array_add(args, json_object_new_string("/bin/probe"));
	if (j_true(spec, "stay"))
		json_object_array_add(args, json_object_new_string("stay"));
	for (size_t i = 0; words && i < json_object_array_length(words); i++)
		json_object_array_add(args, json_object_get(json_object_array_get_idx(words, i)));
	return args;
}

static uid_t new_owner;

static int give(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	/* the probe and busybox are shared by all bundles */
	if (S_ISREG(st->st_mode) && st->st_nlink > 1)
		return 0;
	return lchown(path, new_owner, new_owner);
}

/* A string "@raw(TEXT)" of the document is written as TEXT itself: what no writer of JSON would write. \\xNN is that byte. */
static const char *raw_text(const char *s)
{
	char *out = malloc(strlen(s) + 1), *to = out;
	const char *end;

	while (*s) {
		unsigned byte;

		end = strncmp(s, "\"@raw(", 6) ? NULL : strstr(s, ")\"");
		if (!end) {
			*to++ = *s++;
			continue;
		}
		for (s += 6; s < end; s++) {
			if (sscanf(s, "\\\\x%2x", &byte) == 1) {
				*to++ = (char)byte;
				s += 4;
			} else {
				s += *s == '\\';
				*to++ = *s;
			}
		}
		s = end + 2;
	}
	*to = 0;
	return out;
}

/* Takes the property PATH ("a.b[].c", "a.*") out of the document. */
static void drop(json *j, const char *path)
{
	size_t n = strcspn(path, ".[");
	char *name = text_of("%.*s", (int)n, path);
	json *value = j_get(j, name);
	const char *rest = path + n + 2 * !strncmp(path + n, "[]", 2);

	if (!strcmp(name, "*") && j_is(j, json_type_object)) {
		json_object_object_foreach(j, key, member)
		{
			if (*rest == '.')
				drop(member, rest + 1);
			else
				json_object_object_del(j, key);
		}
	} else if (!*rest && rest == path + n) {
		if (j_is(j, json_type_object))
			json_object_object_del(j, name);
	} else if (rest == path + n)
		drop(value, rest + 1);
	else
		for (size_t i = 0; *rest && j_is(value, json_type_array) && i < json_object_array_length(value); i++)
			drop(json_object_array_get_idx(value, i), rest + 1);
}

bool bundle_make(struct world *w, struct box *b, json *spec)
{
	const char *why = NULL, *text;
	json *config = j_load(text_of("%s/base.json", setup.cases), &why), *args;

	rootfs_make(text_of("%s/rootfs", b->bundle));
	var_set(w, "id", b->id);
	var_set(w, "bundle", b->bundle);
	var_set(w, "rootfs", text_of("%s/rootfs", b->bundle));
	if (!files_make(w, b->bundle, j_get(spec, "files")))
		return false;
	config = j_patched(subst(w, config), subst(w, j_get(w->job->doc, "common")), &why);
	config = config ? j_patched(config, subst(w, j_get(spec, "patch")), &why) : NULL;
	if (!config) {
		problem(w, "the patch does not fit: %s", why);
		return false;
	}
	args = args_of(spec);
	if (args && j_has(config, "process"))
		json_object_object_add(j_get(config, "process"), "args", subst(w, args));
	if (setup.blind && *w->job->property)
		drop(config, w->job->property);
	w->config = config;
	text = raw_text(j_text(config));
	if (j_has(spec, "config_text"))
		text = subst_text(w, j_str(spec, "config_text", ""));
	if (strcmp(text, "none"))
		file_write(text_of("%s/config.json", b->bundle), text, 0644);
	if (j_has(w->job->doc, "owner")) {
		new_owner = (uid_t)j_int(w->job->doc, "owner", 0);
		nftw(w->dir, give, 16, FTW_PHYS | FTW_MOUNT);
		/* whoever runs the runtime has its state */
		if (j_int(j_get(w->job->doc, "under"), "uid", 0) != (long)new_owner &&
		    chown(w->state, (uid_t)j_int(j_get(w->job->doc, "under"), "uid", 0), (gid_t)-1) < 0)
			problem(w, "give the state directory back: %s", strerror(errno));
	}
	return true;
}
