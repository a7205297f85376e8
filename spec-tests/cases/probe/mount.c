/* SPDX-License-Identifier: Apache-2.0 */
/* The mount table, decoded, and what statfs says. */
#include "probe.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

static char table[1 << 19];

/* \040 and the like, in place. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else
			*to++ = *s;
	*to = 0;
}

static void print_words(const char *key, char *s, const char *separator)
{
	char *save = NULL;

	out_key(key);
	out_open('[');
	for (char *w = strtok_r(s, separator, &save); w; w = strtok_r(NULL, separator, &save))
		out_str(w);
	out_close(']');
}

struct line {
	char *id, *parent, *device, *root, *destination, *options, *optional, *type, *source, *super;
};

/* Cuts one line of mountinfo into its fields. */
static bool cut(char *s, struct line *l)
{
	char **head[] = { &l->id, &l->parent, &l->device, &l->root, &l->destination, &l->options };
	char *dash, *save = NULL;

	dash = strstr(s, " - ");
	if (!dash)
		return false;
	*dash = 0;
	for (unsigned i = 0; i < 6; i++)
		if (!(*head[i] = strtok_r(i ? NULL : s, " ", &save)))
			return false;
	l->optional = save ? save : (char *)"";
	l->type = strtok_r(dash + 3, " ", &save);
	l->source = strtok_r(NULL, " ", &save);
	l->super = strtok_r(NULL, " ", &save);
	/* an empty source leaves two spaces, which strtok takes for one */
	if (!l->super) {
		l->super = l->source;
		l->source = (char *)"";
	}
	unescape(l->root);
	unescape(l->destination);
	unescape(l->source);
	return l->super;
}

static void print_line(struct line *l)
{
	static char optional[512];

	out_open('{');
	out_key("id");
	out_num(atoi(l->id));
	out_key("parent");
	out_num(atoi(l->parent));
	out_key("device");
	out_str(l->device);
	out_key("root");
	out_str(l->root);
	out_key("destination");
	out_str(l->destination);
	print_words("options", l->options, ",");
	snprintf(optional, sizeof(optional), "%s", l->optional);
	/* shared:12 without its number */
	for (char *p = optional; *p; p++)
		if (*p == ':')
			memset(p, ' ', strcspn(p, " "));
	print_words("propagation", optional, " ");
	print_words("optional", l->optional, " ");
	out_key("type");
	out_str(l->type);
	out_key("source");
	out_str(l->source);
	print_words("super", l->super, ",");
	out_close('}');
}

/* The last mount at PATH (all when NULL): it is the one that is seen. */
static void print_table(const char *file, const char *path)
{
	struct line l, found = { 0 };
	char *save = NULL;
	long n = read_file(file, table, sizeof(table));

	if (n < 0) {
		out_errno((int)-n);
		return;
	}
	if (!path)
		out_open('[');
	for (char *s = strtok_r(table, "\n", &save); s; s = strtok_r(NULL, "\n", &save))
		if (cut(s, &l)) {
			if (!path)
				print_line(&l);
			else if (!strcmp(l.destination, path))
				found = l;
		}
	if (!path)
		out_close(']');
	else if (found.id)
		print_line(&found);
	else
		out_null();
}

/* mounts, mounts:PID */
static void print_mounts(const char *pid)
{
	char file[64];

	snprintf(file, sizeof(file), "/proc/%s/mountinfo", *pid ? pid : "self");
	print_table(file, NULL);
}

static void print_mount(const char *path)
{
	print_table("/proc/self/mountinfo", path);
}

static void print_statfs(const char *path)
{
	static const struct {
		unsigned long flag;
		const char *name;
	} flags[] = { { 1, "ro" },          { 2, "nosuid" },        { 4, "nodev" },      { 8, "noexec" },
		      { 16, "sync" },       { 64, "mand" },         { 1024, "noatime" }, { 2048, "nodiratime" },
		      { 4096, "relatime" }, { 8192, "nosymfollow" } };
	struct statfs s;

	if (statfs(path, &s) < 0) {
		out_errno(errno);
		return;
	}
	out_open('{');
	out_key("type");
	out_unum((unsigned long)s.f_type);
	out_key("size");
	out_unum((unsigned long long)s.f_blocks * (unsigned long long)s.f_bsize);
	out_key("inodes");
	out_unum(s.f_files);
	out_key("flags");
	out_open('[');
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if ((unsigned long)s.f_flags & flags[i].flag)
			out_str(flags[i].name);
	out_close(']');
	out_close('}');
}

const struct probe_word words_mount[] = {
	{ "mounts", print_mounts },
	{ "mount", print_mount },
	{ "statfs", print_statfs },
	{ NULL, NULL },
};
