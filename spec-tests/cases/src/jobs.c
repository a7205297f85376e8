/* SPDX-License-Identifier: Apache-2.0 */
/* The files of cases, and the jobs they make: each case once for each of its variants. */
#include "cases.h"
#include <fnmatch.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

static char **files;
static int files_len;

static int found(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t n = strlen(path);

	(void)st;
	if (type == FTW_F && ftw->level == 2 && n > 5 && !strcmp(path + n - 5, ".json")) {
		files = realloc(files, sizeof(*files) * (size_t)(files_len + 1));
		files[files_len++] = strdup(path);
	}
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool match_one(const char *word, const char *text)
{
	return !strcmp(word, text) || !fnmatch(word, text, 0);
}

/* A word is a path or property (or its glob), an id, or the name of an area. */
static bool wanted(const char *file, json *doc, json *c, int n, char **words)
{
	json *ids = j_get(c, "id");

	for (int i = 0; i < n; i++) {
		const char *base = strrchr(file, '/') + 1;

		if (match_one(words[i], file) || match_one(words[i], base) ||
		    match_one(text_of("%s.json", words[i]), file) || match_one(words[i], j_str(doc, "property", "")) ||
		    match_one(text_of("%s/*", words[i]), file))
			return true;
		if (j_is(ids, json_type_string) && match_one(words[i], json_object_get_string(ids)))
			return true;
		for (size_t k = 0; j_is(ids, json_type_array) && k < json_object_array_length(ids); k++)
			if (match_one(words[i], j_text(json_object_array_get_idx(ids, k))))
				return true;
	}
	return n == 0;
}

static json *joined(json *a, json *b)
{
	json *list = json_object_new_array();

	for (size_t i = 0; j_is(a, json_type_array) && i < json_object_array_length(a); i++)
		json_object_array_add(list, json_object_get(json_object_array_get_idx(a, i)));
	for (size_t i = 0; j_is(b, json_type_array) && i < json_object_array_length(b); i++)
		json_object_array_add(list, json_object_get(json_object_array_get_idx(b, i)));
	return list;
}

struct list {
	struct job *jobs;
	int len;
};

static void add(struct list *l, const char *file, json *doc, json *c, json *variant, const char *suffix)
{
	struct job *j;

	if (l->len % 256 == 0)
		l->jobs = realloc(l->jobs, sizeof(*l->jobs) * (size_t)(l->len + 256));
	j = &l->jobs[l->len];
	memset(j, 0, sizeof(*j));
	j->file = file;
	j->property = j_str(doc, "property", "");
	j->doc = NULL;
	json_object_deep_copy(c, &j->doc, NULL);
	json_object_object_add(j->doc, "needs", joined(j_get(doc, "needs"), j_get(c, "needs")));
	if (j_has(doc, "patch"))
		json_object_object_add(j->doc, "common", json_object_get(j_get(doc, "patch")));
	snprintf(j->name, sizeof(j->name), "%.*s: %s%s", (int)strlen(file) - 5, file, j_str(c, "name", "?"), suffix);
	for (char *p = j->name; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	j->variant = variant;
	j->number = ++l->len;
}

/* The product of what "for" lists. */
static void add_variants(struct list *l, const char *file, json *doc, json *c, size_t at, json *variant,
			 const char *suffix)
{
	json *names = j_get(c, "for");
	size_t i = 0;

	if (!j_is(names, json_type_object) || at >= (size_t)json_object_object_length(names)) {
		add(l, file, doc, c, variant, suffix);
		return;
	}
	json_object_object_foreach(names, name, values)
	{
		if (i++ != at)
			continue;
		for (size_t k = 0; j_is(values, json_type_array) && k < json_object_array_length(values); k++) {
			json *value = json_object_array_get_idx(values, k), *next = NULL;

			json_object_deep_copy(variant, &next, NULL);
			json_object_object_add(next, name, json_object_get(value));
			add_variants(l, file, doc, c, at + 1, next,
				     text_of("%s (%s %.60s)", suffix, name, j_text(value)));
		}
	}
}

int jobs_load(struct job **jobs, int words_len, char **words)
{
	struct list l = { NULL, 0 };
	const char *why = NULL;

	nftw(setup.cases, found, 16, FTW_PHYS);
	qsort(files, (size_t)files_len, sizeof(*files), by_text);
	for (int i = 0; i < files_len; i++) {
		const char *file = files[i] + strlen(setup.cases) + 1;
		json *doc = j_load(files[i], &why), *cases = j_get(doc, "cases");

		if (!doc || !j_is(cases, json_type_array)) {
			fprintf(stderr, "%s: %s\n", file, doc ? "no \"cases\"" : why);
			exit(2);
		}
		for (size_t k = 0; k < json_object_array_length(cases); k++) {
			json *c = json_object_array_get_idx(cases, k);

			if (wanted(file, doc, c, words_len, words))
				add_variants(&l, file, doc, c, 0, json_object_new_object(), "");
		}
	}
	*jobs = l.jobs;
	return l.len;
}
