/* SPDX-License-Identifier: Apache-2.0 */
/* list: containers of one state directory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/fail.h"
#include "cli/out.h"

enum list_format { LIST_TABLE, LIST_JSON };

static struct {
	int format;
	bool quiet;
} given;

static const struct word format_words[] = { { "table", LIST_TABLE }, { "json", LIST_JSON } };
static const struct vocab formats = { "format", format_words, 2 };

const struct opt cmd_list_options[] = {
	OPT_WORD('f', "format", "FORMAT", &formats, &given.format, "table (default) or json"),
	OPT_FLAG('q', "quiet", &given.quiet, "ids only"),
	OPT_END,
};

#define LIST_COLUMNS 6

struct list_table {
	struct buf cells; /* rows of LIST_COLUMNS NUL-terminated strings */
	size_t width[LIST_COLUMNS];
	size_t at; /* column of the next cell */
};

static void list_table_done(struct list_table *t)
{
	buf_done(&t->cells);
}

static void list_cell(struct list_table *t, const char *text)
{
	size_t start = t->cells.len;
	size_t len;

	buf_adds(&t->cells, text ? text : "");
	buf_add(&t->cells, "", 1);
	if (t->cells.error)
		return;
	len = t->cells.len - start - 1;
	/* A bundle may have any name: none of them shall speak to the terminal. */
	for (size_t i = start; i < start + len; i++)
		if ((unsigned char)t->cells.data[i] < 0x20 || t->cells.data[i] == 0x7f)
			t->cells.data[i] = '?';
	if (t->width[t->at] < len)
		t->width[t->at] = len;
	t->at = (t->at + 1) % LIST_COLUMNS;
}

static int list_row(void *arg, const struct masu_list_entry *e)
{
	struct list_table *t = arg;
	char pid[24];

	snprintf(pid, sizeof(pid), "%d", (int)e->pid);
	list_cell(t, e->id);
	list_cell(t, pid);
	list_cell(t, e->status);
	list_cell(t, e->bundle);
	list_cell(t, e->created);
	list_cell(t, e->owner);
	return t->cells.error;
}

static int list_id(void *arg, const struct masu_list_entry *e)
{
	return buf_addf(arg, "%s\n", e->id);
}

static int list_table(struct program *p, struct buf *b, struct masu_error *err)
{
	static const char *const heads[LIST_COLUMNS] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };
	AUTO(list_table_done) struct list_table t = { 0 };
	size_t column = 0;
	int r;

	for (size_t i = 0; i < LIST_COLUMNS; i++)
		list_cell(&t, heads[i]);
	r = masu_list(p->rt, list_row, &t, err);
	if (r < 0)
		return r;
	for (size_t at = 0; at < t.cells.len; column = (column + 1) % LIST_COLUMNS) {
		const char *cell = t.cells.data + at;

		at += strlen(cell) + 1;
		if (column == LIST_COLUMNS - 1)
			buf_addf(b, "%s\n", cell);
		else
			buf_addf(b, "%-*s", (int)t.width[column] + 2, cell);
	}
	return t.cells.error ? fail_set(err, ENOMEM, "list containers: out of memory") : 0;
}

int cmd_list(struct program *p, char **args, int n_args, struct masu_error *err)
{
	AUTO(buf_done) struct buf b = { 0 };
	int r = program_runtime(p, err);

	(void)args;
	(void)n_args;
	if (r < 0)
		return r;
	if (given.quiet)
		r = masu_list(p->rt, list_id, &b, err);
	else if (given.format == LIST_JSON)
		r = masu_list_json(p->rt, out_collect, &b, err);
	else
		r = list_table(p, &b, err);
	return r < 0 ? r : out_buf(&b, err);
}
